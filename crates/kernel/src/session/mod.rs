//! Sessions: a vault opened into RAM, changed step by step, flushed after each, sealed at the end.

pub mod check;
mod claim;
mod copy;
mod ending;
pub mod ephemeral;
pub mod error;
mod evidence;
pub mod heads;
mod heartbeat;
mod hints;
pub mod host;
mod keyring;
mod look;
#[cfg(test)]
mod model;
mod open;
mod opening;
mod orphans;
pub mod pairs;
mod reads;
mod recall;
pub mod revert;
mod sealed_step;
pub mod seen;
pub mod state;
mod step;
pub mod trust;
mod work;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use gpgsmith_gpg::Fingerprint;
use gpgsmith_vault::{Key, Snapshot, SnapshotName, Store, WorkdirOptions, registry::Entry};
use jiff::Timestamp;
use secrecy::SecretString;

pub(crate) use self::hints::path_code;
pub use self::{
    copy::Copied,
    error::{ReadOnly, SessionError},
    sealed_step::{NewLock, SealedStep, Secrets},
    step::{Change, Home},
    write::SealedSnapshot,
};
use self::{
    ephemeral::{Ephemeral, LockSource},
    host::HostName,
    state::StateDir,
    work::Work,
};
use crate::{
    api,
    clock::{Clock, SystemClock},
};

/// A vault and what opens it.
#[derive(Clone, Debug)]
pub struct Vault {
    /// Its directory.
    pub store: Store,
    /// Its passphrase or identities.
    pub key: Key,
    /// Its passphrase, which is that of the keys in it too unless they have one of their own;
    /// `None` for a vault with identities.
    pub passphrase: Option<SecretString>,
}

/// How a session is opened.
#[derive(Clone, Debug)]
pub struct SessionOpts {
    /// The face that opens it.
    pub source: LockSource,
    /// How often the sidecar is refreshed; `None` is [`ephemeral::DEFAULT_HEARTBEAT_INTERVAL`].
    pub heartbeat_interval: Option<Duration>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The host name in file names and sidecars.
    pub host: HostName,
    /// What this machine keeps: locks, its id.
    pub state: StateDir,
    /// The gpg program; `None` is the one in `PATH`.
    pub gpg: Option<PathBuf>,
    /// Where in RAM it is opened.
    pub workdir: WorkdirOptions,
    /// Refuses every step and seal, holds no lock and leaves no pair.
    pub read_only: bool,
    /// Opens this snapshot, for reading only, instead of the newest.
    pub snapshot: Option<SnapshotName>,
    /// What to do with unfinished work of this machine.
    pub unfinished: OnUnfinished,
    /// What of the newest snapshot is accepted though it is not as it should be.
    pub accept: Accept,
    /// The largest scrypt work factor that is accepted; 20 needs 1 GiB of memory.
    pub max_work_factor: u8,
}

/// What [`Session::open`] does when there is unfinished work of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnUnfinished {
    /// Fails with [`SessionError::Unfinished`], so that the user can be asked.
    #[default]
    Report,
    /// Removes what the user was told of and has confirmed, once the passphrase is proven. If
    /// there is more, all of it is reported once more, and nothing is removed.
    Discard(Vec<Ephemeral>),
}

impl OnUnfinished {
    /// Whether the user has confirmed that all of `found` goes.
    fn confirms(&self, found: &[Ephemeral]) -> bool {
        match self {
            Self::Report => found.is_empty(),
            Self::Discard(confirmed) => found.iter().all(|pair| confirmed.contains(pair)),
        }
    }
}

/// What the user says is right, though it does not look so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    /// The newest snapshot is the only head, whatever this machine saw last.
    pub rollback: bool,
    /// It may be dated more than 48 hours ahead.
    pub future: bool,
}

impl SessionOpts {
    /// The defaults of a face, on the system's clock.
    pub fn new(source: LockSource, state: StateDir) -> Self {
        Self {
            source,
            heartbeat_interval: None,
            clock: Arc::new(SystemClock),
            host: HostName::of_system(),
            state,
            gpg: None,
            workdir: WorkdirOptions::default(),
            read_only: false,
            snapshot: None,
            unfinished: OnUnfinished::default(),
            accept: Accept::default(),
            max_work_factor: 20,
        }
    }
}

/// A session, and what was found out while it was opened.
#[derive(Debug)]
pub struct OpenSessionResult {
    /// The session.
    pub session: Session,
    /// The master key, when the registry has no anchor yet: the caller shows and records it.
    pub tofu_fingerprint: Option<Fingerprint>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// Time after which a session is put to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without work.
    pub idle: Duration,
    /// In any case.
    pub absolute: Option<Duration>,
}

/// An open vault.
///
/// Steps, reads and endings are serial: each holds the inner lock from its begin to its end.
/// Dropping a session wipes the decrypted files and leaves the ephemeral pair for a resume;
/// only [`Session::seal`], [`Session::checkpoint`] and [`Session::discard`] delete it.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    heartbeat: tokio::task::JoinHandle<()>,
}

/// gpg's listing, shared by whoever reads it.
type Listing = Arc<Vec<gpgsmith_gpg::Certificate>>;

/// What a session shares with its heartbeat.
#[derive(Debug)]
struct Shared {
    store: Store,
    /// `vault passwd` and `vault recipients` change what opens it.
    vault: Mutex<Vault>,
    entry: Entry,
    opts: SessionOpts,
    id: String,
    started_at: Timestamp,
    limits: Limits,
    read_only: Option<ReadOnly>,
    generation: AtomicU64,
    /// The generation of the state on disk.
    flushed: AtomicU64,
    /// The generation of the newest snapshot.
    sealed: AtomicU64,
    closed: AtomicBool,
    /// What opens the keys in the vault, once it is known.
    key_passphrase: Mutex<Option<SecretString>>,
    /// What can be said without waiting for a step to end.
    brief: Mutex<Brief>,
    /// Where the sidecar is, and the right to write it; `None` when there is none (any more).
    sidecar: tokio::sync::Mutex<Option<PathBuf>>,
    /// `None` once it has ended.
    work: tokio::sync::Mutex<Option<Work>>,
}

#[derive(Clone, Debug)]
struct Brief {
    canonical_base: String,
    source_snap: Option<Snapshot>,
    master: Option<Fingerprint>,
    workdir: PathBuf,
    /// The listing of one generation.
    listing: Option<(u64, Listing)>,
}

impl Session {
    /// The vault's name in the registry.
    pub fn vault_name(&self) -> &str {
        &self.shared.entry.name
    }

    /// The vault's directory.
    pub fn vault_dir(&self) -> &Path {
        self.shared.store.dir()
    }

    /// The vault and what opens it.
    pub fn vault(&self) -> Vault {
        self.shared.vault()
    }

    /// The vault's entry in the registry as it was when the session was opened.
    pub fn entry(&self) -> &Entry {
        &self.shared.entry
    }

    /// The passphrase of the keys in it: the vault's own, or what the user gave for them.
    pub fn key_passphrase(&self) -> Option<SecretString> {
        self.shared.key_passphrase()
    }

    /// Remembers the passphrase of the keys until the session ends.
    pub fn set_key_passphrase(&self, passphrase: SecretString) {
        *self.shared.key_passphrase.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(passphrase);
    }

    /// The face that opened it.
    pub fn source(&self) -> &LockSource {
        &self.shared.opts.source
    }

    /// The host name in its files.
    pub fn hostname(&self) -> &str {
        self.shared.opts.host.as_str()
    }

    /// The session's id: 32 hex digits, kept over a resume.
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// Where it is open, in RAM; the GNUPGHOME is `home` inside.
    pub fn workdir(&self) -> PathBuf {
        self.shared.brief().workdir
    }

    /// The snapshot it was opened from or last sealed; `None` after a resume whose snapshot is
    /// gone.
    pub fn source_snap(&self) -> Option<Snapshot> {
        self.shared.brief().source_snap
    }

    /// When it was opened (or resumed).
    pub fn started_at(&self) -> Timestamp {
        self.shared.started_at
    }

    /// The file name of the snapshot that its ephemeral pair is named after.
    pub fn canonical_base(&self) -> String {
        self.shared.brief().canonical_base
    }

    /// The master key; known as soon as it is made.
    pub fn configured_master_fp(&self) -> Option<Fingerprint> {
        self.shared.brief().master
    }

    /// Counts a change of the home that was made past [`Session::step`]; the next heartbeat
    /// flushes it.
    pub fn mark_changed(&self) {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Changes counted so far, resumes included.
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::SeqCst)
    }

    /// Changes that no snapshot holds yet.
    pub fn unsealed(&self) -> u64 {
        self.generation().saturating_sub(self.shared.sealed.load(Ordering::SeqCst))
    }

    /// Whether it was sealed, discarded or put to rest. A failed ending leaves it open.
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Ordering::SeqCst)
    }

    /// Why it refuses every step and seal, if it does.
    pub fn read_only(&self) -> Option<&ReadOnly> {
        self.shared.read_only.as_ref()
    }

    /// When it is put to rest.
    pub fn limits(&self) -> Limits {
        self.shared.limits
    }

    /// Whether the decrypted home has vanished (logind empties /dev/shm at logout).
    pub fn home_gone(&self) -> bool {
        !self.is_closed() && !self.workdir().join("home").is_dir()
    }

    /// The session as faces see it; `idle_at` is the daemon's to fill in.
    pub fn overview(&self) -> api::vault::OpenSession {
        let brief = self.shared.brief();
        api::vault::OpenSession {
            vault: self.vault_name().to_owned(),
            path: self.vault_dir().to_owned(),
            source: self.source().face(),
            hostname: self.hostname().to_owned(),
            started_at: self.started_at(),
            snapshot: brief.canonical_base,
            master_fp: brief.master.map(|master| master.to_string()),
            generation: self.generation(),
            unsealed: self.unsealed(),
            read_only: self.read_only().map(ToString::to_string),
            idle_at: None,
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

impl Shared {
    fn brief(&self) -> Brief {
        self.brief.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_brief(&self, change: impl FnOnce(&mut Brief)) {
        change(&mut self.brief.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn vault(&self) -> Vault {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key_passphrase(&self) -> Option<SecretString> {
        self.key_passphrase.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Refuses a session that is for reading only.
    fn writable(&self) -> Result<(), SessionError> {
        match &self.read_only {
            None => Ok(()),
            Some(why) => {
                Err(SessionError::ReadOnly { vault: self.entry.name.clone(), why: why.clone() })
            }
        }
    }
}
