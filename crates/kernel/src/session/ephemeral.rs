//! Ephemeral pairs: the encrypted state of unfinished work, and its plaintext sidecar.
//!
//! `<snapshot>.session-<host>` and `<snapshot>.session-<host>.info`, readable and writable in both
//! directions with the Go program; `machine` and `session` are ours, and it drops them.

use std::{
    fmt::{self, Write as _},
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use gpgsmith_vault::{
    ForeignKind, SnapshotName,
    atomic::{self, At, PathError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{api::Face, home::scalar, id::MachineId};

/// How often a running session refreshes its sidecar.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(30);

/// The interval of a session whose options name none.
pub const DEFAULT_HEARTBEAT_INTERVAL: Duration = HEARTBEAT_INTERVAL;

/// A session whose last heartbeat is further back than this is presumed dead by others;
/// generous, for a slow sync service and a loaded machine.
pub const STALE_HEARTBEAT_THRESHOLD: Duration = Duration::from_secs(90);

/// A sidecar is a few lines; more than this is not one.
const MAX_INFO: u64 = 64 * 1024;

/// What a sidecar says about its session; words of later programs survive a read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum EphemeralStatus {
    /// A daemon is presumed to be running it.
    Active,
    /// Put to rest; its state is on disk.
    IdleSealed,
    /// A word that this program does not know.
    Other(String),
}

impl EphemeralStatus {
    /// The word in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::IdleSealed => "idle-sealed",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for EphemeralStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "active" => Self::Active,
            "idle-sealed" => Self::IdleSealed,
            _ => Self::Other(word),
        }
    }
}

impl From<EphemeralStatus> for String {
    fn from(status: EphemeralStatus) -> Self {
        status.as_str().to_owned()
    }
}

/// Which face opened a session; for information only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum LockSource {
    /// The command line.
    Cli,
    /// The web UI.
    Ui,
    /// The terminal UI.
    Tui,
    /// A word that this program does not know.
    Other(String),
}

impl LockSource {
    /// The word in the file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Cli => "cli",
            Self::Ui => "ui",
            Self::Tui => "tui",
            Self::Other(word) => word,
        }
    }

    /// The face it names; the command line for a word that is not known.
    pub fn face(&self) -> Face {
        match self {
            Self::Ui => Face::Ui,
            Self::Tui => Face::Tui,
            Self::Cli | Self::Other(_) => Face::Cli,
        }
    }
}

impl From<Face> for LockSource {
    fn from(face: Face) -> Self {
        match face {
            Face::Cli => Self::Cli,
            Face::Ui => Self::Ui,
            Face::Tui => Self::Tui,
        }
    }
}

impl From<String> for LockSource {
    fn from(word: String) -> Self {
        match word.as_str() {
            "cli" => Self::Cli,
            "ui" => Self::Ui,
            "tui" => Self::Tui,
            _ => Self::Other(word),
        }
    }
}

impl From<LockSource> for String {
    fn from(source: LockSource) -> Self {
        source.as_str().to_owned()
    }
}

/// The content of a sidecar, which anybody who can read the vault directory can read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EphemeralInfo {
    /// The host that the session runs on.
    pub hostname: String,
    /// The face that opened it.
    pub source: LockSource,
    /// When it was opened.
    pub started_at: Timestamp,
    /// When this was written.
    pub last_heartbeat: Timestamp,
    /// Steps done.
    pub generation: u64,
    /// Running, or put to rest.
    pub status: EphemeralStatus,
    /// The machine; the Go program writes none.
    #[serde(default)]
    pub machine: Option<MachineId>,
    /// The session: 32 hex digits; the Go program writes none.
    #[serde(default)]
    pub session: Option<String>,
}

/// Why a sidecar cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InfoError {
    /// It cannot be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is not a sidecar.
    #[error("{path} is not a session's sidecar")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<serde_saphyr::Error>,
    },
}

impl EphemeralInfo {
    /// Reads the sidecar at `path`, which a stranger may have put there: no link is followed, no
    /// FIFO waited for.
    ///
    /// # Errors
    /// It is missing, not a regular file, or does not parse.
    pub fn read(path: &Path) -> Result<Self, InfoError> {
        let text = crate::home::read_text(path, MAX_INFO).at("read", path)?;
        crate::home::parse(&text)
            .map_err(|source| InfoError::Parse { path: path.to_owned(), source })
    }

    /// Writes it to `path`, atomically and durably, mode 0600.
    ///
    /// # Errors
    /// The file cannot be written; the old one is then still there.
    pub fn write(&self, path: &Path) -> Result<(), PathError> {
        let text = self.to_yaml();
        match &self.machine {
            Some(machine) => atomic::replace_by(machine.short(), path, text.as_bytes(), 0o600),
            None => atomic::replace(path, text.as_bytes(), 0o600),
        }
    }

    /// Whether it was put to rest, rather than left by a crash or still running.
    pub fn is_idle_sealed(&self) -> bool {
        self.status == EphemeralStatus::IdleSealed
    }

    /// Whether its last heartbeat is more than [`STALE_HEARTBEAT_THRESHOLD`] before `now`. One
    /// in the future is not stale.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.last_heartbeat);
        Duration::try_from(age).is_ok_and(|age| age > STALE_HEARTBEAT_THRESHOLD)
    }

    fn to_yaml(&self) -> String {
        let mut text = format!(
            "hostname: {}\nsource: {}\nstarted_at: {}\nlast_heartbeat: {}\ngeneration: {}\nstatus: {}\n",
            scalar(&self.hostname),
            scalar(self.source.as_str()),
            self.started_at,
            self.last_heartbeat,
            self.generation,
            scalar(self.status.as_str()),
        );
        let machine = self.machine.as_ref().map(ToString::to_string);
        for (key, value) in [("machine", &machine), ("session", &self.session)] {
            if let Some(value) = value {
                // Writing to a String cannot fail.
                writeln!(text, "{key}: {}", scalar(value)).unwrap_or_default();
            }
        }
        text
    }
}

/// An ephemeral pair in a vault directory: names and sidecar, nothing decrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ephemeral {
    /// The vault directory.
    pub vault_dir: PathBuf,
    /// The file name of the snapshot that it was opened from.
    pub canonical_base: String,
    /// The encrypted state; `None` if the session never changed anything.
    pub session_path: Option<PathBuf>,
    /// The sidecar.
    pub info_path: PathBuf,
    /// What the sidecar says.
    pub info: EphemeralInfo,
}

impl Ephemeral {
    /// Whether a snapshot newer than its base is among `names`: then others have sealed work
    /// that it does not contain.
    pub fn is_divergent<S: AsRef<str>>(&self, names: &[S]) -> bool {
        names.iter().any(|name| name.as_ref() > self.canonical_base.as_str())
    }

    /// The file name of its state.
    pub fn state_name(&self) -> Option<String> {
        let path = self.session_path.as_ref()?;
        Some(path.file_name()?.to_string_lossy().into_owned())
    }
}

/// The file names (not paths) of the state file and the sidecar of `hostname`'s session on the
/// snapshot `canonical_base`.
pub fn session_filenames_for(canonical_base: &str, hostname: &str) -> (String, String) {
    let state = format!("{canonical_base}.session-{hostname}");
    let info = format!("{state}.info");
    (state, info)
}

/// The snapshot and the host in the name of a state file: the last component of `name`, split
/// at the last `.session-`. The suffix `.info` of a sidecar is not taken off.
pub fn parse_session_filename(name: &str) -> Option<(String, String)> {
    let name = name.rsplit('/').next()?;
    let (base, host) = name.rsplit_once(".session-")?;
    (!base.is_empty() && !host.is_empty()).then(|| (base.to_owned(), host.to_owned()))
}

/// The pairs in `vault_dir`, by host and then newest base last. Sidecars that do not parse are
/// not among them, nor those of another name than their host's: a sync service's copies.
///
/// # Errors
/// The directory cannot be read.
pub fn list_ephemerals(vault_dir: &Path) -> Result<Vec<Ephemeral>, PathError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(vault_dir).at("read", vault_dir)? {
        let entry = entry.at("read", vault_dir)?;
        if let Some(name) = entry.file_name().to_str() {
            found.extend(ephemeral(vault_dir, name));
        }
    }
    found.sort_by(|a, b| {
        (&a.info.hostname, &a.canonical_base).cmp(&(&b.info.hostname, &b.canonical_base))
    });
    Ok(found)
}

/// Names of files in `vault_dir` that look like a part of a pair and are none: a state without its
/// sidecar, a copy under another name.
///
/// # Errors
/// The directory cannot be read.
pub fn list_strays(vault_dir: &Path) -> Result<Vec<String>, PathError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(vault_dir).at("read", vault_dir)? {
        let name = entry.at("read", vault_dir)?.file_name().to_string_lossy().into_owned();
        if name.contains(".session-") {
            names.push(name);
        }
    }
    names.sort();
    let pairs: Vec<String> =
        names.iter().filter(|name| ephemeral(vault_dir, name).is_some()).cloned().collect();
    let has_pair = |name: &String| pairs.contains(name) || pairs.contains(&format!("{name}.info"));
    names.retain(|name| !has_pair(name));
    Ok(names)
}

/// The snapshot in the name of a state file or sidecar that is not a copy of one.
fn base_of(state_name: &str) -> Option<String> {
    let (base, _) = parse_session_filename(state_name)?;
    let is_copy = ForeignKind::of(state_name.as_ref()) == Some(ForeignKind::ConflictCopy);
    (base.parse::<SnapshotName>().is_ok() && !is_copy).then_some(base)
}

fn ephemeral(vault_dir: &Path, info_name: &str) -> Option<Ephemeral> {
    let state_name = info_name.strip_suffix(".info")?;
    let canonical_base = base_of(state_name)?;
    let (_, host) = parse_session_filename(state_name)?;
    let info_path = vault_dir.join(info_name);
    let info = EphemeralInfo::read(&info_path).ok().filter(|info| info.hostname == host)?;
    let state = vault_dir.join(state_name);
    let is_file = fs::symlink_metadata(&state).is_ok_and(|meta| meta.is_file());
    Some(Ephemeral {
        vault_dir: vault_dir.to_owned(),
        canonical_base,
        session_path: is_file.then_some(state),
        info_path,
        info,
    })
}

/// The pair of `hostname` in `vault_dir` that has most to lose: of several, the newest with a
/// state file.
///
/// # Errors
/// The directory cannot be read.
pub fn find_ephemeral_for(
    vault_dir: &Path,
    hostname: &str,
) -> Result<Option<Ephemeral>, PathError> {
    let ours = list_ephemerals(vault_dir)?.into_iter();
    Ok(ours
        .filter(|found| found.info.hostname == hostname)
        .max_by_key(|found| (found.session_path.is_some(), found.canonical_base.clone())))
}

/// Removes a pair; a file that is missing already is fine, and so is no path.
///
/// # Errors
/// A file is there and cannot be removed.
pub fn delete_ephemeral_files(state: Option<&Path>, info: Option<&Path>) -> Result<(), PathError> {
    for path in [state, info].into_iter().flatten() {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).at("remove", path);
            }
            _ => {}
        }
    }
    Ok(())
}

impl fmt::Display for EphemeralStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
