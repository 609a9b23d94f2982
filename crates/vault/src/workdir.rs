//! A private directory in RAM, gone when its owner is.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg},
    libc,
    unistd::Uid,
};

use crate::{
    atomic::{At, PathError, Printable},
    random,
};

const PREFIX: &str = "gpgsmith-";

/// Where to make a [`Workdir`].
#[derive(Clone, Debug, Default)]
pub struct WorkdirOptions {
    /// Instead of the [candidates](parents).
    pub parent: Option<PathBuf>,
    /// Accepts a disk too, and adds the system's temporary directory to the candidates.
    pub allow_disk: bool,
}

/// Why there is no directory.
#[derive(Debug, thiserror::Error)]
pub enum WorkdirError {
    /// None of the candidates is a RAM file system that can be written to.
    #[error("no RAM file system among {tried:?}")]
    NoRamFilesystem {
        /// The candidates, in order.
        tried: Vec<PathBuf>,
    },
    /// The RAM file system is full.
    #[error("no space left in {}", Printable(.path))]
    NoSpace {
        /// The parent directory.
        path: PathBuf,
    },
    /// A directory can't be made.
    #[error(transparent)]
    Path(PathError),
}

/// A directory (0700) with a random name, locked by its owner, in RAM, wiped on drop;
/// [`Workdir::wipe`] also says whether that worked.
#[must_use = "dropping a Workdir wipes it"]
#[derive(Debug)]
pub struct Workdir {
    path: PathBuf,
    /// `None` when it has been wiped. The lock goes after the directory.
    lock: Option<Flock<File>>,
}

impl Workdir {
    /// Takes the first candidate that is a writable RAM file system.
    ///
    /// # Errors
    /// When there is none, it is full, or the directory can't be made.
    pub fn create(options: &WorkdirOptions) -> Result<Self, WorkdirError> {
        let mut tried = options.parent.clone().map_or_else(parents, |parent| vec![parent]);
        if options.allow_disk && options.parent.is_none() {
            tried.push(disk());
        }
        let usable =
            tried.iter().find(|dir| is_writable(dir) && (options.allow_disk || is_ram(dir)));
        match usable {
            Some(parent) => Self::create_in(parent),
            None => Err(WorkdirError::NoRamFilesystem { tried }),
        }
    }

    fn create_in(parent: &Path) -> Result<Self, WorkdirError> {
        loop {
            let name = random::name().at("name a directory in", parent);
            let path = parent.join(format!("{PREFIX}{}", name.map_err(WorkdirError::Path)?));
            let made = fs::DirBuilder::new().mode(0o700).create(&path);
            made.at("create", &path).map_err(|error| match error.source.kind() {
                io::ErrorKind::StorageFull => WorkdirError::NoSpace { path: parent.to_owned() },
                _ => WorkdirError::Path(error),
            })?;
            // A sweep may have come between the two; then another name is tried.
            match own(&path) {
                Ok(Some(lock)) => return Ok(Self { path, lock: Some(lock) }),
                Ok(None) => {}
                Err(error) => {
                    remove(&path).map_err(WorkdirError::Path)?;
                    return Err(WorkdirError::Path(error));
                }
            }
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes the directory and all in it.
    ///
    /// # Errors
    /// When something remains.
    pub fn wipe(mut self) -> Result<(), PathError> {
        self.lock.take().map_or(Ok(()), |_lock| remove(&self.path))
    }
}

impl Drop for Workdir {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.lock.take().map(|_lock| remove(&self.path)) {
            tracing::error!(%error, "decrypted files may remain");
        }
    }
}

/// The directories that are tried, in order: `/dev/shm`, then `$XDG_RUNTIME_DIR`.
pub fn parents() -> Vec<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|dir| dir.is_absolute());
    [PathBuf::from("/dev/shm")].into_iter().chain(runtime).collect()
}

/// Removes the workdirs below `parents` whose owner has died: directories of ours, by name and
/// by user, whose lock is free. Returns those that are gone.
pub fn sweep(parents: &[PathBuf]) -> Vec<PathBuf> {
    let entries = parents.iter().filter_map(|parent| fs::read_dir(parent).ok()).flatten();
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    paths.filter(|path| is_workdir(path) && sweep_one(path)).collect()
}

fn sweep_one(path: &Path) -> bool {
    let swept = own(path).and_then(|lock| match lock {
        Some(_lock) => remove(path).map(|()| true),
        None => Ok(false),
    });
    swept.unwrap_or_else(|error| {
        tracing::warn!(%error, "a dead owner's directory remains");
        false
    })
}

/// By its name, its type and its owner.
fn is_workdir(path: &Path) -> bool {
    let is_ours =
        |metadata: fs::Metadata| metadata.is_dir() && metadata.uid() == Uid::effective().as_raw();
    path.file_name()
        .and_then(|name| name.to_str()?.strip_prefix(PREFIX))
        .is_some_and(random::is_name)
        && path.symlink_metadata().is_ok_and(is_ours)
}

/// Locks a directory; `None` when another has it, or it is gone.
fn own(path: &Path) -> Result<Option<Flock<File>>, PathError> {
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW | libc::O_CLOEXEC;
    let dir = match fs::OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        dir => dir.at("open", path)?,
    };
    match Flock::lock(dir, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(is_still(path, &lock).then_some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(io::Error::from(error)).at("lock", path),
    }
}

/// Whether `path` leads to the very directory that was opened.
fn is_still(path: &Path, dir: &File) -> bool {
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (path.symlink_metadata(), dir.metadata()) {
        (Ok(named), Ok(opened)) => id(named) == id(opened),
        _ => false,
    }
}

fn remove(path: &Path) -> Result<(), PathError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.at("remove", path),
    }
}

fn is_writable(dir: &Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    access(dir, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
}

#[cfg(target_os = "linux")]
fn is_ram(dir: &Path) -> bool {
    use nix::sys::statfs::{FsType, TMPFS_MAGIC, statfs};
    /// From linux/magic.h.
    const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);
    statfs(dir).is_ok_and(|fs| [TMPFS_MAGIC, RAMFS_MAGIC].contains(&fs.filesystem_type()))
}

#[cfg(not(target_os = "linux"))]
fn is_ram(_: &Path) -> bool {
    false
}

#[expect(clippy::disallowed_methods, reason = "a disk was asked for")]
fn disk() -> PathBuf {
    std::env::temp_dir()
}
