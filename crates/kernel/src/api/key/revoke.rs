use serde::{Deserialize, Serialize};

use super::Key;
use crate::api::{Target, call};

/// Revokes subkeys for good; asks first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevokeKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Key ids and fingerprints of subkeys.
    pub keys: Vec<String>,
    /// Why.
    #[serde(default)]
    pub reason: Reason,
    /// Words for those who will see the revoked key; may be empty.
    #[serde(default)]
    pub message: String,
}
call!(RevokeKeys, "keys revoke", Job, RevokedKeys);

/// Why a key is revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Somebody else may have its secret part.
    Compromised,
    /// Another key takes its place.
    Superseded,
    /// It is no longer used.
    Retired,
    /// None is given.
    #[default]
    None,
}

/// Subkeys that are revoked now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedKeys {
    /// The master key's fingerprint.
    pub master_fp: String,
    /// The subkeys.
    pub keys: Vec<Key>,
}
