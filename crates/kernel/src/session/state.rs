//! The state directory: what this machine keeps for itself, never synced.
//!
//! `machine` (its identity), `locks/` (one per open vault), `logs/`, `run/` (the socket, where there is no runtime directory).

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use gpgsmith_vault::atomic::{self, At, FileLock, PathError};

use crate::id::{BadId, MachineId};

/// The state directory of one user on one machine.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
    machine: MachineId,
}

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// No home directory to derive it from.
    #[error("neither XDG_STATE_HOME nor HOME says where the state directory is")]
    Nowhere,
    /// Somebody else owns it.
    #[error("the state directory {path} belongs to uid {owner}, not to uid {ours}")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// Its `machine` file holds something else.
    #[error("{path} does not hold the machine's id")]
    Machine {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: BadId,
    },
    /// It cannot be made or read.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl StateDir {
    /// `$XDG_STATE_HOME/gpgsmith`, else `~/.local/state/gpgsmith`; on macOS
    /// `~/Library/Application Support/gpgsmith`.
    ///
    /// # Errors
    /// [`StateError::Nowhere`].
    pub fn default_path() -> Result<PathBuf, StateError> {
        crate::endpoint::state_path().ok_or(StateError::Nowhere)
    }

    /// Makes it (0700) where it is missing, and the machine's id with it.
    ///
    /// # Errors
    /// It belongs to someone else, cannot be written, or its id is garbled.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StateError> {
        let path = path.into();
        for dir in [path.clone(), path.join("locks"), path.join("logs")] {
            private_dir(&dir)?;
        }
        let machine = machine_id(&path.join("machine"))?;
        Ok(Self { path, machine })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// This machine.
    pub fn machine(&self) -> &MachineId {
        &self.machine
    }

    /// The lock that the running daemon holds.
    pub fn daemon_lock(&self) -> PathBuf {
        self.path.join("daemon.lock")
    }

    /// The daemon's log.
    pub fn log_path(&self) -> PathBuf {
        self.path.join("logs/daemon.log")
    }

    /// Takes the lock of the vault in `dir`, by device and inode, so that no second name of the
    /// directory leads past it. `None`: a live process holds it.
    ///
    /// # Errors
    /// The directory is missing, or the lock file cannot be made.
    pub fn lock_vault(&self, dir: &Path) -> Result<Option<FileLock>, PathError> {
        let meta = fs::metadata(dir).at("look at", dir)?;
        let name = format!("{:x}-{:x}.lock", meta.dev(), meta.ino());
        FileLock::try_acquire(&self.path.join("locks").join(name))
    }
}

fn private_dir(path: &Path) -> Result<(), StateError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).at("create", path)?;
    let meta = fs::metadata(path).at("look at", path)?;
    let ours = nix::unistd::geteuid().as_raw();
    if meta.uid() != ours {
        return Err(StateError::Foreign { path: path.to_owned(), owner: meta.uid(), ours });
    }
    if meta.mode() & 0o077 != 0 {
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(path, private).at("make private", path)?;
    }
    Ok(())
}

fn machine_id(path: &Path) -> Result<MachineId, StateError> {
    match fs::read_to_string(path) {
        Ok(text) => text
            .trim_end()
            .parse()
            .map_err(|source| StateError::Machine { path: path.to_owned(), source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => new_machine_id(path),
        Err(error) => Err(error).at("read", path).map_err(StateError::from),
    }
}

/// Of two processes that make it at once, one wins and both read the winner's.
fn new_machine_id(path: &Path) -> Result<MachineId, StateError> {
    let id = MachineId::random();
    match atomic::create_new(path, format!("{id}\n").as_bytes(), 0o600) {
        Ok(()) => Ok(id),
        Err(error) if error.source.kind() == io::ErrorKind::AlreadyExists => machine_id(path),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_keeps_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateDir::open(dir.path().join("state")).unwrap();
        let again = StateDir::open(dir.path().join("state")).unwrap();
        assert_eq!(first.machine(), again.machine());
        assert_eq!(fs::metadata(first.path()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_garbled_machine_id_is_an_error_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("machine");
        atomic::replace(&path, b"laptop\n", 0o600).unwrap();
        assert!(matches!(StateDir::open(dir.path()), Err(StateError::Machine { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"laptop\n");
    }

    #[test]
    fn two_names_of_one_directory_share_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path().join("state")).unwrap();
        let vault = dir.path().join("vault");
        fs::create_dir(&vault).unwrap();
        std::os::unix::fs::symlink(&vault, dir.path().join("link")).unwrap();
        let held = state.lock_vault(&vault).unwrap();
        assert!(held.is_some());
        assert!(state.lock_vault(&dir.path().join("link")).unwrap().is_none());
        drop(held);
        assert!(state.lock_vault(&vault).unwrap().is_some());
    }
}
