//! What this machine has seen of each vault: `seen/` in the state directory, never synced. It is
//! written after each open and seal; [`super::heads`] judges by it what a sync service brings.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use gpgsmith_vault::atomic::{self, At, FileLock, PathError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::state::StateDir;
use crate::{home::lineage::AuditMark, id::hex};

/// What this machine has seen of one vault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// 1.
    pub version: u32,
    /// The vault's id; `None` as long as it has no lineage.
    #[serde(default)]
    pub vault: Option<String>,
    /// The directories that it was opened in, as the system resolves them.
    #[serde(default)]
    pub dirs: Vec<String>,
    /// What the newest secret of its lineage hashes to.
    #[serde(default)]
    pub pinned: Option<String>,
    /// What was pinned before that, newest first: unfinished work may be that old.
    #[serde(default)]
    pub earlier: Vec<String>,
    /// The ids of the snapshots that nothing here descends from; the last one opens.
    #[serde(default)]
    pub heads: Vec<String>,
    /// Every snapshot that was seen, or that a lineage named.
    #[serde(default)]
    pub seen: Vec<SeenSnapshot>,
    /// The latest date of a snapshot from the future that the user has accepted.
    #[serde(default)]
    pub future: Option<Timestamp>,
}

/// A snapshot that this machine has seen, or that a lineage named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenSnapshot {
    /// Its file name.
    pub name: String,
    /// Its id; empty if it was never decrypted and no lineage named it.
    #[serde(default)]
    pub id: String,
    /// Its place in the order.
    #[serde(default)]
    pub seq: u64,
    /// SHA-256 of the encrypted file, in hex, once it was read whole.
    #[serde(default)]
    pub sha256: Option<String>,
    /// The size of the encrypted file, once it was there.
    #[serde(default)]
    pub size: Option<u64>,
    /// What told this file from others when it was last found to have that content; see
    /// [`gpgsmith_vault::Store::stamp`].
    #[serde(default)]
    pub stamp: Option<String>,
    /// If a program without lineage sealed it: the id in the lineage that it carries, or nothing.
    #[serde(default)]
    pub base: Option<String>,
    /// How far its audit log had come.
    #[serde(default)]
    pub audit: Option<AuditMark>,
}

impl Seen {
    /// The newest head, which is the one that opens.
    pub fn head(&self) -> Option<&SeenSnapshot> {
        self.by_id(self.heads.last()?)
    }

    /// The heads that do not open: each holds work that the newest does not.
    pub fn other_heads(&self) -> Vec<&SeenSnapshot> {
        let others = self.heads.split_last().map_or(&[][..], |(_, others)| others);
        others.iter().filter_map(|id| self.by_id(id)).collect()
    }

    /// Everything that was ever pinned, newest first.
    pub fn earlier_pins(&self) -> Vec<String> {
        self.pinned.iter().chain(&self.earlier).cloned().collect()
    }

    /// Pins another secret.
    pub fn pin(&mut self, pin: &str) {
        if self.pinned.as_deref() != Some(pin) {
            self.earlier.retain(|earlier| earlier != pin);
            let before = self.pinned.replace(pin.to_owned());
            self.earlier.splice(0..0, before);
        }
    }

    /// The first snapshot of that id.
    pub fn by_id(&self, id: &str) -> Option<&SeenSnapshot> {
        self.seen.iter().find(|snapshot| snapshot.id == id && !id.is_empty())
    }

    /// The snapshot of that file name.
    pub fn by_name(&self, name: &str) -> Option<&SeenSnapshot> {
        self.seen.iter().find(|snapshot| snapshot.name == name)
    }
}

/// Why what was seen cannot be told. Nothing may be trusted then.
#[derive(Debug, thiserror::Error)]
pub enum SeenError {
    /// A file cannot be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is not ours.
    #[error("{} does not say what this machine has seen", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<serde_saphyr::Error>,
    },
    /// It is of a later program's.
    #[error("{} has version {version}; this program knows version 1", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// It cannot be put into YAML.
    #[error("what this machine has seen cannot be written as YAML")]
    Emit(#[source] Box<serde_saphyr::ser_error::Error>),
}

/// The files of what this machine has seen.
#[derive(Clone, Debug)]
pub struct SeenFiles {
    dir: PathBuf,
    lock: PathBuf,
}

impl SeenFiles {
    /// Those in the state directory.
    pub fn new(state: &StateDir) -> Self {
        let path = state.path();
        Self { dir: path.join("seen"), lock: path.join("locks/seen.lock") }
    }

    /// What was seen of the vault in `dir`.
    ///
    /// # Errors
    /// A file cannot be read or parsed.
    pub fn in_dir(&self, dir: &Path) -> Result<Option<Seen>, SeenError> {
        let dir = resolved(dir);
        Ok(self.all()?.into_iter().find(|seen| seen.dirs.contains(&dir)))
    }

    /// What was seen of the vault with this id, wherever it was.
    ///
    /// # Errors
    /// As of [`SeenFiles::in_dir`].
    pub fn of_vault(&self, vault: &str) -> Result<Option<Seen>, SeenError> {
        read(&self.path(Some(vault), ""))
    }

    /// Changes what was seen of the vault `vault` in `dir`, under a lock, and writes it. From
    /// then on that directory is this vault's.
    ///
    /// # Errors
    /// A file cannot be read, parsed or written.
    pub fn update(
        &self,
        vault: Option<&str>,
        dir: &Path,
        change: impl FnOnce(&mut Seen),
    ) -> Result<(), SeenError> {
        let lock = FileLock::acquire(&self.lock)?;
        let dir = resolved(dir);
        let here = self.all()?.into_iter().find(|seen| seen.dirs.contains(&dir));
        let known = match vault {
            Some(vault) => self.of_vault(vault)?,
            None => here.clone().filter(|here| here.vault.is_none()),
        };
        // A vault that has just got a lineage goes on with what was seen before.
        let before = here.filter(|here| here.vault.as_deref() != vault);
        let unmarked = before.clone().filter(|before| before.vault.is_none());
        let mut seen = known.or(unmarked).unwrap_or_default();
        seen.version = 1;
        seen.vault = vault.map(str::to_owned);
        if !seen.dirs.contains(&dir) {
            seen.dirs.push(dir.clone());
        }
        change(&mut seen);
        self.write(&seen, &dir)?;
        if let Some(before) = before {
            self.forget_dir(before, &dir)?;
        }
        drop(lock);
        Ok(())
    }

    /// Another vault is in that directory now.
    fn forget_dir(&self, mut before: Seen, dir: &str) -> Result<(), SeenError> {
        let path = self.path(before.vault.as_deref(), dir);
        before.dirs.retain(|other| other != dir);
        if before.vault.is_some() {
            return self.write(&before, dir);
        }
        Ok(fs::remove_file(&path).at("remove", &path)?)
    }

    fn write(&self, seen: &Seen, dir: &str) -> Result<(), SeenError> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .at("create", &self.dir)?;
        let text =
            serde_saphyr::to_string(seen).map_err(|error| SeenError::Emit(Box::new(error)))?;
        Ok(atomic::replace(&self.path(seen.vault.as_deref(), dir), text.as_bytes(), 0o600)?)
    }

    fn all(&self) -> Result<Vec<Seen>, SeenError> {
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("read", &self.dir)?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.at("read", &self.dir)?.path();
            if path.extension().is_some_and(|kind| kind == "yaml") {
                all.extend(read(&path)?);
            }
        }
        Ok(all)
    }

    /// An id comes from a snapshot, which may say anything: its hash is a file name.
    fn path(&self, vault: Option<&str>, dir: &str) -> PathBuf {
        let digest = match vault {
            Some(vault) => Sha256::new().chain_update("vault ").chain_update(vault),
            None => Sha256::new().chain_update("directory ").chain_update(dir),
        };
        let name = hex(digest.finalize().get(..16).unwrap_or_default());
        self.dir.join(format!("{name}.yaml"))
    }
}

fn read(path: &Path) -> Result<Option<Seen>, SeenError> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.at("read", path)?,
    };
    let seen: Seen = crate::home::parse(&text)
        .map_err(|source| SeenError::Parse { path: path.to_owned(), source })?;
    if seen.version == 1 {
        return Ok(Some(seen));
    }
    Err(SeenError::Version { path: path.to_owned(), version: seen.version })
}

/// `dir` without links and dots, as far as it is there.
fn resolved(dir: &Path) -> String {
    let path = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, SeenFiles) {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path().join("state")).unwrap();
        let files = SeenFiles::new(&state);
        (dir, files)
    }

    fn head(name: &str) -> impl FnOnce(&mut Seen) {
        let snapshot =
            SeenSnapshot { name: name.to_owned(), id: name.to_owned(), ..SeenSnapshot::default() };
        move |seen| {
            seen.heads = vec![snapshot.id.clone()];
            seen.seen.push(snapshot);
        }
    }

    #[test]
    fn what_was_seen_comes_back_by_vault_and_by_place() {
        let (dir, files) = files();
        assert_eq!(files.in_dir(dir.path()).unwrap(), None);
        files.update(Some("v"), dir.path(), head("a")).unwrap();
        let seen = files.in_dir(dir.path()).unwrap().unwrap();
        assert_eq!(seen.head().unwrap().name, "a");
        assert_eq!(files.of_vault("v").unwrap(), Some(seen));
        assert_eq!(files.of_vault("w").unwrap(), None);
    }

    #[test]
    fn a_vault_that_gets_a_lineage_goes_on_with_what_was_seen() {
        let (dir, files) = files();
        files.update(None, dir.path(), head("a")).unwrap();
        files.update(Some("v"), dir.path(), |seen| assert_eq!(seen.heads, ["a"])).unwrap();
        assert_eq!(files.all().unwrap().len(), 1);
    }

    #[test]
    fn a_directory_is_one_vault_s() {
        let (dir, files) = files();
        files.update(Some("v"), dir.path(), head("a")).unwrap();
        files.update(Some("w"), dir.path(), head("b")).unwrap();
        assert_eq!(files.in_dir(dir.path()).unwrap().unwrap().heads, ["b"]);
        assert_eq!(files.of_vault("v").unwrap().unwrap().dirs, [""; 0]);
    }

    #[test]
    fn what_does_not_parse_is_an_error_and_stays() {
        let (dir, files) = files();
        files.update(Some("v"), dir.path(), head("a")).unwrap();
        let path = files.path(Some("v"), "");
        for bad in ["- what", "version: 2\n"] {
            atomic::replace(&path, bad.as_bytes(), 0o600).unwrap();
            files.in_dir(dir.path()).unwrap_err();
            files.update(Some("v"), dir.path(), head("b")).unwrap_err();
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn an_id_from_a_snapshot_names_no_other_file() {
        let (dir, files) = files();
        let path = files.path(Some("../../machine"), "");
        assert_eq!(path.parent(), Some(dir.path().join("state/seen").as_path()));
    }
}
