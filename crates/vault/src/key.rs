//! What a vault is locked with: a passphrase, or an age identity.

use std::{fmt, path::Path, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    identity::{self, Identities, IdentityError, Recipient},
    pool::Pool,
    prepaid::{OneSeal, Remembered, ScryptIdentity},
    random,
    scrypt::{CEILING, Passphrase, ScryptError, ScryptParams},
};

/// The two kinds of key, and of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// An age file with a scrypt stanza.
    Passphrase,
    /// An age file with X25519 or other recipients.
    Identity,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Passphrase => "passphrase",
            Self::Identity => "identity",
        })
    }
}

/// Why a text can't be a new passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassphrase {
    /// No byte at all.
    #[error("the passphrase is empty")]
    Empty,
    /// More than gpg can take.
    #[error("the passphrase has {bytes} bytes, more than 255")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// NUL, carriage return or line feed, which end a passphrase on its way to gpg.
    #[error("the passphrase holds a NUL or a line break")]
    LineBreak,
    /// Outside of 10 to 20.
    #[error("the work factor {log_n} is not from 10 to 20")]
    WorkFactor {
        /// What was asked for.
        log_n: u8,
    },
}

/// Opens and seals; a cheap clone shares the secret, and the last one to go wipes it.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

enum Inner {
    Passphrase { passphrase: Arc<Passphrase>, remembered: Arc<Remembered>, pool: Pool },
    Identity { identities: Arc<Identities>, others: Vec<Recipient> },
}

impl Key {
    /// A passphrase of 1 to 255 bytes without NUL and line breaks.
    ///
    /// # Errors
    /// When it is not such a text.
    pub fn passphrase(secret: SecretString) -> Result<Self, BadPassphrase> {
        Self::passphrase_with(secret, ScryptParams::default())
    }

    /// As [`Key::passphrase`], sealing at another work factor.
    ///
    /// # Errors
    /// Also when `params` are out of range.
    pub fn passphrase_with(
        secret: SecretString,
        params: ScryptParams,
    ) -> Result<Self, BadPassphrase> {
        check(secret.expose_secret())?;
        if !(10..=20).contains(&params.log_n) {
            return Err(BadPassphrase::WorkFactor { log_n: params.log_n });
        }
        let passphrase = Arc::new(Passphrase { secret, params });
        let pool = Pool::new(Arc::clone(&passphrase));
        Ok(Self(Arc::new(Inner::Passphrase { passphrase, remembered: Arc::default(), pool })))
    }

    /// Reads an age identity file: plain, or encrypted with a passphrase (binary or armored).
    ///
    /// Any identity in it opens; the first one's recipient is sealed to, and others by
    /// [`Key::sealing_to`].
    ///
    /// # Errors
    /// When the file can't be read, needs a passphrase, or holds something else.
    pub fn identity_file(
        path: &Path,
        passphrase: Option<&SecretString>,
    ) -> Result<Self, IdentityError> {
        let identities = Arc::new(identity::read_file(path, passphrase)?);
        Ok(Self(Arc::new(Inner::Identity { identities, others: Vec::new() })))
    }

    /// The same identities, sealing to `recipients` besides their own; a passphrase seals to
    /// nobody else, and stays as it is.
    #[must_use]
    pub fn sealing_to(&self, recipients: &[Recipient]) -> Self {
        let Inner::Identity { identities, .. } = &*self.0 else { return self.clone() };
        let own = identities.recipient();
        let others = recipients.iter().filter(|other| **other != own).cloned().collect();
        Self(Arc::new(Inner::Identity { identities: Arc::clone(identities), others }))
    }

    /// Whom it seals to, its own recipient first; nobody for a passphrase.
    pub fn recipients(&self) -> Vec<Recipient> {
        match &*self.0 {
            Inner::Passphrase { .. } => Vec::new(),
            Inner::Identity { identities, others } => {
                std::iter::once(identities.recipient()).chain(others.iter().cloned()).collect()
            }
        }
    }

    /// Which kind of file it opens.
    pub fn kind(&self) -> KeyKind {
        match *self.0 {
            Inner::Passphrase { .. } => KeyKind::Passphrase,
            Inner::Identity { .. } => KeyKind::Identity,
        }
    }

    /// Whether both hold the same secret, in a time that does not tell where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        let Ok(nonce) = random::bytes::<32>() else { return false };
        self.kind() == other.kind() && self.hash(&nonce).ct_eq(&other.hash(&nonce)).into()
    }

    fn hash(&self, nonce: &[u8]) -> [u8; 32] {
        let mut hash = Sha256::new_with_prefix(nonce);
        match &*self.0 {
            Inner::Passphrase { passphrase, .. } => {
                hash.update(passphrase.secret.expose_secret());
            }
            Inner::Identity { identities, .. } => identities.update(&mut hash),
        }
        hash.finalize().into()
    }

    /// Starts to derive, in the background, the keys that the next seals will use; an identity
    /// needs none. Until then, a seal derives its own.
    pub fn prepare(&self) {
        if let Inner::Passphrase { pool, .. } = &*self.0 {
            pool.start();
        }
    }

    /// How many seals need not wait for a derivation.
    pub fn prepared(&self) -> usize {
        match &*self.0 {
            Inner::Passphrase { pool, .. } => pool.len(),
            Inner::Identity { .. } => 0,
        }
    }

    /// For one file; waits for a prepared key.
    pub(crate) fn wrappers(&self) -> Result<Vec<Box<dyn age::Recipient + '_>>, ScryptError> {
        match &*self.0 {
            Inner::Passphrase { remembered, pool, .. } => {
                let prepaid = pool.take()?;
                Ok(vec![Box::new(OneSeal::new(prepaid, Arc::clone(remembered)))])
            }
            Inner::Identity { .. } => Ok(self
                .recipients()
                .into_iter()
                .map(|recipient| Box::new(recipient.0) as Box<dyn age::Recipient>)
                .collect()),
        }
    }

    /// What opens a file whose work factor is not above `max_work_factor`.
    pub(crate) fn openers(&self, max_work_factor: u8) -> Vec<Box<dyn age::Identity + '_>> {
        match &*self.0 {
            Inner::Passphrase { passphrase, remembered, .. } => vec![Box::new(ScryptIdentity {
                passphrase,
                remembered,
                max_work_factor: max_work_factor.min(CEILING),
            })],
            Inner::Identity { identities, .. } => identities.openers(),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.kind()).finish()
    }
}

fn check(secret: &str) -> Result<(), BadPassphrase> {
    match secret.len() {
        0 => Err(BadPassphrase::Empty),
        bytes @ 256.. => Err(BadPassphrase::TooLong { bytes }),
        _ if secret.contains(['\0', '\r', '\n']) => Err(BadPassphrase::LineBreak),
        _ => Ok(()),
    }
}
