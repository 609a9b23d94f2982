//! Why a session refuses or fails, and what to do next.

use std::path::PathBuf;

use gpgsmith_vault::{OpenError, SealError, WorkdirError, atomic::PathError};

use super::{ephemeral::Ephemeral, heads::Refusal, seen::SeenError, trust::MasterKeyMismatch};
use crate::home::{lineage::LineageError, settings::SettingsError};

/// Why a session cannot be opened, or refuses or fails at what was asked of it. The session, or
/// what was on disk, is as it was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// It has ended.
    #[error("the session has ended")]
    Closed,
    /// It is open for reading only.
    #[error("the vault {vault} is open for reading only: {why}")]
    ReadOnly {
        /// The vault.
        vault: String,
        /// Why.
        why: ReadOnly,
    },
    /// A live process of this machine holds the vault.
    #[error("the vault {vault} is open in another process of this machine")]
    Busy {
        /// The vault.
        vault: String,
    },
    /// A live session of the Go program seems to hold it.
    #[error(
        "{host} seems to be working on the vault {vault} right now: last heartbeat {heartbeat}"
    )]
    Live {
        /// The vault.
        vault: String,
        /// This host, by its sidecar.
        host: String,
        /// When it was last heard of.
        heartbeat: jiff::Timestamp,
    },
    /// There is unfinished work of this machine.
    #[error("there is unfinished work on the vault {vault}")]
    Unfinished {
        /// The vault.
        vault: String,
        /// What was found, newest first.
        found: Vec<Ephemeral>,
    },
    /// Only a sidecar is there.
    #[error("{} stands alone: its session never changed anything, so there is nothing to resume", info.display())]
    NothingToResume {
        /// The sidecar.
        info: PathBuf,
    },
    /// The directory holds no snapshot.
    #[error("no snapshots found in {}", dir.display())]
    NoSnapshots {
        /// The vault directory.
        dir: PathBuf,
    },
    /// There is no snapshot of that name.
    #[error("the vault has no snapshot {0}")]
    NoSuchSnapshot(String),
    /// It is the only head, so there is nothing to go back from.
    #[error("{0} is the newest snapshot already")]
    AlreadyNewest(String),
    /// The newest snapshot cannot be read.
    #[error("the newest snapshot of the vault {vault} is damaged")]
    Damaged {
        /// The vault.
        vault: String,
        /// The one before it, which may still open.
        before: Option<String>,
        /// What is wrong with it.
        source: OpenError,
    },
    /// A snapshot or state file does not open.
    #[error("cannot open the vault {vault}")]
    Open {
        /// The vault.
        vault: String,
        /// Why.
        source: OpenError,
    },
    /// A snapshot or state file could not be written.
    #[error("cannot write the vault {vault}")]
    Seal {
        /// The vault.
        vault: String,
        /// Why.
        source: SealError,
    },
    /// There is nowhere in RAM to open it into.
    #[error(transparent)]
    Workdir(#[from] WorkdirError),
    /// gpg or its agent.
    #[error(transparent)]
    Gpg(#[from] gpgsmith_gpg::Error),
    /// A file or directory.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The lineage in the vault.
    #[error(transparent)]
    Lineage(#[from] LineageError),
    /// The settings in the vault.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The audit log cannot be written.
    #[error("cannot write the audit log")]
    Append(#[from] gpgsmith_audit::AppendError),
    /// The audit log cannot be read.
    #[error("cannot read the audit log")]
    Audit(#[from] gpgsmith_audit::LoadError),
    /// Not what this machine has seen, nor its successor.
    #[error("refused to open the vault {vault}")]
    Refused {
        /// The vault.
        vault: String,
        /// Why.
        #[source]
        why: Refusal,
    },
    /// What this machine has seen cannot be told.
    #[error(transparent)]
    Seen(#[from] SeenError),
    /// Not the trusted key.
    #[error("refused to open the vault {}", .0.vault_name)]
    Mismatch(#[from] MasterKeyMismatch),
    /// A secret part that the lineage promises is gone.
    #[error("the secret part of {} is no longer in the vault {vault}", keys.join(", "))]
    SecretLost {
        /// The vault.
        vault: String,
        /// Fingerprint or keygrips.
        keys: Vec<String>,
    },
    /// A step would have keys ask for a mode of encryption that only some programs read.
    #[error("the step lets the keys of {} in the vault {vault} ask for OCB", keys.join(", "))]
    AsksForAead {
        /// The vault.
        vault: String,
        /// Fingerprints of primary keys.
        keys: Vec<String>,
    },
    /// Another machine has sealed meanwhile.
    #[error("another machine has sealed {} since this session began", arrived.join(", "))]
    Diverged {
        /// The vault.
        vault: String,
        /// The snapshots that are not behind this session.
        arrived: Vec<String>,
    },
    /// The decrypted files are gone, or fewer than they were (logind empties /dev/shm at logout).
    #[error("the open vault has lost files in {}: {}", home.display(), missing.join(", "))]
    HomeGone {
        /// Where it was open.
        home: PathBuf,
        /// What is missing.
        missing: Vec<String>,
    },
    /// No name is left for a snapshot.
    #[error("no later snapshot name is left")]
    NoNameLeft,
    /// A task of ours broke down.
    #[error("an internal task broke down")]
    Task(#[from] tokio::task::JoinError),
}

/// Why a session refuses every step and seal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadOnly {
    /// It was asked for.
    #[error("it was opened so")]
    Asked,
    /// It is an older snapshot.
    #[error("{0} is not the newest snapshot")]
    Older(String),
    /// The newest snapshot is dated more than 48 hours ahead.
    #[error("its newest snapshot is dated {0}, which is in the future")]
    Future(jiff::Timestamp),
    /// It holds a key, and nothing says that this is the master.
    #[error("nothing says which key is the master: {}", .0.join(", "))]
    Unnamed(Vec<String>),
}
