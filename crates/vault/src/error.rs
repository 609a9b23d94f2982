//! Why a snapshot did not open, or was not sealed.

use std::{io, path::PathBuf};

use crate::{
    archive::ArchiveError,
    atomic::{PathError, Printable},
    key::KeyKind,
    name::SnapshotName,
    scrypt::ScryptError,
};

/// Why a file did not open. Nothing of it remains in the tree.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Passphrase and file don't fit (or the file's stanza is damaged: age can't tell).
    #[error("the passphrase does not open {}", Printable(.path))]
    WrongPassphrase {
        /// Which file.
        path: PathBuf,
    },
    /// The file is for other identities.
    #[error("the identity does not open {}", Printable(.path))]
    WrongIdentity {
        /// Which file.
        path: PathBuf,
    },
    /// Opening would cost more than was allowed.
    #[error("{} has the work factor {required}, more than {allowed}", Printable(.path))]
    ExcessiveWork {
        /// Which file.
        path: PathBuf,
        /// What the file asks for.
        required: u8,
        /// What the caller allows.
        allowed: u8,
    },
    /// A passphrase was given for an identity file, or the other way round.
    #[error("{} is for a key of kind {file}, not {given}", Printable(.path))]
    KeyKind {
        /// Which file.
        path: PathBuf,
        /// What opens it.
        file: KeyKind,
        /// What was given.
        given: KeyKind,
    },
    /// The key is right, or not even looked at, and the file is broken.
    #[error("{} is damaged", Printable(.path))]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// In which way.
        source: Damage,
    },
    /// The file is authentic; what it holds is refused.
    #[error("the archive in {} is refused", Printable(.path))]
    Archive {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ArchiveError,
    },
    /// The file system that it is unpacked into is full.
    #[error("no space left in {}", Printable(.path))]
    NoSpace {
        /// The tree's main directory, or the file that did not fit.
        path: PathBuf,
    },
    /// A file or directory can't be read or written.
    #[error(transparent)]
    Path(PathError),
}

impl From<PathError> for OpenError {
    fn from(error: PathError) -> Self {
        if error.is_full() { Self::NoSpace { path: error.path } } else { Self::Path(error) }
    }
}

/// In which way an age file is broken.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// No byte: perhaps a sync service has not fetched it yet.
    #[error("the file is empty")]
    Empty,
    /// It does not start as an age v1 file.
    #[error("not an age file")]
    Format,
    /// The header makes no sense.
    #[error("the age header is malformed")]
    Header,
    /// The header was changed after it was written.
    #[error("the age header was changed")]
    Mac,
    /// The encrypted content is cut off or changed.
    #[error("the encrypted content is cut off or changed")]
    Payload(#[source] io::Error),
}

/// Why nothing was sealed. The directory is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is a file of that name.
    #[error("{} exists already", Printable(.path))]
    NameTaken {
        /// The name that was wanted.
        path: PathBuf,
    },
    /// The file system knows neither an exclusive rename nor hard links.
    #[error("the file system of {} cannot rename without replacing", Printable(.path))]
    NoExclusiveRename {
        /// The name that was wanted.
        path: PathBuf,
    },
    /// The file system of the vault is full.
    #[error("no space left for {}", Printable(.path))]
    NoSpace {
        /// What did not fit.
        path: PathBuf,
    },
    /// No safe key could be derived.
    #[error("cannot derive a key for {}", Printable(.path))]
    Scrypt {
        /// What was to be sealed.
        path: PathBuf,
        /// Why.
        source: ScryptError,
    },
    /// What was written does not open.
    #[error("what was written for {} does not open", Printable(.path))]
    ReadBack {
        /// What was to be sealed.
        path: PathBuf,
        /// Why.
        source: Box<OpenError>,
    },
    /// What was written opens, and is not what was packed.
    #[error("what was written for {} is not what was packed", Printable(.path))]
    Differs {
        /// What was to be sealed.
        path: PathBuf,
    },
    /// A file or directory can't be read or written.
    #[error(transparent)]
    Path(PathError),
}

impl From<PathError> for SealError {
    fn from(error: PathError) -> Self {
        if error.is_full() { Self::NoSpace { path: error.path } } else { Self::Path(error) }
    }
}

/// Why there is no name for the next snapshot.
#[derive(Debug, thiserror::Error)]
pub enum NoNameLeft {
    /// Every second that a name can hold is taken, up to the end of the year 9999.
    #[error("no later time than that of {above} is left")]
    Exhausted {
        /// The name to be above.
        above: Box<SnapshotName>,
    },
    /// Which names are taken can't be told.
    #[error(transparent)]
    Path(#[from] PathError),
}
