//! A file whose bytes are hashed and counted as they pass.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use sha2::{Digest, Sha256};

/// Hashes and counts what is read from the file, or written to it.
pub(super) struct Hashing<'a> {
    file: &'a File,
    digest: Sha256,
    size: u64,
    progress: Option<&'a dyn Fn(u64)>,
}

impl<'a> Hashing<'a> {
    /// `progress` hears the number of bytes so far.
    pub(super) fn new(file: &'a File, progress: Option<&'a dyn Fn(u64)>) -> Self {
        Self { file, digest: Sha256::new(), size: 0, progress }
    }

    /// SHA-256 of what has passed, and how many bytes that was.
    pub(super) fn finish(self) -> ([u8; 32], u64) {
        (self.digest.finalize().into(), self.size)
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        if let Some(progress) = self.progress {
            progress(self.size);
        }
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.pass(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.pass(bytes.get(..n).unwrap_or_default());
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
