//! Proves by use that the keys of a certificate work and that a passphrase opens them.

use secrecy::SecretString;

use crate::certificate::Key;
use crate::client::Client;
use crate::dialogue::Script;
use crate::error::Error;
use crate::id::Fingerprint;
use crate::secret::SecretState;
use crate::status::Status;
use crate::usage::Usage;

/// What was proven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Their secret parts are here, intact, and opened by the passphrase.
    pub opened: Vec<Fingerprint>,
    /// Signed a message, and the signature is good.
    pub signed: Vec<Fingerprint>,
    /// Decrypted a message that had been encrypted to them.
    pub decrypted: Vec<Fingerprint>,
}

const MESSAGE: &[u8] = b"a test message\n";

impl Client {
    /// Opens each secret key of the certificate that is here, then signs and decrypts a test message
    /// with each subkey that is live. The primary key need not sign: that it opens is its proof.
    ///
    /// Keys whose secret part is elsewhere are passed over; one that can't be used is an error.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassphrase`]; [`Error::SecretUnusable`] for a key file that is not what the listing
    /// takes it for; [`Error::ProofFailed`].
    pub async fn prove(
        &self,
        primary: &Fingerprint,
        passphrase: &SecretString,
    ) -> Result<Proof, Error> {
        let certificate = self.certificate(primary).await?;
        let mut proof = Proof::default();
        for key in certificate.keys() {
            if self.open_secret(key, passphrase).await? {
                proof.opened.push(key.fingerprint);
            }
        }
        let opened: Vec<&Key> =
            certificate.keys().filter(|key| proof.opened.contains(&key.fingerprint)).collect();
        for key in opened.iter().filter(|key| key.serves(Usage::Sign)) {
            self.sign(key, passphrase).await?;
            proof.signed.push(key.fingerprint);
        }
        for key in opened.iter().filter(|key| key.serves(Usage::Encrypt)) {
            self.decrypt(key, passphrase).await?;
            proof.decrypted.push(key.fingerprint);
        }
        Ok(proof)
    }

    /// Whether there is a secret part to open here; that it does not open is an error.
    pub(crate) async fn open_secret(
        &self,
        key: &Key,
        passphrase: &SecretString,
    ) -> Result<bool, Error> {
        let found = self.secret_of(key).await?;
        match (&found, key.keygrip) {
            (SecretState::Protected, Some(keygrip)) => {
                let opens = self.unlocks(&keygrip, passphrase).await?;
                opens
                    .then_some(true)
                    .ok_or_else(|| Error::WrongPassphrase { home: self.home().to_owned() })
            }
            (SecretState::Clear, _) => Ok(true),
            (SecretState::Absent | SecretState::Stub | SecretState::Card(_), _) => Ok(false),
            _ => Err(Error::SecretUnusable { key: key.key_id, found }),
        }
    }

    async fn sign(&self, key: &Key, passphrase: &SecretString) -> Result<(), Error> {
        let user = format!("{}!", key.fingerprint);
        let call =
            self.secret_call(passphrase)?.args(["--local-user", &user, "--sign"]).stdin(MESSAGE);
        let signed = call.converse(&mut Script::passphrase(passphrase)).await;
        let signed = signed.map_err(|error| self.explain(error))?.stdout;
        let verified = self.reading().args(["--decrypt"]).stdin(&signed).run().await?;
        let valid = Status::ValidSignature { fingerprint: key.fingerprint };
        let good = verified.status.contains(&valid) && verified.stdout == MESSAGE;
        good.then_some(()).ok_or(Error::ProofFailed { key: key.key_id, what: "sign" })
    }

    async fn decrypt(&self, key: &Key, passphrase: &SecretString) -> Result<(), Error> {
        let recipient = format!("{}!", key.fingerprint);
        let encrypt = ["--trust-model=always", "--recipient", &recipient, "--encrypt"];
        let encrypted = self.reading().args(encrypt).stdin(MESSAGE).run().await?.stdout;
        let call = self.secret_call(passphrase)?.args(["--decrypt"]).stdin(&encrypted);
        let read = call.converse(&mut Script::passphrase(passphrase)).await;
        let same = read.map_err(|error| self.explain(error))?.stdout == MESSAGE;
        same.then_some(()).ok_or(Error::ProofFailed { key: key.key_id, what: "decrypt" })
    }
}
