//! What lies at the path that is to be imported. It is only read: gpg works on copies in RAM.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

use gpgsmith_vault::{
    Kind, Place,
    atomic::{At, PathError},
};

use crate::{
    api::{ApiError, Code, Hint},
    home::policy,
    ops::error::Fail as _,
};

/// One of these makes a directory a GnuPG home.
const SIGNS: [&str; 5] =
    ["private-keys-v1.d", "pubring.kbx", "pubring.gpg", SECRING, "public-keys.d"];

/// The secret keys of gpg before 2.1, which later ones convert.
pub(super) const SECRING: &str = "secring.gpg";

/// Read by other means, and of no use afterwards.
const CONVERTED: [&str; 3] = [SECRING, "public-keys.d", ".gpg-v21-migrated"];

/// Where our own files of another vault are kept: its log and lineage are not this vault's.
const FOREIGN: &str = "imported";

/// No home is nested deeper.
const DEPTH: usize = 6;

/// An export of keys is far smaller.
const LARGEST: u64 = 16 << 20;

/// What was found.
#[derive(Debug)]
pub(super) enum Found {
    /// A GnuPG home.
    Home(PathBuf),
    /// Files that may hold keys.
    Files(Vec<PathBuf>),
}

/// Tells a GnuPG home from a file and from a directory of files.
pub(super) fn recognise(source: &Path) -> Result<Found, ApiError> {
    let meta = fs::metadata(source).at("look at", source).bad_request()?;
    if meta.is_file() {
        return Ok(Found::Files(vec![source.to_owned()]));
    }
    if !meta.is_dir() {
        let text = format!("{} is neither a file nor a directory", source.display());
        return Err(ApiError::new(Code::BadRequest, text));
    }
    if SIGNS.iter().any(|name| source.join(name).exists()) {
        return Ok(Found::Home(source.to_owned()));
    }
    let mut files = entries(source).fail(Code::Io)?;
    files.retain(|path| fs::metadata(path).is_ok_and(|meta| meta.is_file()));
    files.sort();
    if files.is_empty() { Err(no_keys(source)) } else { Ok(Found::Files(files)) }
}

/// Whether a home has secret keys as gpg 2.1 and later keep them: a ring of old beside them counts
/// no more.
pub(super) fn is_converted(home: &Path) -> bool {
    let keys = entries(&home.join("private-keys-v1.d")).unwrap_or_default();
    keys.iter().any(|path| path.extension().is_some_and(|kind| kind == "key"))
}

/// There is nothing to import.
pub(super) fn no_keys(source: &Path) -> ApiError {
    let text = format!("there is no secret key in {}", source.display());
    let hint = Hint::advice(
        "Name a GnuPG home (such as ~/.gnupg), or what `gpg --export-secret-keys` has written.",
    );
    ApiError::new(Code::BadRequest, text).with_hint(hint)
}

/// A file that may hold keys; `None` for one that is too large.
pub(super) fn read(path: &Path) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, ApiError> {
    if fs::metadata(path).at("look at", path).fail(Code::Io)?.len() > LARGEST {
        return Ok(None);
    }
    Ok(Some(fs::read(path).at("read", path).fail(Code::Io)?.into()))
}

/// Where a copy of a home goes.
#[derive(Debug)]
pub(super) struct Copies<'a> {
    /// What gpg may see.
    pub(super) home: &'a Path,
    /// What it may not.
    pub(super) carried: &'a Path,
}

impl Copies<'_> {
    /// Copies a home. Links are followed: people keep their option files elsewhere.
    pub(super) fn take(&self, source: &Path) -> Result<(), PathError> {
        self.descend(source, Path::new(""), 0)
    }

    fn descend(&self, source: &Path, below: &Path, depth: usize) -> Result<(), PathError> {
        for entry in entries(&source.join(below))? {
            let Some(name) = entry.file_name() else { continue };
            let path = below.join(name);
            if CONVERTED.iter().any(|gone| path == Path::new(gone)) {
                continue;
            }
            match fs::metadata(&entry) {
                Ok(meta) if meta.is_dir() && depth < DEPTH => {
                    self.descend(source, &path, depth + 1)?;
                }
                Ok(meta) if meta.is_file() => self.file(&entry, &path)?,
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(error).at("look at", &entry);
                }
                _ => {} // a socket, or a link to nowhere
            }
        }
        Ok(())
    }

    fn file(&self, from: &Path, path: &Path) -> Result<(), PathError> {
        let ours = |name: &str| name.starts_with("gpgsmith-");
        let foreign = path.to_str().is_some_and(ours);
        match policy::place(path, Kind::File) {
            Place::Main if foreign => copy(from, &self.carried.join(FOREIGN).join(path)),
            Place::Main => copy(from, &self.home.join(path)),
            Place::Aside => copy(from, &self.carried.join(path)),
            Place::Drop => Ok(()),
        }
    }
}

/// Copies every file below `from` to where nothing is below `to`; returns what was copied.
pub(super) fn merge(from: &Path, to: &Path) -> Result<Vec<PathBuf>, PathError> {
    let mut copied = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in entries(&from.join(&below))? {
            let Some(name) = entry.file_name() else { continue };
            let path = below.join(name);
            let meta = fs::symlink_metadata(&entry).at("look at", &entry)?;
            if meta.is_dir() {
                open.push(path);
            } else if meta.is_file() && policy::place(&path, Kind::File) != Place::Drop {
                let target = to.join(&path);
                if fs::symlink_metadata(&target).is_err() {
                    copy(&entry, &target)?;
                    copied.push(path);
                }
            }
        }
    }
    copied.sort();
    Ok(copied)
}

/// Copies a file, 0600, and makes the directories above it, 0700.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), PathError> {
    if let Some(dir) = to.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create", dir)?;
    }
    fs::copy(from, to).at("copy", from)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o600)).at("make private", to)
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, PathError> {
    let read = fs::read_dir(dir).at("read", dir)?;
    read.map(|entry| Ok(entry.at("read", dir)?.path())).collect()
}
