//! The keys in a vault.

mod certify;
mod export;
mod generate;
mod lint;
mod plan;
mod renew;
mod revocation;
mod revoke;
mod ssh;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    certify::{CertifiedKey, CertifyKey, Level},
    export::{ExportKeys, ExportSecretSubkeys, ExportedKeys, ExportedSubkeys},
    generate::{GenerateKeys, Purpose},
    lint::{Finding, Flaw, Lint, LintKeys},
    plan::{KeysPlan, PlanKeys, PlannedKey},
    renew::{NewEnd, RenewKeys, RenewedKeys},
    revocation::{RevocationCert, RevocationPaper},
    revoke::{Reason, RevokeKeys, RevokeMaster, RevokedKeys, RevokedMaster},
    ssh::{SshLine, SshPublicKey},
};
use super::{Target, call, vault::Sealed};

/// Makes the master key and its subkeys, and seals a checkpoint.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CreateKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// The real name of the first identity.
    pub name: String,
    /// Its mail address.
    pub email: String,
    /// The master key's algorithm; `None` is ed25519.
    #[serde(default)]
    pub algo: Option<String>,
    /// The master key's expiry (`0`, `2y`, a date); `None` is `0`: never.
    #[serde(default)]
    pub expiry: Option<String>,
    /// The subkeys' algorithm; `None` is the master's; for encryption its counterpart.
    #[serde(default)]
    pub subkey_algo: Option<String>,
    /// The subkeys' expiry; `None` is `2y`.
    #[serde(default)]
    pub subkey_expiry: Option<String>,
    /// Makes a second master key in a vault that has one, after asking.
    #[serde(default)]
    pub force: bool,
}
call!(CreateKeys, "keys create", Job, CreatedKeys);

/// New keys, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedKeys {
    /// The master key's fingerprint.
    pub master_fp: String,
    /// The new subkeys.
    pub subkeys: Vec<Key>,
    /// The checkpoint; `None` when another machine's snapshot arrived meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Sealed>,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The secret keys in the vault.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListKeys {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(ListKeys, "keys list", Now, Keys);

/// Keys, primary keys kept apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The vault.
    pub vault: String,
    /// The master key of this vault, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_fp: Option<String>,
    /// One for each primary key.
    pub certificates: Vec<Certificate>,
}

/// A primary key with its subkeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The primary key.
    pub primary: Key,
    /// Its subkeys in gpg's order.
    pub subkeys: Vec<Key>,
    /// Its user IDs in gpg's order, revoked ones included.
    pub identities: Vec<super::identity::Identity>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// 16 hex digits.
    pub key_id: String,
    /// 40 hex digits.
    pub fingerprint: String,
    /// 40 hex digits; the name of its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keygrip: Option<String>,
    /// With curve or size: `ed25519`, `rsa4096`.
    pub algorithm: String,
    /// The letters of its own usages: `C`, `SC` for a primary key, `s`, `e`, `a` for a subkey.
    pub usage: String,
    /// Whether it is a primary key.
    pub primary: bool,
    /// gpg's letter.
    pub validity: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Where its secret part is.
    pub secret: SecretPart,
}

/// Where the secret part of a key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "where", rename_all = "kebab-case")]
pub enum SecretPart {
    /// Nowhere here.
    Absent,
    /// In the vault.
    Present,
    /// Only a placeholder is here.
    Stub,
    /// On a card.
    Card {
        /// The card's serial number: 8 digits.
        serial: String,
    },
}

/// The public view of the keys, and the card that is plugged in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KeysStatus {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(KeysStatus, "keys status", Now, Keys);
