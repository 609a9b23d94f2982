use std::{
    fs::{File, OpenOptions, TryLockError},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{At, PathError};

/// A lock between processes, held until dropped or until the process ends.
///
/// It is a `flock` on a file of its own, which stays behind, empty: whoever replaces a file
/// atomically can't lock that file itself. Programs that this one starts don't inherit it.
#[must_use = "dropping a FileLock releases it"]
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl Drop for FileLock {
    /// Unlocks rather than only closes: between its fork and its exec, a program that is being
    /// started holds a copy of the descriptor, and with it the lock.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "a lock was not released before its file was closed");
        }
    }
}

impl FileLock {
    /// Waits until nobody else holds `path`, which is created where it is missing.
    ///
    /// # Errors
    /// When `path` can't be opened, is a symbolic link, or can't be locked.
    pub fn acquire(path: &Path) -> Result<Self, PathError> {
        let file = open_lock(path)?;
        loop {
            match file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                locked => {
                    locked.at("lock", path)?;
                    return Ok(Self { file });
                }
            }
        }
    }

    /// `None` when somebody else holds it.
    ///
    /// # Errors
    /// As of [`FileLock::acquire`].
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, PathError> {
        let file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source).at("lock", path),
        }
    }
}

/// Close-on-exec is what std always sets.
fn open_lock(path: &Path) -> Result<File, PathError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .at("open the lock", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_lock_has_one_holder() {
        let dir = dir();
        let path = dir.path().join("lock");
        let held = FileLock::acquire(&path).unwrap();
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        drop(held);
        assert!(FileLock::try_acquire(&path).unwrap().is_some());
    }

    #[test]
    fn a_lock_follows_no_link() {
        let dir = dir();
        let path = dir.path().join("lock");
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &path).unwrap();
        assert!(FileLock::acquire(&path).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
