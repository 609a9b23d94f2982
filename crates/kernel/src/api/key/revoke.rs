use serde::{Deserialize, Serialize};

use super::Key;
use crate::api::{Target, call, vault::Sealed};

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

/// Revokes the master key, and with it everything on it, for good; the user types its ID.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevokeMaster {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Why.
    #[serde(default)]
    pub reason: Reason,
    /// Words for those who will see the revoked key; may be empty.
    #[serde(default)]
    pub message: String,
    /// Its key id or fingerprint, as a confirmation; `None` asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}
call!(RevokeMaster, "keys master revoke", Job, RevokedMaster);

/// The master key is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokedMaster {
    /// Its fingerprint.
    pub master_fp: String,
    /// The public key with its revocation, ASCII-armored: nobody knows of it before that is
    /// published.
    pub armored: String,
    /// The checkpoint that holds it; nothing when another machine has sealed meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Sealed>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
