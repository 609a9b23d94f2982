//! The identities (user IDs) of the master key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Target, call};

/// The identities of the master key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListIdentities {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(ListIdentities, "keys identity list", Now, Identities);

/// Identities in gpg's order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identities {
    /// The master key, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_fp: Option<String>,
    /// Revoked ones included.
    pub identities: Vec<Identity>,
}

/// A user ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Counted from 1.
    pub index: u32,
    /// gpg's letter.
    pub validity: String,
    /// `ultimate`, `revoked`, `expired`, `full`, `marginal`, `never`, or the letter.
    pub status: String,
    /// The date of the earliest self-signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The date of the earliest revocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
    /// gpg's hash of it.
    pub hash: String,
    /// Its text, escapes decoded.
    pub uid: String,
}

/// Adds an identity.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AddIdentity {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// `Name <mail>`.
    pub identity: String,
}
call!(AddIdentity, "keys identity add", Job, ChangedIdentity);

/// Revokes an identity, after asking.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevokeIdentity {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Its text, or its index.
    pub identity: String,
}
call!(RevokeIdentity, "keys identity revoke", Job, ChangedIdentity);

/// Makes an identity the primary one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SetPrimaryIdentity {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Its text, or its index.
    pub identity: String,
}
call!(SetPrimaryIdentity, "keys identity primary", Job, ChangedIdentity);

/// An identity as it is after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedIdentity {
    /// Read back.
    pub identity: Identity,
    /// The one that programs showed first, where a new one has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub displaced: Option<Identity>,
}
