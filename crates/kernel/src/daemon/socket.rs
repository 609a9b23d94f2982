//! The listening socket: bound where nobody else can bind, gone when the daemon is.

use std::{
    fs, io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use gpgsmith_vault::atomic::{At, PathError};

use super::DaemonError;
use crate::endpoint;

/// A socket file of ours; dropping it removes it, unless somebody else's is in its place.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    file: (u64, u64),
}

impl Socket {
    /// Binds `path`, in a private directory. Whoever holds the daemon's lock may take away a
    /// socket that a dead daemon left.
    pub(super) fn bind(path: &Path) -> Result<(Self, UnixListener), DaemonError> {
        endpoint::prepare_directory(path)?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).at("remove the stale socket", path).map_err(DaemonError::from);
            }
            _ => {}
        }
        let listener = UnixListener::bind(path).at("listen at", path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).at("make private", path)?;
        listener.set_nonblocking(true).at("listen at", path)?;
        let file = identity(path).at("look at", path)?;
        Ok((Self { path: path.to_owned(), file }, listener))
    }

    /// Whether the file is still there. At logout the system removes it.
    pub(super) fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|file| file == self.file)
    }

    fn remove(&self) -> Result<(), PathError> {
        if self.is_there() { fs::remove_file(&self.path).at("remove", &self.path) } else { Ok(()) }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            tracing::warn!(%error, "the socket stays behind");
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|meta| (meta.dev(), meta.ino()))
}
