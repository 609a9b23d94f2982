//! Secret keys into the home, from a text that is looked at first; and public keys out of a key ring
//! that this gpg keeps otherwise.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::certificate::Certificate;
use crate::client::Client;
use crate::dialogue::Script;
use crate::error::{Error, ToolError};
use crate::export_secret::secrets_in;
use crate::id::{Fingerprint, KeyId};
use crate::program::{Program, Version};
use crate::secret::SecretState;
use crate::tool::Call;

/// What keys a text holds, by its packets: nothing is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysIn {
    /// Whether there is a primary key in it, public or secret.
    pub primary: bool,
    /// The secret keys, without those that only say that they are elsewhere.
    pub secret: Vec<KeyId>,
}

impl Client {
    /// What keys a text holds; one that gpg can't make sense of holds none. A revocation certificate
    /// holds none either.
    ///
    /// # Errors
    ///
    /// gpg can't be run.
    pub async fn keys_in(&self, text: &[u8]) -> Result<KeysIn, Error> {
        let packets = match self.reading().args(["--list-packets"]).stdin(text).run().await {
            Ok(output) => output.stdout,
            Err(ToolError::Failed { .. }) => return Ok(KeysIn::default()),
            Err(error) => return Err(error.into()),
        };
        let packets = String::from_utf8_lossy(&packets);
        let is_primary =
            |line: &str| line.starts_with(":public key") || line.starts_with(":secret key");
        Ok(KeysIn { primary: packets.lines().any(is_primary), secret: secrets_in(&packets) })
    }

    /// Takes secret keys into the home: an export of one or many, armored or not, or a key ring of old,
    /// whose secret parts `passphrase` opens; each of them is then opened once more, as a proof.
    /// Those without any passphrase stay so: [`Client::change_passphrase`] gives them one.
    ///
    /// When it fails, public keys and some of the secret ones may be in the home: put it back.
    ///
    /// # Errors
    ///
    /// [`Error::NoSecretKeys`] before anything is taken; [`Error::WrongPassphrase`];
    /// [`Error::SecretUnusable`] when a secret part that the text has did not arrive.
    pub async fn import_secret(
        &self,
        text: &[u8],
        passphrase: &SecretString,
    ) -> Result<Vec<Fingerprint>, Error> {
        let announced = self.keys_in(text).await?.secret;
        if announced.is_empty() {
            return Err(Error::NoSecretKeys);
        }
        let mut script = Script::passphrase(passphrase).prompts(announced.len());
        // Not as a batch: then the agent would store what it has not opened.
        let call = self.secret_call(passphrase)?.args(["--import"]).stdin(text);
        call.converse(&mut script).await.map_err(|error| self.explain(error))?;
        let here = self.list().await?;
        let mut arrived = Vec::new();
        for key in here.iter().flat_map(Certificate::keys) {
            if announced.contains(&key.key_id) {
                if !self.open_secret(key, passphrase).await? {
                    let found = self.secret_of(key).await?;
                    return Err(Error::SecretUnusable { key: key.key_id, found });
                }
                arrived.push(key.fingerprint);
            }
        }
        match announced.iter().find(|id| arrived.iter().all(|there| there.key_id() != **id)) {
            Some(key) => Err(Error::SecretUnusable { key: *key, found: SecretState::Absent }),
            None => Ok(arrived),
        }
    }
}

/// What gpg 2.3 and later names the data base of public keys that keyboxd keeps.
const DATA_BASE: &str = "public-keys.d/pubring.db";

/// keyboxd has to start, and may have many keys.
const PATIENCE: Duration = Duration::from_mins(2);

impl Program {
    /// Whether the public keys of `home` are kept by keyboxd.
    pub fn has_data_base(home: &Path) -> bool {
        home.join(DATA_BASE).is_file()
    }

    /// All public keys of a home whose keys keyboxd keeps, with local signatures. keyboxd is started there and ended
    /// again, so that the home should be a copy; its `common.conf` must say `use-keyboxd`.
    ///
    /// # Errors
    ///
    /// [`Error::Keyboxd`] where this gpg is too old for it; gpg fails.
    pub async fn export_data_base(&self, home: &Path) -> Result<Vec<u8>, Error> {
        if self.version() < Version::COMMON_CONF {
            return Err(Error::Keyboxd { home: home.to_owned(), version: self.version() });
        }
        let parent = home.parent().unwrap_or(home);
        let call = |program: PathBuf| Call::new(&program, parent, PATIENCE).homedir(home);
        let export = call(self.path().to_owned()).fixed(&["--batch", "--no-tty"]);
        let export = export.args(["--export-options", "export-local-sigs", "--export"]);
        let exported = export.gnupg(None).run().await;
        call(self.gpgconf().to_owned()).args(["--kill", "all"]).run().await?;
        Ok(exported?.stdout)
    }
}
