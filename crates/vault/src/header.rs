//! What an age header says without any key.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read, Seek},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use nix::libc;

use crate::{
    atomic::{At, PathError},
    error::{Damage, OpenError},
    key::KeyKind,
    prepaid::{TAG, parse_work_factor},
};

/// A header of thousands of recipients is an attack.
const LONGEST: u64 = 1 << 20;

/// The head of an age file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What opens it.
    pub kind: KeyKind,
    /// Of a passphrase file: opening it takes 2 to this power of KiB.
    pub work_factor: Option<u8>,
}

/// Reads what kind of key opens `path`; needs none itself.
///
/// # Errors
/// When the file can't be read, or is not an age file.
pub fn header_kind(path: &Path) -> Result<Header, OpenError> {
    Header::read(&mut open_regular(path)?, path)
}

/// Follows no link, and does not wait for a FIFO's other end.
pub(crate) fn open_regular(path: &Path) -> Result<File, PathError> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_CLOEXEC;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).at("open", path)?;
    if file.metadata().at("look at", path)?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")).at("open", path)
}

impl Header {
    /// Leaves `file` at its start.
    pub(crate) fn read(file: &mut File, path: &Path) -> Result<Self, OpenError> {
        let damaged = |source| OpenError::Damaged { path: path.to_owned(), source };
        let mut lines = BufReader::new(&mut *file).take(LONGEST);
        let mut line = Vec::new();
        let mut next = |line: &mut Vec<u8>| -> Result<(), OpenError> {
            line.clear();
            lines.read_until(b'\n', line).at("read", path)?;
            Ok(())
        };
        next(&mut line)?;
        if line.is_empty() {
            return Err(damaged(Damage::Empty));
        }
        if line != b"age-encryption.org/v1\n" {
            return Err(damaged(Damage::Format));
        }
        next(&mut line)?;
        let header = Self::parse(&line).ok_or_else(|| damaged(Damage::Header))?;
        while !line.starts_with(b"---") {
            next(&mut line)?;
            if !line.ends_with(b"\n") {
                return Err(damaged(Damage::Header));
            }
        }
        file.rewind().at("read", path)?;
        Ok(header)
    }

    /// The first stanza decides: a scrypt one stands alone.
    fn parse(line: &[u8]) -> Option<Self> {
        let mut words = str::from_utf8(line).ok()?.strip_prefix("-> ")?.trim_end().split(' ');
        if words.next()? != TAG {
            return Some(Self { kind: KeyKind::Identity, work_factor: None });
        }
        let work_factor = parse_work_factor(words.nth(1)?)?;
        Some(Self { kind: KeyKind::Passphrase, work_factor: Some(work_factor) })
    }
}
