//! Public keys out of the home, and into somebody's own key ring.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::certificate::{Certificate, Secret};
use crate::client::Client;
use crate::error::{At, Error};
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
        let output = self.abroad(home).args(["--import"]).stdin(armored).run().await?;
        let imported = |status: &Status| match status {
            Status::Imported { fingerprint } => Some(*fingerprint),
            _ => None,
        };
        Ok(output.status.iter().filter_map(imported).collect())
    }

    /// Says in another home that this key is its user's own: that what it certifies is valid. The
    /// options there are obeyed.
    ///
    /// # Errors
    ///
    /// gpg fails; [`Error::NotDone`] when that home does not say so afterwards.
    pub async fn trust_ultimately_in(&self, home: &Path, key: &Fingerprint) -> Result<(), Error> {
        let line = format!("{key}:6:\n");
        self.abroad(home).args(["--import-ownertrust"]).stdin(line.as_bytes()).run().await?;
        let said = self.abroad(home).args(["--export-ownertrust"]).run().await?.stdout;
        if String::from_utf8_lossy(&said).contains(line.trim_end()) {
            return Ok(());
        }
        let (asked, found) = ("trust a key ultimately", "another trust".to_owned());
        Err(Error::NotDone { asked, key: key.key_id(), found })
    }

    /// Tells another home on which cards the keys of `certificate` are, as far as this home knows:
    /// copies gpg-agent's placeholders there. A key that is there already stays as it is. Returns
    /// the keys whose placeholders are there now.
    ///
    /// # Errors
    ///
    /// [`Error::Path`].
    pub fn copy_stubs_into(
        &self,
        home: &Path,
        certificate: &Certificate,
    ) -> Result<Vec<Fingerprint>, Error> {
        let mut copied = Vec::new();
        for key in certificate.keys().filter(|key| matches!(key.secret, Secret::Card(_))) {
            let Some(grip) = key.keygrip else { continue };
            let name = Path::new("private-keys-v1.d").join(format!("{grip}.key"));
            let stub = read_regular(&self.home().join(&name))?;
            // Whatever the listing says: no secret key leaves the home by this way.
            if is_stub(&stub) && place(&home.join(&name), &stub)? {
                copied.push(key.fingerprint);
            }
        }
        Ok(copied)
    }

    /// gpg on another home, whose options are obeyed. No agent is started there.
    fn abroad(&self, home: &Path) -> Call<'static> {
        let parent = home.parent().unwrap_or(home);
        let call = Call::new(self.program().path(), parent, PATIENCE).homedir(home);
        let call = call.fixed(&["--batch", "--no-tty"]).gnupg(None);
        if self.has_keyboxd(home) { call } else { call.fixed(&["--no-autostart"]) }
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

/// Placeholders are below 1 KB.
const STUB_LIMIT: u64 = 64 << 10;

fn read_regular(file: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(file);
    opened.and_then(|file| file.take(STUB_LIMIT).read_to_end(&mut content)).at("read", file)?;
    Ok(content)
}

/// Whether a key file says where the key is, and nothing else (gnupg agent/keyformat.txt).
fn is_stub(content: &[u8]) -> bool {
    let says = |word: &[u8]| content.windows(word.len()).any(|part| part == word);
    says(b"shadowed-private-key") && !says(b"(private-key") && !says(b"protected-private-key")
}

/// Writes the file unless there is one; whether it is there now, as it should be.
fn place(file: &Path, content: &[u8]) -> Result<bool, Error> {
    if let Some(dir) = file.parent().filter(|dir| !dir.exists()) {
        DirBuilder::new().mode(0o700).create(dir).at("create", dir)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(mut new) => new.write_all(content).and_then(|()| new.sync_all()).at("write", file)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).at("create", file),
    }
    Ok(read_regular(file)? == content)
}
