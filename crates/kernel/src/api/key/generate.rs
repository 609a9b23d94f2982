use serde::{Deserialize, Serialize};

use super::CreatedKeys;
use crate::api::{Target, call};

/// Adds subkeys, and seals a checkpoint. Asks where there is a live subkey for encryption already.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct GenerateKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// A subkey for each of these; none are all three.
    #[serde(default)]
    pub usage: Vec<Purpose>,
    /// Their algorithm; `None` is the one in the vault's settings.
    #[serde(default)]
    pub algo: Option<String>,
    /// Their expiry (`0`, `2y`, a date); `None` is the one in the vault's settings.
    #[serde(default)]
    pub expiry: Option<String>,
}
call!(GenerateKeys, "keys generate", Job, CreatedKeys);

/// What a subkey is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To sign.
    Sign,
    /// To be encrypted to.
    Encrypt,
    /// To log in.
    Auth,
}
