//! Keys into a vault from elsewhere, and a vault's files out of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    call,
    vault::{Snapshot, Unlock},
};

/// Brings keys that gpg has elsewhere into a vault: a GnuPG home, a file with secret keys, or a
/// directory of such files. The source is only read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ImportVault {
    /// What to import; an absolute path.
    pub source: PathBuf,
    /// The vault; `None` is the default vault.
    #[serde(default)]
    pub name: Option<String>,
    /// Makes the vault, in this directory (absolute).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// An age identity file (absolute) for a vault that is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// What opens the vault.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// The fingerprint of the master key, where there are several; `None` asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<String>,
    /// Whether keys under another passphrase than the vault's get that one; `None` asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reencrypt: Option<bool>,
}
call!(ImportVault, "vault import", Job, Imported);

/// Keys were imported and sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The vault.
    pub vault: String,
    /// The snapshot that holds them.
    pub snapshot: Snapshot,
    /// The master key.
    pub master_fp: String,
    /// How many secret keys are in the vault now that were not before.
    pub secret_keys: u64,
    /// Whether they were put under the vault's passphrase.
    pub reencrypted: bool,
    /// Files that are kept in the vault and that gpg does not see there: its option files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<String>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Writes the newest snapshot's files, decrypted, to a directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExportVault {
    /// The vault.
    pub name: String,
    /// What opens it.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// An absolute path: missing, or an empty directory.
    pub target: PathBuf,
}
call!(ExportVault, "vault export", Job, Exported);

/// Writes the files of any snapshot, decrypted, to a directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RestoreVault {
    /// The vault; `None` is the default vault.
    #[serde(default)]
    pub name: Option<String>,
    /// What opens it.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// The snapshot's file name, or a beginning that only one has.
    pub snapshot: String,
    /// As in [`ExportVault`].
    pub target: PathBuf,
}
call!(RestoreVault, "vault restore", Job, Exported);

/// Files were written and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The vault.
    pub vault: String,
    /// The snapshot's file name.
    pub snapshot: String,
    /// Where they are.
    pub target: PathBuf,
    /// How many.
    pub files: u64,
    /// Symbolic links, which may lead anywhere and were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
}
