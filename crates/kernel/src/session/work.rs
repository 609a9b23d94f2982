//! What an open session holds: the decrypted home, its agent, the lock, the base.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use gpgsmith_vault::{
    Tree, Workdir,
    atomic::{At, FileLock, PathError},
};

use super::{
    ephemeral::session_filenames_for,
    error::SessionError,
    keyring::{Keyring, Smith},
};
use crate::home::lineage::Base;

/// What is there while a session is open; dropping it ends the agent and wipes the workdir.
#[derive(Debug)]
pub(super) struct Work {
    /// Fields are dropped in this order: the agent before the home that it works on. `None`
    /// only between the end of one agent and the start of the next; see [`Work::mend`].
    gpg: Option<Keyring>,
    smith: Smith,
    pub(super) tree: Tree,
    pub(super) workdir: Workdir,
    pub(super) base: Base,
    pub(super) pair: Pair,
    /// Snapshots that were there at opening, and those that this session sealed.
    pub(super) known: BTreeSet<String>,
    /// The files of the home as the last step left them.
    pub(super) shape: BTreeSet<PathBuf>,
    /// The home as it was before a step that has not ended well (yet).
    pub(super) torn: Option<Backup>,
    /// `None` for a session that only reads.
    pub(super) lock: Option<FileLock>,
}

/// The paths of a session's ephemeral files.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) state_name: String,
    pub(super) state: PathBuf,
    pub(super) info: PathBuf,
    /// SHA-256 of the state file as this session has read or written it; `None` before that.
    pub(super) written: Option<[u8; 32]>,
}

impl Pair {
    pub(super) fn new(dir: &Path, canonical_base: &str, host: &str) -> Self {
        let (state_name, info_name) = session_filenames_for(canonical_base, host);
        Self { state: dir.join(&state_name), info: dir.join(info_name), state_name, written: None }
    }
}

impl Work {
    /// A home in which nothing was done yet.
    pub(super) fn new(
        (gpg, smith): (Keyring, Smith),
        (workdir, tree): (Workdir, Tree),
        base: Base,
        pair: Pair,
    ) -> Self {
        Self {
            gpg: Some(gpg),
            smith,
            tree,
            workdir,
            base,
            pair,
            known: BTreeSet::new(),
            shape: BTreeSet::new(),
            torn: None,
            lock: None,
        }
    }

    /// gpg on the home.
    pub(super) fn gpg(&self) -> Result<&Keyring, SessionError> {
        self.gpg.as_ref().ok_or(SessionError::Closed)
    }

    /// Brings back the home of before a step that failed, was dropped or panicked, and makes sure
    /// that the files are all still there. The agent is ended first: it may still be writing a
    /// key that the killed gpg had asked it for.
    pub(super) async fn mend(&mut self) -> Result<(), SessionError> {
        if let Some(backup) = self.torn.take() {
            if let Some(old) = self.gpg.take() {
                old.close().await?;
            }
            backup.restore()?;
        }
        if self.gpg.is_none() {
            let home = self.tree.main().to_owned();
            self.gpg = Some(self.smith.open(home).await?);
        }
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        Err(SessionError::HomeGone { home: self.tree.main().to_owned(), missing })
    }

    fn missing(&self) -> Vec<String> {
        let gone = |path: &&PathBuf| fs::symlink_metadata(self.tree.main().join(path)).is_err();
        self.shape.iter().filter(gone).map(|path| path.display().to_string()).collect()
    }

    /// What is carried beside the home.
    pub(super) fn carried(&self) -> &Path {
        self.tree.aside().unwrap_or(self.tree.main())
    }

    /// Takes note of the files that are there now.
    pub(super) fn note_shape(&mut self) -> Result<(), PathError> {
        self.shape = files_below(self.tree.main())?;
        Ok(())
    }

    /// Ends the agent and wipes the workdir, and says whether that worked. The lock is free
    /// afterwards in any case.
    pub(super) async fn close(self) -> Result<(), SessionError> {
        let Self { gpg, workdir, lock, .. } = self;
        let stopped = match gpg {
            Some(gpg) => gpg.close().await,
            None => Ok(()),
        };
        workdir.wipe()?;
        drop(lock);
        Ok(stopped?)
    }
}

/// A copy of the home, and of what is carried beside it, in RAM.
#[derive(Debug)]
pub(super) struct Backup {
    /// Each directory with its copy.
    dirs: Vec<(PathBuf, PathBuf)>,
    copy: PathBuf,
}

impl Backup {
    /// Copies the files, links and directories of each of `dirs` to `copy`, which a backup that
    /// was left over may occupy.
    pub(super) fn take(dirs: &[&Path], copy: &Path) -> Result<Self, PathError> {
        clear(copy)?;
        make_dir(copy)?;
        let mut copied = Vec::new();
        for (number, dir) in dirs.iter().enumerate() {
            let target = copy.join(number.to_string());
            copy_files(dir, &target)?;
            copied.push(((*dir).to_owned(), target));
        }
        Ok(Self { dirs: copied, copy: copy.to_owned() })
    }

    /// Puts the copies back in place. The home itself and the sockets in it stay, since an agent
    /// whose home or socket vanishes ends.
    pub(super) fn restore(self) -> Result<(), PathError> {
        for (dir, copy) in &self.dirs {
            for entry in entries(dir)? {
                if !is_socket(&entry) {
                    clear(&entry)?;
                }
            }
            for entry in entries(copy)? {
                let Some(name) = entry.file_name() else { continue };
                let target = dir.join(name);
                fs::rename(&entry, &target).at("put back", &target)?;
            }
        }
        clear(&self.copy)
    }

    /// The step is done: the copy is of no use any more.
    pub(super) fn forget(self) -> Result<(), PathError> {
        clear(&self.copy)
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, PathError> {
    let read = fs::read_dir(dir).at("read", dir)?;
    read.map(|entry| Ok(entry.at("read", dir)?.path())).collect()
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
}

fn clear(path: &Path) -> Result<(), PathError> {
    let gone = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match gone {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).at("remove", path),
        _ => Ok(()),
    }
}

fn make_dir(path: &Path) -> Result<(), PathError> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().mode(0o700).create(path).at("create", path)
}

fn copy_files(from: &Path, to: &Path) -> Result<(), PathError> {
    make_dir(to)?;
    for entry in entries(from)? {
        let meta = fs::symlink_metadata(&entry).at("look at", &entry)?;
        let Some(name) = entry.file_name() else { continue };
        let target = to.join(name);
        if meta.is_dir() {
            copy_files(&entry, &target)?;
        } else if meta.is_file() {
            copy_file(&entry, &target, &meta).at("copy", &entry)?;
        } else if meta.is_symlink() {
            let to = fs::read_link(&entry).at("read", &entry)?;
            std::os::unix::fs::symlink(to, &target).at("copy", &entry)?;
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, meta: &fs::Metadata) -> io::Result<()> {
    fs::copy(from, to)?;
    let times = fs::FileTimes::new().set_modified(meta.modified()?);
    fs::File::options().write(true).open(to)?.set_times(times)
}

/// The regular files below `dir`, without those that gpg makes and removes as it likes.
fn files_below(dir: &Path) -> Result<BTreeSet<PathBuf>, PathError> {
    let mut found = BTreeSet::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in entries(&dir.join(&below))? {
            let Some(name) = entry.file_name() else { continue };
            let path = below.join(name);
            match fs::symlink_metadata(&entry).at("look at", &entry)? {
                meta if meta.is_dir() => open.push(path),
                meta if meta.is_file() && is_lasting(&path) => {
                    found.insert(path);
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

fn is_lasting(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let passing = name.starts_with('.') || name.ends_with('~') || name.ends_with(".lock");
    !passing && name != "random_seed"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        gpgsmith_vault::atomic::replace(path, text.as_bytes(), 0o600).unwrap();
    }

    #[test]
    fn a_backup_brings_back_every_file_and_leaves_sockets() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir_all(home.join("private-keys-v1.d")).unwrap();
        put(&home.join("pubring.kbx"), "ring");
        put(&home.join("private-keys-v1.d/A.key"), "secret");
        let _socket = std::os::unix::net::UnixListener::bind(home.join("S.gpg-agent")).unwrap();

        let carried = dir.path().join("carried");
        fs::create_dir(&carried).unwrap();
        put(&carried.join("gpg.conf"), "armor");
        std::os::unix::fs::symlink("../dotfiles", carried.join("link")).unwrap();

        let backup = Backup::take(&[&home, &carried], &dir.path().join("before")).unwrap();
        fs::remove_dir_all(&carried).unwrap();
        fs::create_dir(&carried).unwrap();
        put(&home.join("pubring.kbx"), "changed");
        put(&home.join("new"), "new");
        fs::remove_file(home.join("private-keys-v1.d/A.key")).unwrap();
        backup.restore().unwrap();

        assert_eq!(fs::read_to_string(home.join("pubring.kbx")).unwrap(), "ring");
        assert_eq!(fs::read_to_string(home.join("private-keys-v1.d/A.key")).unwrap(), "secret");
        assert!(!home.join("new").exists() && home.join("S.gpg-agent").exists());
        assert_eq!(fs::read_to_string(carried.join("gpg.conf")).unwrap(), "armor");
        assert_eq!(fs::read_link(carried.join("link")).unwrap(), Path::new("../dotfiles"));
        assert!(!dir.path().join("before").exists());
    }

    #[test]
    fn what_gpg_makes_and_removes_is_not_missed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pubring.kbx", "pubring.kbx~", "random_seed", ".#lk1", "x.lock"] {
            put(&dir.path().join(name), "");
        }
        let files: Vec<_> = files_below(dir.path()).unwrap().into_iter().collect();
        assert_eq!(files, [PathBuf::from("pubring.kbx")]);
    }
}
