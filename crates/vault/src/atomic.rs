//! Files that are there whole or not at all, also after a power cut, and locks between processes.
//!
//! Everything is written beside its target under a name that starts with `.gpgsmith-`, synced,
//! and put in place by one rename. `sync_all` is `F_FULLFSYNC` on macOS.

mod lock;

use std::{
    fmt,
    fs::{self, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::{errno::Errno, unistd::Uid};

pub use self::lock::FileLock;
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

    /// Whether there is no room for it: on the disk, or within the user's quota.
    pub fn is_full(&self) -> bool {
        matches!(self.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
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
/// As of [`Temp::replace`].
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    written(None, path, bytes, mode)?.replace(path)
}

/// Puts a file of `bytes` with permissions `mode` at `path`, where nothing may be yet.
///
/// # Errors
/// As of [`Temp::create_new`].
pub fn create_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    written(None, path, bytes, mode)?.create_new(path)
}

/// As [`replace`], where what a crash leaves can be told to be this writer's; see [`sweep`].
///
/// # Errors
/// As of [`Temp::replace`].
pub fn replace_by(writer: &str, path: &Path, bytes: &[u8], mode: u32) -> Result<(), PathError> {
    written(Some(writer), path, bytes, mode)?.replace(path)
}

fn written(writer: Option<&str>, path: &Path, bytes: &[u8], mode: u32) -> Result<Temp, PathError> {
    let temp = Temp::beside_by(writer, path, mode)?;
    temp.file().write_all(bytes).at("write", temp.path())?;
    Ok(temp)
}

/// A directory that is open before the names in it change: what opening lacks must not be found
/// out afterwards.
struct Directory<'a> {
    file: File,
    path: &'a Path,
}

impl<'a> Directory<'a> {
    fn open(path: &'a Path) -> Result<Self, PathError> {
        Ok(Self { file: File::open(path).at("open", path)?, path })
    }

    /// Makes the names in it durable; a file system that can't do that has nothing to do.
    fn sync(&self) -> Result<(), PathError> {
        let synced = self.file.sync_all();
        let is_unknown = |error: &io::Error| error.raw_os_error() == Some(Errno::EINVAL as i32);
        if synced.as_ref().is_err_and(is_unknown) {
            return Ok(());
        }
        synced.at("sync", self.path)
    }
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
        Self::beside_by(None, target, mode)
    }

    /// The same, with who writes in its name.
    ///
    /// # Errors
    /// As [`Temp::beside`].
    pub fn beside_by(writer: Option<&str>, target: &Path, mode: u32) -> Result<Self, PathError> {
        let name = random::name().at("name a file beside", target)?;
        let path = directory_of(target).join(temp_prefix(writer) + &name);
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
    /// Nothing has changed, except where the file system cannot exchange two files and it was the
    /// directory that could not be synced.
    pub fn replace(mut self, target: &Path) -> Result<(), PathError> {
        self.file.sync_all().at("sync", &self.path)?;
        let dir = Directory::open(directory_of(target))?;
        let there = target.symlink_metadata();
        if there.as_ref().is_ok_and(Metadata::is_file) {
            match exchange(&self.path, target) {
                Err(error) if error.kind() == ErrorKind::Unsupported => {}
                exchanged => {
                    exchanged.at("put in place", target)?;
                    // What was there has the temporary name until the new file is durable.
                    return dir.sync().inspect_err(|_| undo(target, exchange(&self.path, target)));
                }
            }
        }
        fs::rename(&self.path, target).at("put in place", target)?;
        self.is_placed = true;
        dir.sync().inspect_err(|_| {
            if there.is_err() {
                undo(target, fs::remove_file(target));
            }
        })
    }

    /// Syncs it and puts it at `target`, where nothing may be yet; then syncs the directory.
    ///
    /// # Errors
    /// `AlreadyExists` when something is there; `Unsupported` when the file system can neither
    /// rename without replacing nor link. Nothing has changed.
    pub fn create_new(mut self, target: &Path) -> Result<(), PathError> {
        self.file.sync_all().at("sync", &self.path)?;
        let dir = Directory::open(directory_of(target))?;
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
        dir.sync().inspect_err(|_| undo(target, fs::remove_file(target)))
    }
}

/// After a name could not be made durable: nobody is to find it, since nobody was told of it.
fn undo(target: &Path, undone: io::Result<()>) {
    if let Err(error) = undone {
        tracing::warn!(path = %target.display(), %error, "a change that failed cannot be undone");
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if self.is_placed {
            return;
        }
        // Once more, where it was interrupted.
        let removed = fs::remove_file(&self.path).or_else(|_| fs::remove_file(&self.path));
        if let Err(error) = removed {
            tracing::warn!(path = %self.path.display(), %error, "an unfinished file remains");
        }
    }
}

/// `Unsupported` where the kernel or the file system has no such rename.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn rename_exclusively(from: &Path, to: &Path) -> io::Result<()> {
    renamed(from, to, nix::fcntl::RenameFlags::RENAME_NOREPLACE)
}

/// Gives each of two files the other's name; `Unsupported` as above.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    renamed(one, other, nix::fcntl::RenameFlags::RENAME_EXCHANGE)
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn renamed(from: &Path, to: &Path, flags: nix::fcntl::RenameFlags) -> io::Result<()> {
    use nix::fcntl::{AT_FDCWD, renameat2};
    renameat2(AT_FDCWD, from, AT_FDCWD, to, flags).map_err(|errno| match errno {
        Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP => ErrorKind::Unsupported.into(),
        other => other.into(),
    })
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn rename_exclusively(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
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

fn temp_prefix(writer: Option<&str>) -> String {
    writer.map_or_else(|| TEMP_PREFIX.to_owned(), |writer| format!("{TEMP_PREFIX}{writer}-"))
}

/// Removes what `writer` has left unfinished in `dir`: regular files of this user's whose names say
/// so. Only for who knows that this writer writes nothing there at the moment; what others write is
/// told by its name, be it that a sync service has brought it. Returns the names.
///
/// # Errors
/// When the directory can't be read, or a file not removed.
pub fn sweep(writer: &str, dir: &Path) -> Result<Vec<String>, PathError> {
    let prefix = temp_prefix(Some(writer));
    let mut swept = Vec::new();
    for entry in fs::read_dir(dir).at("list", dir)? {
        let entry = entry.at("list", dir)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_ours = |meta: Metadata| meta.is_file() && meta.uid() == Uid::effective().as_raw();
        if name.strip_prefix(&prefix).is_some_and(random::is_name)
            && entry.metadata().is_ok_and(is_ours)
        {
            fs::remove_file(entry.path()).at("remove", &entry.path())?;
            swept.push(name);
        }
    }
    Ok(swept)
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
    fn only_what_a_writer_has_left_is_swept() {
        let dir = dir();
        let left = |writer: Option<&str>| {
            let mut temp = Temp::beside_by(writer, &dir.path().join("file"), 0o600).unwrap();
            temp.is_placed = true; // as a crash leaves it
            temp.path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        let mine = left(Some("0a1b2c3d"));
        let mut others = [left(Some("ffffffff")), left(None), ".gpgsmith-0a1b2c3d-x".to_owned()];
        fs::hard_link(dir.path().join(&mine), dir.path().join(&others[2])).unwrap();
        let elsewhere = dir.path().join("file");
        let link = format!("{}-{}", ".gpgsmith-0a1b2c3d", "a".repeat(16));
        std::os::unix::fs::symlink(&elsewhere, dir.path().join(&link)).unwrap();
        assert_eq!(sweep("0a1b2c3d", dir.path()).unwrap(), [mine]);
        let mut there = names(dir.path());
        there.retain(|name| *name != link);
        there.sort();
        others.sort();
        assert_eq!(there, others);
    }

    #[test]
    fn a_failure_names_the_path_on_one_line() {
        let error = replace(Path::new("/nowhere/a\nb/file"), b"", 0o600).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("cannot create /nowhere/a\\nb/.gpgsmith-"), "{text}");
    }
}
