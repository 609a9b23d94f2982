use std::{fmt, io};

use crate::atomic::PathError;

/// The name of an archive's entry, fit for printing: control characters are escaped, and a long
/// name is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryName(String);

impl EntryName {
    pub(crate) fn new(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let mut name: String = text.chars().take(120).flat_map(char::escape_debug).collect();
        if text.chars().nth(120).is_some() {
            name.push('…');
        }
        Self(name)
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Why an archive is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// A path that starts with `/`.
    #[error("entry {0} has an absolute path")]
    AbsolutePath(EntryName),
    /// A path with a `..`.
    #[error("entry {0} leads out of the archive")]
    Escapes(EntryName),
    /// Two entries for one place.
    #[error("entry {0} is there twice")]
    Duplicate(EntryName),
    /// An entry that would lie inside a file or a link.
    #[error("entry {0} lies below something that is not a directory")]
    BelowNonDirectory(EntryName),
    /// A hard link, device, FIFO, sparse file or something unheard of.
    #[error("entry {entry} has the type {flag:?}, which is not supported")]
    UnsupportedType {
        /// Which entry.
        entry: EntryName,
        /// Its tar type flag.
        flag: char,
    },
    /// A symbolic link that might lead out of the directory.
    #[error("link {0} may lead out of the archive")]
    LinkEscapes(EntryName),
    /// A symbolic link without a target.
    #[error("link {0} has no usable target")]
    BadLink(EntryName),
    /// Over 4096 bytes in all, or over 255 in one component.
    #[error("the path of entry {0} is too long")]
    PathTooLong(EntryName),
    /// Over 64 components.
    #[error("entry {0} is nested too deeply")]
    TooDeep(EntryName),
    /// A NUL byte in a path.
    #[error("the path of entry {0} holds a NUL byte")]
    Nul(EntryName),
    /// A file or link without a name.
    #[error("an entry has an empty path")]
    EmptyPath,
    /// More entries than [`Limits::entries`](super::Limits::entries).
    #[error("more than {allowed} entries")]
    TooManyEntries {
        /// The limit.
        allowed: usize,
    },
    /// More bytes than [`Limits::bytes`](super::Limits::bytes).
    #[error("more than {allowed} bytes")]
    TooBig {
        /// The limit.
        allowed: u64,
    },
    /// An extended header of more than 1 MiB.
    #[error("an extended header of {size} bytes")]
    ExtensionTooBig {
        /// Its size in bytes.
        size: u64,
    },
    /// A header block whose checksum or fields make no sense.
    #[error("the tar header at byte {offset} is malformed")]
    BadHeader {
        /// Where in the tar stream the block starts.
        offset: u64,
    },
    /// The stream ends before the end marker.
    #[error("the archive ends too early")]
    Truncated,
    /// Bytes after the end marker.
    #[error("the archive is followed by other data")]
    TrailingData,
}

/// What went wrong while an archive was read.
#[derive(Debug)]
pub(crate) enum UnpackError {
    /// The stream itself could not be read, or did not authenticate.
    Stream(io::Error),
    Refused(ArchiveError),
    /// The file system that it is written to.
    Target(PathError),
}

impl From<ArchiveError> for UnpackError {
    fn from(error: ArchiveError) -> Self {
        Self::Refused(error)
    }
}

impl From<PathError> for UnpackError {
    fn from(error: PathError) -> Self {
        Self::Target(error)
    }
}
