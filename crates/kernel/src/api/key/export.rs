use serde::{Deserialize, Serialize};

use crate::api::{Target, call};

/// The public key of the vault's master, armored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Imports it into the keyring of the caller's `~/.gnupg`, which must exist.
    #[serde(default)]
    pub into: Option<std::path::PathBuf>,
}
call!(ExportKeys, "keys export", Now, ExportedKeys);

/// An exported public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedKeys {
    /// Whose.
    pub master_fp: String,
    /// ASCII armor.
    pub armored: String,
    /// The GnuPG home that it was imported into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_into: Option<std::path::PathBuf>,
}
