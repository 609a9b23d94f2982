use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Key;
use crate::api::{Target, call};

/// Gives keys a new end, whether they have ended already or not; asks first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RenewKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Key ids and fingerprints; none are all subkeys that are not revoked, and the master key if
    /// it ends.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The new end: a span from now (`2y`), a date, `never`; `None` is the vault's span for
    /// subkeys.
    #[serde(default)]
    pub expiry: Option<String>,
}
call!(RenewKeys, "keys renew", Job, RenewedKeys);

/// A key and the end that it is to get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEnd {
    /// The key as it is now.
    pub key: Key,
    /// `None`: it is not to end.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// Keys with new ends, read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewedKeys {
    /// The master key's fingerprint.
    pub master_fp: String,
    /// The keys as they were, and their new ends as gpg tells them.
    pub keys: Vec<NewEnd>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
