//! Vaults, their snapshots, and the sessions on them.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Done, Face, Target, call};
use crate::secret::Passphrase;

/// How to open a vault.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Unlock {
    /// The vault's passphrase; for a vault with an identity file, that file's passphrase, if it
    /// has one; for keys with a passphrase of their own see [`super::event::About::Passphrase`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passphrase: Option<Passphrase>,
}

/// The vaults of the registry.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListVaults {}
call!(ListVaults, "vault list", Now, Vaults);

/// What the registry lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vaults {
    /// In the registry's order.
    pub vaults: Vec<VaultEntry>,
}

/// A vault in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultEntry {
    /// Its name.
    pub name: String,
    /// Its directory, `~` expanded.
    pub path: PathBuf,
    /// Its age identity file, `~` expanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// Whether it is meant when no name is given.
    pub default: bool,
    /// The trust anchor: the master key's fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_master_fp: Option<String>,
}

/// What is open, and what is unfinished.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct VaultStatus {}
call!(VaultStatus, "vault status", Now, Status);

/// The sessions of this daemon, and unfinished work of any host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Sessions of this daemon.
    pub open: Vec<OpenSession>,
    /// Work on disk that no session of this daemon holds.
    pub unfinished: Vec<Unfinished>,
    /// Vaults with more than one head, as far as this machine has seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forked: Vec<Forked>,
}

/// A vault in which two machines have sealed on the same snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forked {
    /// The vault.
    pub vault: String,
    /// The heads besides the one that opens.
    pub heads: Vec<String>,
}

/// An open session. Its token is not part of it: that is given only to whoever opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// The vault.
    pub vault: String,
    /// Its directory.
    pub path: PathBuf,
    /// The face that opened it.
    pub source: Face,
    /// The host name in its files.
    pub hostname: String,
    /// Since when.
    pub started_at: Timestamp,
    /// The snapshot it began with, or the last one that it sealed.
    pub snapshot: String,
    /// The master key, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_fp: Option<String>,
    /// Steps done since it began, resumes included.
    pub generation: u64,
    /// Steps done since the last snapshot.
    pub unsealed: u64,
    /// Why it refuses every step, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
    /// When it will be put to rest, if nothing is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_at: Option<Timestamp>,
}

/// Unfinished work: an ephemeral pair on disk.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// The vault.
    pub vault: String,
    /// The snapshot that it was based on.
    pub canonical: String,
    /// The host in the sidecar.
    pub hostname: String,
    /// Whether it is this machine's own.
    pub ours: bool,
    /// Whether a live process seems to hold it.
    pub live: bool,
    /// The face that had opened it: `cli`, `ui`, `tui`, or a word of a newer program's.
    pub source: String,
    /// When that session began.
    pub started_at: Timestamp,
    /// When it was last heard of.
    pub last_heartbeat: Timestamp,
    /// Its steps.
    pub generation: u64,
    /// `active` or `idle-sealed`.
    pub status: String,
    /// Whether its encrypted state is there; without it there is nothing to resume.
    pub resumable: bool,
    /// Whether a newer snapshot has arrived since.
    pub divergent: bool,
    /// When this was looked at.
    pub as_of: Timestamp,
}

/// Makes a vault: a directory, an entry in the registry, a first snapshot; and opens it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CreateVault {
    /// Its name.
    pub name: String,
    /// An absolute path; the face has resolved `~` and relative ones.
    pub path: PathBuf,
    /// An age identity file (absolute), for a vault without a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// The passphrase.
    #[serde(flatten)]
    pub unlock: Unlock,
}
call!(CreateVault, "vault create", Job, Opened);

/// Makes a vault known to this machine whose directory is there already, and opens it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddVault {
    /// Its name on this machine.
    pub name: String,
    /// An absolute path; the face has resolved `~` and relative ones.
    pub path: PathBuf,
    /// An age identity file (absolute), for a vault without a passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<PathBuf>,
    /// The passphrase.
    #[serde(flatten)]
    pub unlock: Unlock,
}
call!(AddVault, "vault add", Job, Opened);

/// Opens a vault, attaches to its session, or resumes unfinished work.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpenVault {
    /// Its name; `None` is the default vault.
    #[serde(default)]
    pub name: Option<String>,
    /// How.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// What to do with unfinished work; `None` asks.
    #[serde(default)]
    pub unfinished: Option<UnfinishedChoice>,
    /// Opens for reading only: no lock, no pair; every step and seal is refused.
    #[serde(default)]
    pub read_only: bool,
    /// The file name of the snapshot to open, for reading only, instead of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The host whose unfinished work to go on with; its files stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What is right although it does not look so; it is asked about.
    #[serde(default)]
    pub accept: Accept,
}
call!(OpenVault, "vault open", Job, Opened);

/// What is right although it does not look so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// The newest snapshot counts, whatever this machine saw last.
    #[serde(default)]
    pub rollback: bool,
    /// The newest snapshot may be dated more than 48 hours ahead.
    #[serde(default)]
    pub future: bool,
}

/// What to do with unfinished work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnfinishedChoice {
    /// Go on with it.
    Resume,
    /// Throw it away, once the passphrase is proven, and open the newest snapshot.
    Fresh,
}

/// A vault is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The session.
    pub session: OpenSession,
    /// What names it: 64 hex digits.
    pub token: String,
    /// How it came about.
    pub how: OpenedHow,
    /// The master key, when it was seen for the first time and recorded as the anchor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_use: Option<String>,
    /// What the user should know: other hosts' work, foreign files, older snapshots gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How a session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpenedHow {
    /// A new vault.
    Created,
    /// From the newest snapshot.
    Opened,
    /// From unfinished work.
    Resumed,
    /// It was open already.
    Attached,
}

/// Seals the session as a new snapshot and ends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SealVault {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// Becomes part of the file's name; empty means `session-<date>`.
    #[serde(default)]
    pub message: String,
    /// Seals even when another machine has sealed meanwhile, and keeps both.
    #[serde(default)]
    pub fork: bool,
}
call!(SealVault, "vault seal", Job, Sealed);

/// A snapshot was sealed and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The vault.
    pub vault: String,
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What the user should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Throws a session's work away; what a checkpoint sealed stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DiscardVault {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(DiscardVault, "vault discard", Job, Discarded);

/// A session was thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// The vault.
    pub vault: String,
    /// Steps that are gone.
    pub steps: u64,
    /// The newest snapshot, which the vault now stands at.
    pub snapshot: String,
}

/// The snapshots of a vault; no passphrase is needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ListSnapshots {
    /// Its name; `None` is the default vault.
    #[serde(default)]
    pub name: Option<String>,
}
call!(ListSnapshots, "vault snapshots", Now, Snapshots);

/// Snapshots, oldest first, and what else lies there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// The vault.
    pub vault: String,
    /// Oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Files that look like a part of the vault and are none: conflict copies, leftovers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<ForeignFile>,
    /// Heads besides the one that opens, as far as this machine has seen: the newest snapshot does
    /// not hold the work in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<String>,
}

/// A file that looks like a part of a vault and is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignFile {
    /// Its name, as a stranger may have chosen it.
    pub file_name: String,
    /// What it looks like: `a conflict copy of a sync service`.
    pub what: String,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// From its name, in UTC.
    pub timestamp: Timestamp,
    /// Its file name.
    pub file_name: String,
    /// The slug of the message that it was sealed with.
    pub message: String,
    /// The encrypted size in bytes.
    pub size: u64,
}

/// Sets the trust anchor of a vault, or takes it away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TrustVault {
    /// The vault.
    pub name: String,
    /// 40 hex digits; `None` takes the anchor away: the next open is a first use.
    #[serde(default)]
    pub fingerprint: Option<String>,
}
call!(TrustVault, "vault trust", Job, Done);

/// Seals the state of an old snapshot as the newest. Nothing is taken away; no session may be open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevertVault {
    /// The vault; `None` is the default one.
    #[serde(default)]
    pub name: Option<String>,
    /// The file name of the snapshot to go back to.
    pub snapshot: String,
    /// How to open the vault.
    #[serde(flatten)]
    pub unlock: Unlock,
}
call!(RevertVault, "vault revert", Job, Reverted);

/// An old state is the newest again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// The vault.
    pub vault: String,
    /// The snapshot whose state it is.
    pub to: String,
    /// The new snapshot.
    pub snapshot: Snapshot,
}

/// Checks the newest snapshot, or all: each opens, holds the trusted master key, signs and decrypts;
/// audit logs and lineage fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckVault {
    /// The vault; `None` is the default one.
    #[serde(default)]
    pub name: Option<String>,
    /// Every snapshot, not only the newest.
    #[serde(default)]
    pub all: bool,
    /// Every snapshot, and each audit log has to be how the newest one begins.
    #[serde(default)]
    pub deep: bool,
    /// How to open the vault.
    #[serde(flatten)]
    pub unlock: Unlock,
}
call!(CheckVault, "vault check", Job, CheckedVault);

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedVault {
    /// The vault.
    pub vault: String,
    /// The snapshots that were checked, oldest first.
    pub snapshots: Vec<CheckedSnapshot>,
    /// What is wrong with the vault as a whole.
    pub problems: Vec<String>,
    /// Files that look like a part of the vault and are none.
    pub foreign: Vec<ForeignFile>,
    /// Heads besides the one that opens.
    pub heads: Vec<String>,
}

/// A snapshot that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedSnapshot {
    /// Its file name.
    pub file_name: String,
    /// Its master key; nothing in one from before there was a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master_fp: Option<String>,
    /// How many of its keys signed a test message.
    pub signed: u64,
    /// How many of its keys decrypted one.
    pub decrypted: u64,
    /// Why it could not be checked, which is no fault of its: it was sealed under another passphrase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// What is wrong with it; nothing if all is well.
    pub problems: Vec<String>,
}

impl CheckedVault {
    /// How many things are wrong.
    pub fn problems(&self) -> usize {
        self.problems.len() + self.snapshots.iter().map(|s| s.problems.len()).sum::<usize>()
    }
}
