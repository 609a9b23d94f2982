//! What opens a vault, changed: its passphrase, and whom it is sealed to.

use serde::{Deserialize, Serialize};

use super::{
    Target, call,
    vault::{Snapshot, Unlock},
};
use crate::secret::Passphrase;

/// Changes the passphrase of a vault and of the keys in it, in one step. A vault that is not open
/// is opened for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangePassphrase {
    /// The vault; `None` is the default vault.
    #[serde(default)]
    pub name: Option<String>,
    /// What opens it now.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// The new passphrase; `None` asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Passphrase>,
}
call!(ChangePassphrase, "vault passwd", Job, ChangedPassphrase);

/// The passphrase was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedPassphrase {
    /// The vault.
    pub vault: String,
    /// The first snapshot that opens with the new passphrase. For a vault with an identity file,
    /// the snapshot whose keys have it.
    pub snapshot: Snapshot,
    /// Whether the vault itself opens with it; one with an identity file still opens with that.
    pub vault_too: bool,
    /// How many secret keys are under it.
    pub secret_keys: u64,
    /// Older snapshots, which open with the passphrase that they were sealed with: oldest first.
    pub older: Vec<String>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whom a vault with an identity file is sealed to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListRecipients {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(ListRecipients, "vault recipients list", Now, Recipients);

/// Seals the vault to one more recipient from now on, with a new snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AddRecipient {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// `age1…`.
    pub recipient: String,
}
call!(AddRecipient, "vault recipients add", Job, Recipients);

/// Seals the vault to one recipient less from now on, with a new snapshot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RemoveRecipient {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// `age1…`.
    pub recipient: String,
}
call!(RemoveRecipient, "vault recipients remove", Job, Recipients);

/// Recipients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipients {
    /// The vault.
    pub vault: String,
    /// The one of this machine's identity file comes first.
    pub recipients: Vec<String>,
    /// The first snapshot that is sealed so, when that was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
