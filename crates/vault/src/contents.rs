//! What an archive or a directory holds, as hashes.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// What an entry is; nothing else is ever packed or unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

impl Kind {
    /// The byte that stands for it in [`Contents::digest`].
    fn byte(self) -> u8 {
        match self {
            Self::Directory => b'd',
            Self::File => b'f',
            Self::Link => b'l',
        }
    }
}

/// One entry, told by its kind, its place and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Where it is, relative to the root, with plain components only.
    pub path: PathBuf,
    /// SHA-256 of a file's bytes or of a link's target; zeros for a directory.
    pub hash: [u8; 32],
}

/// The entries of an archive, or of a directory, in the byte order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<Vec<u8>, (Kind, [u8; 32])>);

impl Contents {
    pub(crate) fn insert(&mut self, path: &Path, kind: Kind, hash: [u8; 32]) {
        self.0.insert(path.as_os_str().as_bytes().to_vec(), (kind, hash));
    }

    /// Every entry, in the byte order of the paths.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        self.0.iter().map(|(path, &(kind, hash))| Entry {
            kind,
            path: OsString::from_vec(path.clone()).into(),
            hash,
        })
    }

    /// The entry at `path`.
    pub fn get(&self, path: impl AsRef<Path>) -> Option<Entry> {
        let path = path.as_ref();
        let &(kind, hash) = self.0.get(path.as_os_str().as_bytes())?;
        Some(Entry { kind, path: path.to_owned(), hash })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SHA-256 over all entries but those whose path is in `excluding`, in byte order of their
    /// paths: `d`, `f` or `l`, the path's length (8 bytes, big-endian), the path, the hash.
    pub fn digest(&self, excluding: &[&str]) -> [u8; 32] {
        let mut digest = Sha256::new();
        for (path, (kind, hash)) in &self.0 {
            if excluding.iter().any(|name| name.as_bytes() == path.as_slice()) {
                continue;
            }
            digest.update([kind.byte()]);
            digest.update((path.len() as u64).to_be_bytes());
            digest.update(path);
            digest.update(hash);
        }
        digest.finalize().into()
    }
}
