//! An open vault's files, copied to where the user wants them.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use gpgsmith_vault::{
    Kind, Place,
    atomic::{self, At as _, PathError},
};

use super::{Session, SessionError, work::Work};
use crate::home::policy;

/// What was copied, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many files.
    pub files: u64,
    /// Symbolic links, which may lead anywhere and are left out.
    pub links: Vec<PathBuf>,
}

impl Session {
    /// Writes every file that a snapshot would hold to the directory `target`, which is empty or
    /// missing: 0700 and 0600, read back. If it fails, the directory is empty again.
    ///
    /// # Errors
    /// The session has ended, or a file cannot be read or written.
    pub async fn copy_to(&self, target: &Path) -> Result<Copied, SessionError> {
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        open.mend().await?;
        let copied = copy_all(open, target);
        if copied.is_err() {
            empty(target)?;
        }
        Ok(copied?)
    }
}

fn copy_all(open: &Work, target: &Path) -> Result<Copied, PathError> {
    make_dir(target)?;
    let (main, carried) = (open.tree.main(), open.carried());
    let mut copied = Copied::default();
    for (root, other) in [(main, carried), (carried, main)] {
        for path in files_below(root, &mut copied.links)? {
            let place = policy::place(&path, Kind::File);
            let there = fs::symlink_metadata(other.join(&path)).is_ok();
            // Of two files of one name the one counts that a snapshot would hold.
            let counts = !there || (place == Place::Main) == (root == main);
            if place != Place::Drop && counts {
                copy(&root.join(&path), &target.join(&path))?;
                copied.files += 1;
            }
        }
    }
    Ok(copied)
}

/// The files below `root`; links are noted.
fn files_below(root: &Path, links: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>, PathError> {
    let mut files = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        let dir = root.join(&below);
        for entry in fs::read_dir(&dir).at("read", &dir)? {
            let entry = entry.at("read", &dir)?;
            let path = below.join(entry.file_name());
            let kind = entry.file_type().at("look at", &entry.path())?;
            if kind.is_dir() && policy::place(&path, Kind::Directory) != Place::Drop {
                open.push(path);
            } else if kind.is_file() {
                files.push(path);
            } else if kind.is_symlink() {
                links.push(path);
            }
        }
    }
    Ok(files)
}

fn copy(from: &Path, to: &Path) -> Result<(), PathError> {
    if let Some(dir) = to.parent() {
        make_dir(dir)?;
    }
    let bytes = zeroize::Zeroizing::new(fs::read(from).at("read", from)?);
    atomic::create_new(to, &bytes, 0o600)?;
    let written = zeroize::Zeroizing::new(fs::read(to).at("read", to)?);
    if written == bytes {
        return Ok(());
    }
    Err(io::Error::other("it does not hold what was written")).at("read back", to)
}

fn make_dir(dir: &Path) -> Result<(), PathError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create", dir)
}

fn empty(dir: &Path) -> Result<(), PathError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.at("read", dir)?,
    };
    for entry in entries {
        let path = entry.at("read", dir)?.path();
        let is_dir = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        let removed = if is_dir { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.at("remove", &path)?;
    }
    Ok(())
}
