//! Files that are there whole or not at all, also after a power cut, and locks between processes.
//!
//! Everything is written beside its target under a name that starts with `.gpgsmith-`, synced,
//! and put in place by one rename. `sync_all` is `F_FULLFSYNC` on macOS.

use std::{
    fmt,
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::errno::Errno;

use crate::random;

/// An operation on a file that failed: what was being done, to which path, and why.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", Printable(.path))]
pub struct PathError {
    /// A verb phrase: `open`, `put in place`.
    pub doing: &'static str,
    /// What it was done to.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl PathError {
    /// The kind of the system's answer.
    pub fn kind(&self) -> ErrorKind {
        self.source.kind()
    }
}

/// A path on one line: control characters are escaped.
pub(crate) struct Printable<'a>(pub(crate) &'a Path);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// Adds the path to an error of the system.
pub trait At<T> {
    /// `fs::rename(&temp, &target).at("put in place", &target)?`
    ///
    /// # Errors
    /// The same ones, with `doing` and `path`.
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PathError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PathError> {
        self.map_err(|source| PathError { doing, path: path.to_owned(), source: source.into() })
    }
}

/// Puts a file of `bytes` with permissions `mode` at `path`, instead of what is there.
///
/// # Errors
/// Nothing has changed, except when it was the directory that could not be synced.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    written(path, bytes, mode)?.replace(path)
}

/// Puts a file of `bytes` with permissions `mode` at `path`, where nothing may be yet.
///
/// # Errors
/// As of [`Temp::create_new`].
pub fn create_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    written(path, bytes, mode)?.create_new(path)
}

fn written(path: &Path, bytes: &[u8], mode: u32) -> Result<Temp, PathError> {
    let temp = Temp::beside(path, mode)?;
    temp.file().write_all(bytes).at("write", temp.path())?;
    Ok(temp)
}

/// Makes the names in `dir` durable; a file system that can't sync directories has nothing to do.
///
/// # Errors
/// When `dir` can't be opened or the device fails.
pub fn sync_dir(dir: &Path) -> Result<(), PathError> {
    let synced = File::open(dir).at("open", dir)?.sync_all();
    let is_unknown = |error: &io::Error| error.raw_os_error() == Some(Errno::EINVAL as i32);
    if synced.as_ref().is_err_and(is_unknown) {
        return Ok(());
    }
    synced.at("sync", dir)
}

/// An unfinished file in the directory of its target; removed when dropped before it was put in
/// place.
#[must_use = "dropping a Temp removes the file"]
#[derive(Debug)]
pub struct Temp {
    file: File,
    path: PathBuf,
    is_placed: bool,
}

impl Temp {
    /// Makes one with permissions `mode`, whatever the umask says.
    ///
    /// # Errors
    /// When `target`'s directory does not exist or can't be written.
    pub fn beside(target: &Path, mode: u32) -> Result<Self, PathError> {
        let name = random::name().at("name a file beside", target)?;
        let path = directory_of(target).join(TEMP_PREFIX.to_owned() + &name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .at("create", &path)?;
        let temp = Self { file, path, is_placed: false };
        let set = temp.file.set_permissions(Permissions::from_mode(mode));
        set.at("set the permissions of", &temp.path)?;
        Ok(temp)
    }

    /// For reading and writing; the position is where the last of these left it.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is for now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs it and puts it at `target`, instead of what is there; then syncs the directory.
    ///
    /// # Errors
    /// Nothing has changed, except when it was the directory that could not be synced.
    pub fn replace(mut self, target: &Path) -> Result<(), PathError> {
        self.file.sync_all().at("sync", &self.path)?;
        fs::rename(&self.path, target).at("put in place", target)?;
        self.is_placed = true;
        sync_dir(directory_of(target))
    }

    /// Syncs it and puts it at `target`, where nothing may be yet; then syncs the directory.
    ///
    /// # Errors
    /// `AlreadyExists` when something is there; `Unsupported` when the file system can neither
    /// rename without replacing nor link. Nothing has changed, except when it was the directory
    /// that could not be synced.
    pub fn create_new(mut self, target: &Path) -> Result<(), PathError> {
        self.file.sync_all().at("sync", &self.path)?;
        match rename_exclusively(&self.path, target) {
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                link_exclusively(&self.path, target).at("put in place", target)?;
            }
            renamed => {
                renamed.at("put in place", target)?;
                self.is_placed = true;
            }
        }
        drop(self);
        sync_dir(directory_of(target))
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if self.is_placed {
            return;
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished file remains");
        }
    }
}

/// `Unsupported` where the kernel or the file system has no such rename.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn rename_exclusively(from: &Path, to: &Path) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
    let done = renameat2(AT_FDCWD, from, AT_FDCWD, to, RenameFlags::RENAME_NOREPLACE);
    done.map_err(|errno| match errno {
        Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP => ErrorKind::Unsupported.into(),
        other => other.into(),
    })
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn rename_exclusively(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Gives the file a second name, the first being removed by its owner; `Unsupported` on FAT
/// and the like.
fn link_exclusively(from: &Path, to: &Path) -> io::Result<()> {
    fs::hard_link(from, to).map_err(|error| match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::ENOSYS | Errno::EOPNOTSUPP) => {
            io::Error::new(ErrorKind::Unsupported, error)
        }
        _ => error,
    })
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What the name of every unfinished file starts with.
pub(crate) const TEMP_PREFIX: &str = ".gpgsmith-";

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

    fn names(dir: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        fs::read_dir(dir).unwrap().map(|e| name(e).into_string().unwrap()).collect()
    }

    #[test]
    fn replaces_bytes_and_permissions_and_leaves_nothing_else() {
        let dir = dir();
        let path = dir.path().join("file");
        replace(&path, b"one", 0o644).unwrap();
        replace(&path, b"two", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn a_new_file_never_replaces_one() {
        let dir = dir();
        let path = dir.path().join("file");
        create_new(&path, b"one", 0o600).unwrap();
        let error = create_new(&path, b"two", 0o600).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(dir.path()), ["file"]);
    }

    #[test]
    fn linking_never_replaces_either() {
        let dir = dir();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        create_new(&from, b"one", 0o600).unwrap();
        link_exclusively(&from, &to).unwrap();
        assert_eq!(link_exclusively(&from, &to).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[test]
    fn a_dropped_temp_is_gone_and_was_ours_by_name() {
        let dir = dir();
        let temp = Temp::beside(&dir.path().join("file"), 0o600).unwrap();
        let [name] = names(dir.path()).try_into().unwrap();
        assert!(name.strip_prefix(TEMP_PREFIX).is_some_and(|random| random.len() == 16), "{name}");
        drop(temp);
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn a_failure_names_the_path_on_one_line() {
        let error = replace(Path::new("/nowhere/a\nb/file"), b"", 0o600).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("cannot create /nowhere/a\\nb/.gpgsmith-"), "{text}");
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
        assert_eq!(names(dir.path()), ["lock"]);
    }
}
