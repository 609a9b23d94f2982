//! Age identity files.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    str::FromStr,
};

use age::{armor::ArmoredReader, x25519};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    atomic::{At, PathError, Printable},
    prepaid::{Remembered, ScryptIdentity},
    scrypt::{CEILING, Passphrase, ScryptParams},
};

/// A larger file is no identity file.
const LARGEST: u64 = 16 << 20;
const BINARY: &[u8] = b"age-encryption.org/";
const ARMORED: &[u8] = b"-----BEGIN AGE ENCRYPTED FILE-----";

/// Why an identity file gives no key.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file can't be read.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The file is encrypted, and no passphrase was given.
    #[error("the identity file {} is encrypted with a passphrase", Printable(.path))]
    PassphraseNeeded {
        /// Which file.
        path: PathBuf,
    },
    /// The passphrase does not open the file.
    #[error("the passphrase does not open the identity file {}", Printable(.path))]
    WrongPassphrase {
        /// Which file.
        path: PathBuf,
    },
    /// The file is encrypted, but not with a passphrase, or damaged.
    #[error("the identity file {} cannot be decrypted", Printable(.path))]
    Undecryptable {
        /// Which file.
        path: PathBuf,
    },
    /// A line that is neither an identity nor a comment.
    #[error("line {line} of {} is not an age identity", Printable(.path))]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// An identity of a plugin, or of a newer age.
    #[error("line {line} of {} is an identity of a type that is not supported", Printable(.path))]
    Unsupported {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// Nothing but comments.
    #[error("{} holds no identity", Printable(.path))]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// Whom a vault is sealed to: the public half of an age identity (X25519), `age1…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(crate) x25519::Recipient);

/// A text that is no recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an age recipient (age1…)")]
pub struct BadRecipient {
    /// The text.
    pub text: String,
}

impl FromStr for Recipient {
    type Err = BadRecipient;

    fn from_str(text: &str) -> Result<Self, BadRecipient> {
        text.parse().map(Self).map_err(|_reason| BadRecipient { text: text.to_owned() })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.0)
    }
}

/// The identities of one file.
pub(crate) struct Identities {
    first: x25519::Identity,
    rest: Vec<x25519::Identity>,
}

impl Identities {
    fn all(&self) -> impl Iterator<Item = &x25519::Identity> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    pub(crate) fn recipient(&self) -> Recipient {
        Recipient(self.first.to_public())
    }

    pub(crate) fn openers(&self) -> Vec<Box<dyn age::Identity + '_>> {
        self.all().map(|identity| Box::new(identity.clone()) as Box<dyn age::Identity>).collect()
    }

    /// Adds the secrets to a hash.
    pub(crate) fn update(&self, hash: &mut Sha256) {
        for identity in self.all() {
            hash.update(identity.to_string().expose_secret());
        }
    }
}

pub(crate) fn read_file(
    path: &Path,
    passphrase: Option<&SecretString>,
) -> Result<Identities, IdentityError> {
    let file = File::open(path).at("open", path)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(LARGEST + 1).read_to_end(&mut bytes).at("read", path)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge)).at("read", path)?;
    }
    if bytes.starts_with(BINARY) || bytes.trim_ascii_start().starts_with(ARMORED) {
        let needed = || IdentityError::PassphraseNeeded { path: path.to_owned() };
        bytes = decrypt(&bytes, passphrase.ok_or_else(needed)?, path)?;
    }
    parse(&bytes, path)
}

fn decrypt(
    bytes: &[u8],
    secret: &SecretString,
    path: &Path,
) -> Result<Zeroizing<Vec<u8>>, IdentityError> {
    let passphrase = Passphrase { secret: secret.clone(), params: ScryptParams::default() };
    let identity = ScryptIdentity {
        passphrase: &passphrase,
        remembered: &Remembered::default(),
        max_work_factor: CEILING,
    };
    let path = path.to_owned();
    let mut plain = Zeroizing::new(Vec::with_capacity(4096));
    let decrypted = age::Decryptor::new_buffered(ArmoredReader::new(bytes))
        .and_then(|file| file.decrypt(std::iter::once(&identity as &dyn age::Identity)))
        .and_then(|stream| Ok(stream.take(LARGEST).read_to_end(&mut plain)?));
    match decrypted {
        Ok(_) => Ok(plain),
        Err(age::DecryptError::DecryptionFailed) => Err(IdentityError::WrongPassphrase { path }),
        Err(_) => Err(IdentityError::Undecryptable { path }),
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Identities, IdentityError> {
    let mut identities = Vec::new();
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let (path, number) = (path.to_owned(), number + 1);
        let line = str::from_utf8(line.trim_ascii())
            .ok()
            .ok_or(IdentityError::Syntax { path: path.clone(), line: number })?;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.parse() {
            Ok(identity) => identities.push(identity),
            Err(_) if is_of_another_type(line) => {
                return Err(IdentityError::Unsupported { path, line: number });
            }
            Err(_) => return Err(IdentityError::Syntax { path, line: number }),
        }
    }
    let mut identities = identities.into_iter();
    let first = identities.next().ok_or(IdentityError::Empty { path: path.to_owned() })?;
    Ok(Identities { first, rest: identities.collect() })
}

/// Plugin and post-quantum identities have one more word before the `1`.
fn is_of_another_type(line: &str) -> bool {
    line.starts_with("AGE-PLUGIN-")
        || line.strip_prefix("AGE-SECRET-KEY-").is_some_and(|rest| !rest.starts_with('1'))
}
