use serde::{Deserialize, Serialize};

use super::CreateKeys;
use crate::api::call;

/// What [`CreateKeys`] would make, or why it cannot: a face asks before it has a vault made for
/// the keys. Needs no session, and changes nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlanKeys {
    /// The call as it would be made.
    #[serde(flatten)]
    pub keys: CreateKeys,
}
call!(PlanKeys, "keys plan", Now, KeysPlan);

/// Keys that would be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysPlan {
    /// The first identity: `Name <mail>`.
    pub identity: String,
    /// The master key.
    pub master: PlannedKey,
    /// Its subkeys, in the order in which they would be made.
    pub subkeys: Vec<PlannedKey>,
}

/// A key that would be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedKey {
    /// The letter of its usage: `C`, `s`, `e`, `a`.
    pub usage: String,
    /// With curve or size: `cv25519`, `rsa4096`.
    pub algorithm: String,
    /// As gpg takes it: `2y`, `2030-12-31`, `0` for never.
    pub expiry: String,
}
