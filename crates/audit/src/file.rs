//! The log's file, open and locked.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Seek, SeekFrom},
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

use crate::{LoadError, PathError, error::At};

/// Largest log that is read or made; some 200,000 entries.
pub(crate) const LARGEST: u64 = 64 << 20;

/// The file, with a lock that programs of this crate respect, until it is dropped.
pub(crate) struct LogFile<'a> {
    file: File,
    path: &'a Path,
}

impl<'a> LogFile<'a> {
    /// For writing, alone; created where it is missing.
    pub(crate) fn own(path: &'a Path) -> Result<Self, LoadError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        Self::open(path, &options, File::lock)
    }

    /// For reading, with other readers; `None` where it is missing.
    pub(crate) fn share(path: &'a Path) -> Result<Option<Self>, LoadError> {
        let mut options = OpenOptions::new();
        match Self::open(path, options.read(true), File::lock_shared) {
            Err(LoadError::Path(error)) if error.source.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Again, when another program has put a new file in place before the lock was granted.
    fn open(
        path: &'a Path,
        options: &OpenOptions,
        lock: fn(&File) -> io::Result<()>,
    ) -> Result<Self, LoadError> {
        let mut options = options.clone();
        options.custom_flags(O_NOFOLLOW | O_NONBLOCK);
        loop {
            let file = options.open(path).at("open", path)?;
            let metadata = file.metadata().at("look at", path)?;
            if !metadata.is_file() {
                return Err(LoadError::NotAFile { path: path.to_owned() });
            }
            while let Err(error) = lock(&file) {
                if error.kind() != ErrorKind::Interrupted {
                    return Err(error).at("lock", path)?;
                }
            }
            let now = fs::symlink_metadata(path);
            if now.is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino())) {
                return Ok(Self { file, path });
            }
        }
    }

    /// In bytes; refuses more than is ever read.
    pub(crate) fn size(&self) -> Result<u64, LoadError> {
        let size = self.file.metadata().at("look at", self.path)?.len();
        self.fits(size).map(|()| size)
    }

    fn fits(&self, size: u64) -> Result<(), LoadError> {
        let (path, allowed) = (self.path.to_owned(), LARGEST);
        if size > allowed { Err(LoadError::TooBig { path, size, allowed }) } else { Ok(()) }
    }

    /// At most `len` bytes from `offset`.
    pub(crate) fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, PathError> {
        let mut bytes = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).at("read", self.path)?;
        file.take(len).read_to_end(&mut bytes).at("read", self.path)?;
        Ok(bytes)
    }

    /// Puts `bytes` at `offset`, drops what was behind that, and waits until the device has it.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), LoadError> {
        self.fits(offset + bytes.len() as u64)?;
        self.cut(offset)?;
        if let Err(error) = self.file.write_all_at(bytes, offset) {
            self.cut(offset)?;
            return Err(error).at("append to", self.path)?;
        }
        self.sync()?;
        if offset == 0 {
            self.sync_directory()?;
        }
        Ok(())
    }

    /// Drops what is behind the first `len` bytes.
    pub(crate) fn cut(&self, len: u64) -> Result<(), LoadError> {
        if self.size()? > len {
            self.file.set_len(len).at("cut", self.path)?;
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), PathError> {
        self.file.sync_data().at("sync", self.path)
    }

    /// Makes a new file's name durable.
    fn sync_directory(&self) -> Result<(), PathError> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = parent.unwrap_or(Path::new("."));
        File::open(directory).and_then(|directory| directory.sync_all()).at("sync", directory)
    }
}

impl Drop for LogFile<'_> {
    /// Unlocks rather than only closes: a program that is just being started may hold a copy of
    /// the descriptor, and with it the lock.
    fn drop(&mut self) {
        self.file.unlock().ok();
    }
}
