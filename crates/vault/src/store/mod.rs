//! A directory of snapshots, as any file-sync service may carry it.

mod hashing;
mod open;
mod seal;

use std::{
    collections::BTreeSet,
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use jiff::{SignedDuration, Timestamp};

pub use self::{
    open::{OpenOptions, Opened},
    seal::{SealOptions, Sealed, Written},
};
use crate::{
    atomic::{self, At, PathError},
    error::NoNameLeft,
    name::{Foreign, ForeignKind, Slug, SnapshotName, foreign, stamp, whole_second},
};

/// Snapshots in one directory. They are only ever added; none is rewritten or removed.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    writer: Option<String>,
}

/// One snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name, parsed.
    pub name: SnapshotName,
    /// Where it is.
    pub path: PathBuf,
    /// Its encrypted size in bytes.
    pub size: u64,
}

/// What a directory holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The oldest first.
    pub snapshots: Vec<Snapshot>,
    /// Files that look as if they belonged here, by name.
    pub foreign: Vec<Foreign>,
}

impl Store {
    /// The snapshots in `dir`, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), writer: None }
    }

    /// The same; unfinished files get `writer` (letters and digits) into their names, so that
    /// [`Store::sweep`] knows them.
    #[must_use]
    pub fn written_by(self, writer: &str) -> Self {
        Self { writer: Some(writer.to_owned()), ..self }
    }

    /// Removes what a crash of this writer has left unfinished, and returns the names. Only for who
    /// knows that it writes nothing at the moment.
    ///
    /// # Errors
    /// When the directory can't be read, or a file not removed.
    pub fn sweep(&self) -> Result<Vec<String>, PathError> {
        self.writer.as_ref().map_or(Ok(Vec::new()), |writer| atomic::sweep(writer, &self.dir))
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the directory and its parents (0700) where they are missing.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn create(&self) -> Result<(), PathError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.dir).at("create", &self.dir)
    }

    /// Snapshots by age, and strangers: conflict copies, unfinished files, other `.age` files.
    ///
    /// # Errors
    /// When the directory can't be read.
    pub fn list(&self) -> Result<Listing, PathError> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.dir).at("list", &self.dir)? {
            let entry = entry.at("list", &self.dir)?;
            let file_name = entry.file_name();
            let name = file_name.to_str().and_then(|name| name.parse::<SnapshotName>().ok());
            let metadata = match entry.metadata() {
                // Removed while we looked.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.at("look at", &entry.path())?,
            };
            if let Some(name) = name.filter(|_| metadata.is_file()) {
                let (path, size) = (entry.path(), metadata.len());
                listing.snapshots.push(Snapshot { name, path, size });
            } else if let Some(kind) = foreign(&file_name).filter(|_| !metadata.is_dir()) {
                let file_name = file_name.to_string_lossy().into_owned();
                let kind = if metadata.is_file() { kind } else { ForeignKind::Other };
                listing.foreign.push(Foreign { file_name, kind });
            }
        }
        listing.snapshots.sort_by(|a, b| a.name.cmp(&b.name));
        listing.foreign.sort();
        Ok(listing)
    }

    /// A name that is later than `above`, not before `now`, and in a second that no file of the
    /// directory is named after.
    ///
    /// # Errors
    /// When no such second is left, or the directory can't be read.
    pub fn next_name(
        &self,
        slug: &Slug,
        now: Timestamp,
        above: Option<&SnapshotName>,
    ) -> Result<SnapshotName, NoNameLeft> {
        let taken = self.stamps()?;
        let mut time = Some(whole_second(now));
        if let Some(above) = above.filter(|above| Some(above.taken()) >= time) {
            time = next_second(above.taken());
        }
        while let Some(free) = time {
            if !taken.contains(&stamp(free)) {
                return Ok(SnapshotName::new(free, slug.clone()));
            }
            time = next_second(free);
        }
        let last = || SnapshotName::new(now, slug.clone());
        Err(NoNameLeft::Exhausted { above: Box::new(above.cloned().unwrap_or_else(last)) })
    }

    /// The seconds that files are named after. A directory that is not there has none.
    fn stamps(&self) -> Result<BTreeSet<String>, PathError> {
        const LENGTH: usize = "20260410T143012Z".len();
        let entries = match fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
            entries => entries.at("list", &self.dir)?,
        };
        let mut stamps = BTreeSet::new();
        for entry in entries {
            let name = entry.at("list", &self.dir)?.file_name();
            stamps.extend(name.to_string_lossy().get(..LENGTH).map(str::to_owned));
        }
        Ok(stamps)
    }

    /// Where a file of this directory is; refuses names that lead elsewhere.
    fn path_of(&self, file_name: &str) -> Result<PathBuf, PathError> {
        let path = self.dir.join(file_name);
        if path.file_name().is_some_and(|name| name == file_name)
            && path.parent() == Some(&self.dir)
        {
            return Ok(path);
        }
        let error = io::Error::new(io::ErrorKind::InvalidInput, "not a plain file name");
        Err(error).at("find", &path)
    }
}

fn next_second(time: Timestamp) -> Option<Timestamp> {
    time.checked_add(SignedDuration::from_secs(1)).ok()
}
