//! A strict tar reader: what it does not understand wholly, it refuses.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Write},
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::{
    entry::{Entry, Extension},
    error::{ArchiveError, EntryName, UnpackError},
    ustar::{BLOCK, Block},
};
use crate::{
    atomic::At,
    contents::{Contents, Kind},
};

const LONGEST_EXTENSION: u64 = 1 << 20;

/// How much an archive may hold before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of all kinds.
    pub entries: usize,
    /// Bytes of the whole tar stream, after decompression.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 1 << 30 }
    }
}

/// Takes the entries of an archive as they come; their paths are checked.
pub(crate) trait Sink {
    fn directory(&mut self, path: &Path) -> Result<(), UnpackError>;
    /// Where to write the content to; `None` when it is not wanted.
    fn file(&mut self, path: &Path, executable: bool) -> Result<Option<Output>, UnpackError>;
    fn link(&mut self, path: &Path, target: &Path) -> Result<(), UnpackError>;
}

/// A file that was made, and its name for errors.
pub(crate) struct Output {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

/// Reads `input` to its end. Nothing that `sink` was given may be used before this returns
/// without an error.
pub(crate) fn read(
    input: impl Read,
    limits: Limits,
    sink: &mut dyn Sink,
) -> Result<Contents, UnpackError> {
    let mut reader = Reader { input, limits, offset: 0, seen: HashMap::new() };
    let mut contents = Contents::default();
    let mut extension = Extension::default();
    loop {
        let block = reader.block()?;
        if block.is_zero() {
            reader.expect_end()?;
            return Ok(contents);
        }
        let bad = ArchiveError::BadHeader { offset: reader.offset - BLOCK as u64 };
        let size = block.checked_size().ok_or(bad.clone())?;
        match block.type_flag() {
            b'x' => extension.read_pax(&reader.text(size)?).ok_or(bad)?,
            b'L' => extension.set_path(reader.text(size)?),
            b'K' => extension.set_target(reader.text(size)?),
            _ => {
                let entry = Entry::parse(&block, size, std::mem::take(&mut extension), bad)?;
                reader.entry(&entry, sink, &mut contents)?;
            }
        }
    }
}

/// Whether a place was named by an entry of its own, or only as the parent of another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Parent,
    Entry(Kind),
}

struct Reader<R> {
    input: R,
    limits: Limits,
    /// Bytes of the tar stream so far.
    offset: u64,
    seen: HashMap<PathBuf, Seen>,
}

impl<R: Read> Reader<R> {
    fn entry(
        &mut self,
        entry: &Entry,
        sink: &mut dyn Sink,
        contents: &mut Contents,
    ) -> Result<(), UnpackError> {
        if entry.path.as_os_str().is_empty() {
            return Ok(());
        }
        self.admit(&entry.path, entry.kind)?;
        let hash = match entry.kind {
            Kind::Directory => {
                sink.directory(&entry.path)?;
                [0; 32]
            }
            Kind::Link => {
                sink.link(&entry.path, &entry.target)?;
                Sha256::digest(entry.target.as_os_str().as_bytes()).into()
            }
            Kind::File => {
                let output = sink.file(&entry.path, entry.executable)?;
                self.content(entry, output.as_ref())?
            }
        };
        contents.insert(&entry.path, entry.kind, hash);
        Ok(())
    }

    /// Refuses a second entry for `path`, and one below a file or link.
    fn admit(&mut self, path: &Path, kind: Kind) -> Result<(), ArchiveError> {
        let name = || EntryName::new(path.as_os_str().as_bytes());
        for parent in path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()) {
            let seen = *self.seen.entry(parent.to_owned()).or_insert(Seen::Parent);
            if !matches!(seen, Seen::Parent | Seen::Entry(Kind::Directory)) {
                return Err(ArchiveError::BelowNonDirectory(name()));
            }
        }
        match self.seen.insert(path.to_owned(), Seen::Entry(kind)) {
            None => {}
            Some(Seen::Parent) if kind == Kind::Directory => {}
            Some(_) => return Err(ArchiveError::Duplicate(name())),
        }
        if self.seen.len() > self.limits.entries {
            return Err(ArchiveError::TooManyEntries { allowed: self.limits.entries });
        }
        Ok(())
    }

    /// Reads a file's content and its padding; returns the content's hash.
    fn content(&mut self, entry: &Entry, output: Option<&Output>) -> Result<[u8; 32], UnpackError> {
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut left = entry.size;
        while left > 0 {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let chunk = buffer.get_mut(..length).unwrap_or_default();
            self.fill(chunk)?;
            digest.update(&*chunk);
            if let Some(Output { file, path }) = output {
                (&*file).write_all(chunk).at("write", path)?;
            }
            left -= length as u64;
        }
        self.padding(entry.size)?;
        Ok(digest.finalize().into())
    }

    /// The body of an extended header.
    fn text(&mut self, size: u64) -> Result<Vec<u8>, UnpackError> {
        let length = usize::try_from(size).ok().filter(|_| size <= LONGEST_EXTENSION);
        let mut text = vec![0; length.ok_or(ArchiveError::ExtensionTooBig { size })?];
        self.fill(&mut text)?;
        self.padding(size)?;
        Ok(text)
    }

    fn padding(&mut self, size: u64) -> Result<(), UnpackError> {
        let used = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let mut padding = [0; BLOCK];
        let length = (BLOCK - used) % BLOCK;
        self.fill(padding.get_mut(..length).unwrap_or_default())
    }

    fn block(&mut self) -> Result<Block, UnpackError> {
        let mut bytes = [0; BLOCK];
        self.fill(&mut bytes)?;
        Ok(Block::new(&bytes))
    }

    /// Reads exactly `buffer`.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), UnpackError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.some(rest)? {
                0 => return Err(ArchiveError::Truncated.into()),
                n => filled += n,
            }
        }
        Ok(())
    }

    fn some(&mut self, buffer: &mut [u8]) -> Result<usize, UnpackError> {
        let n = loop {
            match self.input.read(buffer) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                result => break result.map_err(UnpackError::Stream)?,
            }
        };
        self.offset += n as u64;
        if self.offset > self.limits.bytes {
            return Err(ArchiveError::TooBig { allowed: self.limits.bytes }.into());
        }
        Ok(n)
    }

    /// After one block of zeros: another one, and then zeros only.
    fn expect_end(&mut self) -> Result<(), UnpackError> {
        if !self.block()?.is_zero() {
            return Err(ArchiveError::TrailingData.into());
        }
        let mut buffer = [0; 4096];
        loop {
            let n = self.some(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            if buffer.iter().take(n).any(|b| *b != 0) {
                return Err(ArchiveError::TrailingData.into());
            }
        }
    }
}
