//! Public keys out of the home, and into somebody's own key ring.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::Client;
use crate::error::Error;
use crate::id::Fingerprint;
use crate::program::Version;
use crate::status::Status;
use crate::tool::Call;

impl Client {
    /// The certificate as ASCII-armored text, without local signatures.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyExport`] when there is no such key.
    pub async fn export_public(&self, fingerprint: &Fingerprint) -> Result<Vec<u8>, Error> {
        self.exported(fingerprint, "no-export-local-sigs").await
    }

    /// The same without anybody else's signatures, and of each user id only the newest of its own.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyExport`] when there is no such key.
    pub async fn export_minimal(&self, fingerprint: &Fingerprint) -> Result<Vec<u8>, Error> {
        self.exported(fingerprint, "export-minimal").await
    }

    async fn exported(&self, fingerprint: &Fingerprint, how: &str) -> Result<Vec<u8>, Error> {
        let name = fingerprint.to_string();
        let call = self.reading().args(["--armor", "--export-options", how, "--export", &name]);
        let armored = call.run().await?.stdout;
        if armored.is_empty() {
            return Err(Error::EmptyExport { fingerprint: *fingerprint });
        }
        Ok(armored)
    }

    /// Adds public keys to another home, such as the user's own, whose options are obeyed. No agent
    /// is started there. Returns the primary keys that are there now.
    ///
    /// # Errors
    ///
    /// gpg fails, as it does when there is no key in the text.
    pub async fn import_public_into(
        &self,
        home: &Path,
        armored: &[u8],
    ) -> Result<Vec<Fingerprint>, Error> {
        let parent = home.parent().unwrap_or(home);
        let call = Call::new(self.program().path(), parent, PATIENCE).homedir(home);
        let call = call.fixed(&["--batch", "--no-tty"]).args(["--import"]).gnupg(None);
        let call = if self.has_keyboxd(home) { call } else { call.fixed(&["--no-autostart"]) };
        let output = call.stdin(armored).run().await?;
        let imported = |status: &Status| match status {
            Status::Imported { fingerprint } => Some(*fingerprint),
            _ => None,
        };
        Ok(output.status.iter().filter_map(imported).collect())
    }

    /// Whether public keys may be kept by a background program, which then must be started.
    fn has_keyboxd(&self, home: &Path) -> bool {
        let settings = [home.join("common.conf"), PathBuf::from("/etc/gnupg/common.conf")];
        self.program().version() >= Version::COMMON_CONF
            && settings.iter().any(|file| file.exists())
    }
}

/// An import that updates the trust database of a large key ring takes its time.
const PATIENCE: Duration = Duration::from_mins(2);
