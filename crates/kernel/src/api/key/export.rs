use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::api::{Target, call};

/// The public key of the vault's master, armored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Imports it into the keyring of the caller's `~/.gnupg`, which must exist, with placeholders
    /// for keys on cards and as a key of the user's own.
    #[serde(default)]
    pub into: Option<PathBuf>,
    /// Leaves out other people's signatures, and of each identity all but the newest of its own.
    #[serde(default)]
    pub minimal: bool,
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
    pub imported_into: Option<PathBuf>,
    /// The keys on cards of which that home now knows where they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_cards: Vec<String>,
}

/// Writes the secret subkeys, without the master key, to a new file; asks first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportSecretSubkeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// The file, which must not be there.
    pub file: PathBuf,
}
call!(ExportSecretSubkeys, "keys export-secret-subkeys", Job, ExportedSubkeys);

/// Secret subkeys in a file, under the passphrase that they have in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedSubkeys {
    /// Whose.
    pub master_fp: String,
    /// The key ids of the subkeys.
    pub keys: Vec<String>,
    /// Where they are.
    pub file: PathBuf,
}
