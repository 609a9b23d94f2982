//! The audit log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Target, call};

/// The entries of the log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShowAudit {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Only so many, the newest; 0 is all.
    #[serde(default)]
    pub last: u64,
}
call!(ShowAudit, "audit show", Now, AuditLog);

/// Entries, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLog {
    /// The vault.
    pub vault: String,
    /// Oldest first.
    pub entries: Vec<AuditEntry>,
}

/// What was done, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When, in UTC.
    pub timestamp: Timestamp,
    /// A word: `create-key`.
    pub action: String,
    /// A phrase.
    pub details: String,
    /// Names and values, the chain's link included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

/// Checks the chain of the log.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VerifyAudit {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(VerifyAudit, "audit verify", Now, AuditReport);

/// What the chain says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditReport {
    /// The vault.
    pub vault: String,
    /// How many entries there are.
    pub entries: u64,
    /// How many carry a link of the chain; the Go program's carry none, and are covered by the
    /// next link after them.
    pub linked: u64,
    /// The chain's value after the last entry: 64 hex digits.
    pub head: String,
    /// Where it does not fit: first and last entry, counted from 1, of each span in which
    /// something was changed, removed or put in.
    pub breaks: Vec<(u64, u64)>,
    /// Spans without a link after them, counted the same: nothing vouches for them yet.
    pub unlinked: Vec<(u64, u64)>,
}
