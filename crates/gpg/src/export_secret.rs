//! Secret keys out of the home, in OpenPGP's own form, under the passphrase that they have there.

use secrecy::{ExposeSecret, SecretString};

use crate::certificate::{Certificate, Key};
use crate::client::Client;
use crate::dialogue::Script;
use crate::error::Error;
use crate::id::{Fingerprint, KeyId};
use crate::secret::SecretState;

/// Secret keys as text, for `gpg --import` or another program.
#[derive(Debug)]
pub struct SecretExport {
    /// ASCII-armored; each key is under the passphrase that it had.
    pub armored: SecretString,
    /// Whose secret part is in it: read back from the text.
    pub keys: Vec<Fingerprint>,
}

impl Client {
    /// The primary key and every subkey whose secret part is here.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::WrongPassphrase`]; [`Error::SecretUnusable`] when the primary key's
    /// secret part is elsewhere, or a key's is not what it should be.
    pub async fn export_secret(
        &self,
        primary: &Fingerprint,
        passphrase: &SecretString,
    ) -> Result<SecretExport, Error> {
        let certificate = self.certificate(primary).await?;
        match self.secret_of(&certificate.primary).await? {
            SecretState::Protected | SecretState::Clear => {}
            found => return Err(Error::SecretUnusable { key: primary.key_id(), found }),
        }
        let here = self.secrets_here(&certificate).await?;
        self.export_these("--export-secret-keys", primary, (here, passphrase)).await
    }

    /// The subkeys whose secret part is here, without that of the primary key: for a machine that is
    /// to sign and read, but not to certify.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::WrongPassphrase`]; [`Error::EmptyExport`] when there is none.
    pub async fn export_secret_subkeys(
        &self,
        primary: &Fingerprint,
        passphrase: &SecretString,
    ) -> Result<SecretExport, Error> {
        let certificate = self.certificate(primary).await?;
        let mut here = self.secrets_here(&certificate).await?;
        here.retain(|key| key != primary);
        if here.is_empty() {
            return Err(Error::EmptyExport { fingerprint: *primary });
        }
        self.export_these("--export-secret-subkeys", primary, (here, passphrase)).await
    }

    async fn secrets_here(&self, certificate: &Certificate) -> Result<Vec<Fingerprint>, Error> {
        let mut here = Vec::new();
        for key in certificate.keys() {
            if self.is_here(key).await? {
                here.push(key.fingerprint);
            }
        }
        Ok(here)
    }

    async fn is_here(&self, key: &Key) -> Result<bool, Error> {
        match self.secret_of(key).await? {
            SecretState::Protected | SecretState::Clear => Ok(true),
            SecretState::Absent | SecretState::Stub | SecretState::Card(_) => Ok(false),
            found => Err(Error::SecretUnusable { key: key.key_id, found }),
        }
    }

    async fn export_these(
        &self,
        command: &str,
        primary: &Fingerprint,
        (here, passphrase): (Vec<Fingerprint>, &SecretString),
    ) -> Result<SecretExport, Error> {
        let script = Script::passphrase(passphrase).prompts(here.len());
        let args = ["--armor", command, &primary.to_string()];
        let text = String::from_utf8(self.converse(args, passphrase, script).await?.stdout);
        let armored = SecretString::from(text.unwrap_or_default());
        let packets = self.reading().args(["--list-packets"]);
        let packets = packets.stdin(armored.expose_secret().as_bytes()).run().await?.stdout;
        let found = secrets_in(&String::from_utf8_lossy(&packets));
        let missing = here.iter().find(|key| !found.contains(&key.key_id()));
        if let Some(missing) = missing {
            let (asked, key) = ("export secret keys", missing.key_id());
            return Err(Error::NotDone { asked, key, found: "no secret part".to_owned() });
        }
        Ok(SecretExport { armored, keys: here })
    }
}

/// The secret keys that `gpg --list-packets` found, without those that only say "not here".
pub(crate) fn secrets_in(text: &str) -> Vec<KeyId> {
    let mut found = Vec::new();
    let (mut inside, mut empty) = (false, false);
    for line in text.lines() {
        let words = line.trim();
        if line.starts_with(':') {
            inside = line.starts_with(":secret key") || line.starts_with(":secret sub key");
            empty = false;
        } else if words.starts_with("gnu-dummy") || words.starts_with("gnu-divert-to-card") {
            empty = true;
        } else if let Some(id) = words.strip_prefix("keyid: ").filter(|_| inside && !empty) {
            found.extend(id.parse::<KeyId>());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_note_that_a_key_is_elsewhere_is_no_key() {
        let text = "# off=0 ctb=94 tag=5 hlen=2 plen=59\n:secret key packet:\n\tversion 4, algo 22\n\tgnu-dummy, algo: 0\n\tkeyid: EB0DFC89681582D0\n:user ID packet: \"keyid: 0\"\n:secret sub key packet:\n\titer+salt S2K, algo: 7\n\tkeyid: 69C0F540F34C629D\n:signature packet: algo 22, keyid EB0DFC89681582D0\n\tkeyid: 1111111111111111\n";
        assert_eq!(secrets_in(text), ["69C0F540F34C629D".parse().unwrap()]);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(:secret key packet:|\tkeyid: [0-9A-F]{0,16}|\\PC{0,9}|\n){0,9}") {
            drop(secrets_in(&text));
        }
    }
}
