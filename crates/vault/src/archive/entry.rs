//! What one entry of an archive says about itself, checked.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::PathBuf};

use super::{
    error::{ArchiveError, EntryName},
    ustar::Block,
};
use crate::contents::Kind;

const LONGEST_PATH: usize = 4096;
const LONGEST_COMPONENT: usize = 255;
const DEEPEST: usize = 64;

/// What extended headers say about the entry that follows them.
#[derive(Default)]
pub(super) struct Extension {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extension {
    /// From GNU's header for a long name.
    pub(super) fn set_path(&mut self, text: Vec<u8>) {
        self.path = Some(until_nul(text));
    }

    /// From GNU's header for a long link name.
    pub(super) fn set_target(&mut self, text: Vec<u8>) {
        self.target = Some(until_nul(text));
    }

    /// `None` when a record is malformed or describes a sparse file.
    pub(super) fn read_pax(&mut self, text: &[u8]) -> Option<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let (key, value);
            (key, value, rest) = pax_record(rest)?;
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.target = Some(value.to_vec()),
                b"size" => self.size = Some(str::from_utf8(value).ok()?.parse().ok()?),
                _ if key.starts_with(b"GNU.sparse") => return None,
                _ => {}
            }
        }
        Some(())
    }
}

/// `<length> <key>=<value>\n`, where the length counts the whole record; and what follows.
fn pax_record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = text.iter().take(8).position(|b| *b == b' ')?;
    let length: usize = str::from_utf8(text.get(..space)?).ok()?.parse().ok()?;
    let record = text.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|b| *b == b'=')?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, text.get(length..)?))
}

fn until_nul(mut text: Vec<u8>) -> Vec<u8> {
    text.truncate(text.iter().position(|b| *b == 0).unwrap_or(text.len()));
    text
}

/// A header and its extensions, understood.
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// Empty for the root.
    pub(super) path: PathBuf,
    pub(super) target: PathBuf,
    pub(super) size: u64,
    pub(super) executable: bool,
}

impl Entry {
    pub(super) fn parse(
        block: &Block,
        size: u64,
        extension: Extension,
        bad: ArchiveError,
    ) -> Result<Self, ArchiveError> {
        let raw = extension.path.unwrap_or_else(|| block.path());
        let name = || EntryName::new(&raw);
        let kind = match block.type_flag() {
            // Archives from before POSIX mark a directory by the slash alone.
            0 if raw.ends_with(b"/") => Kind::Directory,
            0 | b'0' => Kind::File,
            b'5' => Kind::Directory,
            b'2' => Kind::Link,
            flag => {
                let flag = char::from(flag);
                return Err(ArchiveError::UnsupportedType { entry: name(), flag });
            }
        };
        let size = extension.size.unwrap_or(size);
        if size > 0 && kind != Kind::File {
            return Err(bad);
        }
        let target = extension.target.unwrap_or_else(|| block.link_name());
        if kind == Kind::Link && !is_usable_target(&target) {
            return Err(ArchiveError::BadLink(name()));
        }
        let path = plain_path(&raw)?;
        if path.as_os_str().is_empty() && kind != Kind::Directory {
            return Err(ArchiveError::EmptyPath);
        }
        let executable = block.mode() & 0o100 != 0;
        Ok(Self { kind, path, target: OsStr::from_bytes(&target).into(), size, executable })
    }
}

fn is_usable_target(target: &[u8]) -> bool {
    !target.is_empty() && target.len() < LONGEST_PATH && !target.contains(&0)
}

/// Without `.` and doubled slashes; a path that names the root comes out empty.
fn plain_path(raw: &[u8]) -> Result<PathBuf, ArchiveError> {
    let name = || EntryName::new(raw);
    if raw.contains(&0) {
        return Err(ArchiveError::Nul(name()));
    }
    if raw.starts_with(b"/") {
        return Err(ArchiveError::AbsolutePath(name()));
    }
    if raw.len() > LONGEST_PATH {
        return Err(ArchiveError::PathTooLong(name()));
    }
    let mut path = PathBuf::new();
    let mut depth = 0;
    for part in raw.split(|b| *b == b'/').filter(|part| !part.is_empty() && *part != b".") {
        depth += 1;
        match part {
            b".." => return Err(ArchiveError::Escapes(name())),
            _ if part.len() > LONGEST_COMPONENT => return Err(ArchiveError::PathTooLong(name())),
            _ if depth > DEEPEST => return Err(ArchiveError::TooDeep(name())),
            _ => path.push(OsStr::from_bytes(part)),
        }
    }
    Ok(path)
}
