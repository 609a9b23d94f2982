use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::api::{Target, call};

/// Looks for what other people's programs would, or will, stumble over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LintKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Signs anew what gpg can mend by that.
    #[serde(default)]
    pub fix: bool,
}
call!(LintKeys, "keys lint", Job, Lint);

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// The master key's fingerprint.
    pub master_fp: String,
    /// What is there (still).
    pub findings: Vec<Finding>,
    /// What was there, and is mended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Finding>,
}

/// A flaw, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A key id, or the text of an identity.
    pub on: String,
    /// What it is.
    #[serde(flatten)]
    pub flaw: Flaw,
}

/// What can be wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "flaw", rename_all = "kebab-case")]
pub enum Flaw {
    /// The master key is revoked.
    MasterRevoked,
    /// The master key has expired.
    MasterExpired,
    /// The master key vouches for it by a signature over a hash that can be forged.
    WeakHash {
        /// The hash.
        hash: String,
    },
    /// It asks for a mode of encryption that only some programs read (OCB).
    Aead,
    /// A subkey that signs has not signed the master key.
    NotCrossCertified,
    /// It has, over a hash that can be forged.
    WeakCrossCertification {
        /// The hash.
        hash: String,
    },
    /// It is too short, or of a kind that is given up.
    WeakKey {
        /// With its size.
        algorithm: String,
    },
    /// A subkey does not expire.
    NoExpiry,
    /// A subkey expires in more than five years.
    FarExpiry {
        /// When.
        expires: Timestamp,
    },
    /// No live key signs.
    NoSigning,
    /// No live key can be encrypted to.
    NoEncryption,
}

impl Flaw {
    /// Whether gpg mends it by signing anew.
    pub fn is_fixable(&self) -> bool {
        matches!(self, Self::WeakHash { .. } | Self::Aead | Self::NotCrossCertified)
    }
}
