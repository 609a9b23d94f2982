//! What a key ring holds, as gpg lists it.

use std::fmt;

use jiff::Timestamp;

use crate::algo::Algorithm;
use crate::id::{CardSerial, Fingerprint, KeyId, Keygrip};
use crate::usage::{Usage, Usages};

/// A primary key with the user ids and subkeys that are bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The key that certifies; its fingerprint names the certificate.
    pub primary: Key,
    /// In gpg's order: the primary one first.
    pub user_ids: Vec<UserIdEntry>,
    /// In the order in which they were added.
    pub subkeys: Vec<Key>,
}

impl Certificate {
    /// Of the primary key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.primary.fingerprint
    }

    /// The primary key and then the subkeys.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.primary).chain(&self.subkeys)
    }

    /// The subkey with this fingerprint.
    pub fn subkey(&self, fingerprint: &Fingerprint) -> Option<&Key> {
        self.subkeys.iter().find(|key| key.fingerprint == *fingerprint)
    }

    /// The user id with exactly this text.
    pub fn user_id(&self, text: &str) -> Option<&UserIdEntry> {
        self.user_ids.iter().find(|entry| entry.text == text)
    }
}

/// A primary key or subkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name that nothing else has.
    pub fingerprint: Fingerprint,
    /// What gpg prints in most places.
    pub key_id: KeyId,
    /// The name of its secret part's file.
    pub keygrip: Option<Keygrip>,
    /// With size or curve.
    pub algorithm: Algorithm,
    /// What this key itself may do; for a primary key without what its subkeys add.
    pub usage: Usages,
    /// gpg's letter. Only revoked, expired and invalid are facts about the key: the rest is trust.
    pub validity: Validity,
    /// To the second.
    pub created: Timestamp,
    /// `None`: does not end.
    pub expires: Option<Timestamp>,
    /// When its owner revoked it.
    pub revoked: Option<Timestamp>,
    /// Where its secret part is, as gpg believes.
    pub secret: Secret,
    /// Switched off by the owner of the key ring.
    pub disabled: bool,
    /// What binds a subkey to its primary key; of a primary key, signatures directly on it.
    pub binding: SelfSignature,
    /// The numbers of the public key in OpenPGP's order, as `--with-key-data` prints them.
    pub material: Vec<Vec<u8>>,
}

impl Key {
    /// Whether gpg would use it: neither revoked nor expired, invalid or disabled.
    pub fn is_live(&self) -> bool {
        !self.disabled
            && !matches!(self.validity, Validity::Revoked | Validity::Expired | Validity::Invalid)
    }

    /// Whether it is live and may do this.
    pub fn serves(&self, usage: Usage) -> bool {
        self.is_live() && self.usage.contains(usage)
    }
}

/// A user id with its dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdEntry {
    /// The text, gpg's escapes undone: it may hold control characters, print it with care.
    pub text: String,
    /// gpg's hash of the user id, 40 hex digits.
    pub hash: String,
    /// As for keys.
    pub validity: Validity,
    /// The oldest self-signature.
    pub created: Option<Timestamp>,
    /// The oldest revocation by the owner.
    pub revoked: Option<Timestamp>,
    /// What binds it to the primary key.
    pub self_signature: SelfSignature,
}

impl UserIdEntry {
    /// Whether its owner stands by it, by a self-signature that was verified.
    pub fn is_bound(&self) -> bool {
        self.self_signature == SelfSignature::Good
            && !matches!(self.validity, Validity::Revoked | Validity::Invalid)
    }
}

/// Where the secret part of a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// Of no key of the certificate is the secret part in this home.
    Absent,
    /// In a file.
    Present,
    /// Elsewhere, while this home has secret parts of other keys of the certificate. gpg says the
    /// same of a file that it can't read: see [`Client::secret_of`](crate::Client::secret_of).
    Stub,
    /// On this card.
    Card(CardSerial),
}

/// What is known of the signatures that the primary key made on a user id or subkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfSignature {
    /// There is none.
    Missing,
    /// There is one; nobody verified it.
    Unchecked,
    /// At least one was verified and is good.
    Good,
    /// There is one, and none that is good.
    Bad,
}

macro_rules! validities {
    ($($(#[$doc:meta])* $name:ident = $letter:literal,)*) => {
        /// The validity field of a listing (gnupg doc/DETAILS § Field 2 - Validity).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Validity {
            $($(#[$doc])* $name,)*
        }

        impl Validity {
            /// gpg's letter for it.
            pub fn letter(self) -> char {
                match self {
                    $(Self::$name => $letter,)*
                }
            }

            /// An unknown letter, or none, says nothing about the key.
            pub(crate) fn of(field: &str) -> Self {
                match field.chars().next() {
                    $(Some($letter) => Self::$name,)*
                    _ => Self::Undefined,
                }
            }
        }
    };
}

validities! {
    /// New to this key ring.
    Unknown = 'o',
    /// For lack of a self-signature, for example.
    Invalid = 'i',
    /// Of old gpgs; see [`Key::disabled`].
    Disabled = 'd',
    /// By its owner.
    Revoked = 'r',
    /// Its time is over.
    Expired = 'e',
    /// No value assigned.
    Undefined = '-',
    /// Undefined, by the trust database's own word.
    Undecided = 'q',
    /// Never to be trusted.
    Never = 'n',
    /// Marginally valid.
    Marginal = 'm',
    /// Fully valid.
    Full = 'f',
    /// The owner's own.
    Ultimate = 'u',
    /// Its secret part is known to everybody.
    WellKnown = 'w',
    /// Of a special kind.
    Special = 's',
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.letter().encode_utf8(&mut [0; 4]))
    }
}
