//! What can fail, with the path.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use crate::BadEntry;

/// An operation on a file that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}", Printable(.path))]
pub struct PathError {
    /// A verb phrase: `open`, `append to`.
    pub doing: &'static str,
    /// What it was done to.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PathError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, PathError> {
        self.map_err(|source| PathError { doing, path: path.to_owned(), source })
    }
}

/// A path on one line: control characters are escaped.
struct Printable<'a>(&'a Path);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.to_string_lossy().chars() {
            if c.is_control() { write!(f, "{}", c.escape_default())? } else { write!(f, "{c}")? }
        }
        Ok(())
    }
}

/// Why a log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system refused.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A directory, a device or a pipe stands in its place.
    #[error("{} is not a regular file", Printable(.path))]
    NotAFile {
        /// The log.
        path: PathBuf,
    },
    /// Not YAML, not UTF-8, or not of the form of a log.
    #[error("{} is not an audit log at line {line}, column {column}", Printable(.path))]
    Syntax {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// Counted from 1, in characters.
        column: u64,
        /// What the parser said, without quoting the file.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry lacks a key that each has: the end of the file is lost.
    #[error("entry {entry} in {} has no {key}", Printable(.path))]
    Incomplete {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        entry: usize,
        /// `timestamp`, `action` or `details`.
        key: &'static str,
    },
    /// A timestamp that is none.
    #[error("entry {entry} in {} has the timestamp {text:?}", Printable(.path))]
    Timestamp {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        entry: usize,
        /// As written.
        text: String,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// More than is ever read into memory.
    #[error("{} has {size} bytes, {allowed} are allowed", Printable(.path))]
    TooBig {
        /// The log.
        path: PathBuf,
        /// In bytes.
        size: u64,
        /// The limit.
        allowed: u64,
    },
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The entry is at fault.
    #[error(transparent)]
    Entry(#[from] BadEntry),
    /// The log that is there can't be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The log can be read, but text at its end would not be a new entry: `entries` is not its
    /// last key, or it is written in brackets.
    #[error("{} does not end with its entries, one below the other", Printable(.path))]
    Layout {
        /// The log.
        path: PathBuf,
    },
}

impl From<PathError> for AppendError {
    fn from(error: PathError) -> Self {
        Self::Load(error.into())
    }
}
