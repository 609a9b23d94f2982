use serde::{Deserialize, Serialize};

use crate::api::{Target, call};

/// Signs somebody else's key with the master key; asks first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CertifyKey {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// A file with the public key (absolute); `None`: it is in the vault already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<std::path::PathBuf>,
    /// Its fingerprint; with a file, the key there must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Which of its identities; none means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<String>,
    /// How well was checked whose key it is.
    #[serde(default)]
    pub level: Level,
    /// When the certification ends (`0`, `2y`, a date); `None` is `0`: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry: Option<String>,
    /// Keeps it in the vault: no export carries it.
    #[serde(default)]
    pub local: bool,
}
call!(CertifyKey, "keys certify", Job, CertifiedKey);

/// How well was checked whose key it is; few programs tell these apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing is said about it.
    #[default]
    Unsaid,
    /// Not at all.
    None,
    /// A little.
    Casual,
    /// Thoroughly: a passport, face to face.
    Thorough,
}

/// A key that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedKey {
    /// Whose.
    pub fingerprint: String,
    /// By whom.
    pub master_fp: String,
    /// The identities that were certified.
    pub identities: Vec<String>,
    /// The key with the new signatures, ASCII-armored, for its owner; none for local ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub armored: Option<String>,
}
