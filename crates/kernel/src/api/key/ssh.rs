use serde::{Deserialize, Serialize};

use crate::api::{Target, call};

/// The key to log in with, as ssh takes it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SshPublicKey {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// A key id or fingerprint; `None` is the newest live key that may authenticate.
    #[serde(default)]
    pub key: Option<String>,
}
call!(SshPublicKey, "keys ssh-pubkey", Now, SshLine);

/// A line for `authorized_keys`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshLine {
    /// The key in it.
    pub key_id: String,
    /// The same in full.
    pub fingerprint: String,
    /// Type, key and comment; without a line end.
    pub line: String,
    /// The key ids of other live keys that may authenticate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}
