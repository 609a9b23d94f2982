//! The tar writer: the format of Go's archive/tar, for what lies in a [`Tree`].

use std::{
    collections::HashMap,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::PathBuf,
};

use nix::{
    libc,
    unistd::{Gid, Group, Uid, User},
};
use sha2::{Digest, Sha256};

use super::ustar::{BLOCK, Fields, LARGEST_ID};
use crate::{
    atomic::{At, PathError},
    contents::{Contents, Kind},
    tree::{Found, Tree},
};

const NAME: usize = 100;
const PREFIX: usize = 155;

/// What went wrong while a tree was packed.
#[derive(Debug)]
pub(crate) enum PackError {
    /// A file of the tree could not be read.
    Tree(PathError),
    /// The archive could not be written.
    Output(io::Error),
}

impl From<PathError> for PackError {
    fn from(error: PathError) -> Self {
        Self::Tree(error)
    }
}

/// Writes the whole archive with its end marker; returns what it holds.
pub(crate) fn pack(tree: &Tree, output: &mut dyn Write) -> Result<Contents, PackError> {
    let mut writer = Writer { output, users: HashMap::new(), groups: HashMap::new() };
    let mut contents = Contents::default();
    for found in tree.walk()? {
        let hash = writer.entry(&found)?;
        contents.insert(&found.path, found.kind, hash);
    }
    writer.put(&[0; 2 * BLOCK])?;
    Ok(contents)
}

/// What [`pack`] would write, without writing it.
pub(crate) fn scan(tree: &Tree) -> Result<Contents, PathError> {
    let mut contents = Contents::default();
    for found in tree.walk()? {
        let hash = match found.kind {
            Kind::Directory => [0; 32],
            Kind::Link => Sha256::digest(target(&found)?.as_os_str().as_bytes()).into(),
            Kind::File => {
                let (file, metadata) = open(&found)?;
                let mut digest = Sha256::new();
                each_chunk(file, metadata.len(), |chunk| {
                    digest.update(chunk);
                    Ok(())
                })
                .at("read", &found.real)?;
                digest.finalize().into()
            }
        };
        contents.insert(&found.path, found.kind, hash);
    }
    Ok(contents)
}

fn target(found: &Found) -> Result<PathBuf, PathError> {
    fs::read_link(&found.real).at("read the link", &found.real)
}

fn open(found: &Found) -> Result<(File, Metadata), PathError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(&found.real)
        .at("open", &found.real)?;
    let metadata = file.metadata().at("look at", &found.real)?;
    Ok((file, metadata))
}

/// Hands on exactly `size` bytes; a file that has become shorter is an error.
fn each_chunk(
    mut file: impl Read,
    size: u64,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut left = size;
    while left > 0 {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let chunk = buffer.get_mut(..length).unwrap_or_default();
        file.read_exact(chunk)?;
        each(chunk)?;
        left -= length as u64;
    }
    Ok(())
}

struct Writer<'a> {
    output: &'a mut dyn Write,
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.output.write_all(bytes).map_err(PackError::Output)
    }

    fn entry(&mut self, found: &Found) -> Result<[u8; 32], PackError> {
        match found.kind {
            Kind::File => self.file(found),
            Kind::Directory => {
                let metadata = found.real.symlink_metadata().at("look at", &found.real)?;
                self.header(found, &metadata, b"")?;
                Ok([0; 32])
            }
            Kind::Link => {
                let metadata = found.real.symlink_metadata().at("look at", &found.real)?;
                let target = target(found)?;
                self.header(found, &metadata, target.as_os_str().as_bytes())?;
                Ok(Sha256::digest(target.as_os_str().as_bytes()).into())
            }
        }
    }

    fn file(&mut self, found: &Found) -> Result<[u8; 32], PackError> {
        let (file, metadata) = open(found)?;
        self.header(found, &metadata, b"")?;
        let mut digest = Sha256::new();
        let mut failure = None;
        let result = each_chunk(file, metadata.len(), |chunk| {
            digest.update(chunk);
            self.output.write_all(chunk).inspect_err(|error| failure = Some(error.kind()))
        });
        match (result, failure) {
            (Err(error), Some(_)) => return Err(PackError::Output(error)),
            (result, _) => result.at("read", &found.real)?,
        }
        self.padding(metadata.len())?;
        Ok(digest.finalize().into())
    }

    fn padding(&mut self, size: u64) -> Result<(), PackError> {
        let used = usize::try_from(size % BLOCK as u64).unwrap_or_default();
        let zeros = [0; BLOCK];
        self.put(zeros.get(..(BLOCK - used) % BLOCK).unwrap_or_default())
    }

    fn header(
        &mut self,
        found: &Found,
        metadata: &Metadata,
        target: &[u8],
    ) -> Result<(), PackError> {
        let path = found.path.as_os_str().as_bytes();
        let user = user(&mut self.users, metadata.uid());
        let group = group(&mut self.groups, metadata.gid());
        let mut extended = Extended::default();
        let (prefix, name) = extended.path(path);
        let fields = Fields {
            name,
            prefix,
            mode: u64::from(metadata.mode() & 0o7777),
            uid: extended.number("uid", metadata.uid().into()),
            gid: extended.number("gid", metadata.gid().into()),
            size: if found.kind == Kind::File { metadata.len() } else { 0 },
            mtime: rounded_mtime(metadata),
            type_flag: type_flag(found.kind),
            link_name: extended.text("linkpath", target, NAME),
            user: extended.text("uname", user.as_bytes(), 32),
            group: extended.text("gname", group.as_bytes(), 32),
        };
        if let Some(records) = extended.records() {
            self.extension(path, &records)?;
        }
        self.put(&fields.encode())
    }

    fn extension(&mut self, path: &[u8], records: &[u8]) -> Result<(), PackError> {
        let slash = path.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
        let (parent, base) = path.split_at(slash);
        let name = [parent, b"PaxHeaders.0/", base].concat();
        let name: Vec<u8> = name.into_iter().filter(u8::is_ascii).take(NAME).collect();
        let none = Fields { name: &name, ..Fields::EMPTY };
        let size = records.len() as u64;
        self.put(&Fields { size, type_flag: b'x', ..none }.encode())?;
        self.put(records)?;
        self.padding(size)
    }
}

fn type_flag(kind: Kind) -> u8 {
    match kind {
        Kind::Directory => b'5',
        Kind::File => b'0',
        Kind::Link => b'2',
    }
}

/// Whole seconds, as Go rounds them; a time before 1970 becomes 1970.
fn rounded_mtime(metadata: &Metadata) -> u64 {
    let up = i64::from(metadata.mtime_nsec() >= 500_000_000);
    u64::try_from(metadata.mtime() + up).unwrap_or(0)
}

fn user(known: &mut HashMap<u32, String>, uid: u32) -> String {
    let look_up = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
    known.entry(uid).or_insert_with(|| look_up().unwrap_or_default()).clone()
}

fn group(known: &mut HashMap<u32, String>, gid: u32) -> String {
    let look_up = || Group::from_gid(Gid::from_raw(gid)).ok().flatten().map(|group| group.name);
    known.entry(gid).or_insert_with(|| look_up().unwrap_or_default()).clone()
}

/// What does not fit a plain header goes here, and into a PAX header.
#[derive(Default)]
struct Extended(Vec<(&'static str, Vec<u8>)>);

impl Extended {
    /// `path` as prefix and name.
    fn path<'a>(&mut self, path: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        match split_path(path).filter(|_| path.is_ascii()) {
            Some(split) => split,
            None => (b"", self.text("path", path, NAME)),
        }
    }

    fn text<'a>(&mut self, key: &'static str, value: &'a [u8], width: usize) -> &'a [u8] {
        if value.is_ascii() && value.len() <= width {
            return value;
        }
        self.0.push((key, value.to_vec()));
        let ascii = value.iter().take_while(|b| b.is_ascii()).count();
        value.get(..ascii.min(width)).unwrap_or_default()
    }

    fn number(&mut self, key: &'static str, value: u64) -> u64 {
        if value <= LARGEST_ID {
            return value;
        }
        self.0.push((key, value.to_string().into_bytes()));
        0
    }

    /// The records in the order of their keys; `None` when all fitted.
    fn records(&mut self) -> Option<Vec<u8>> {
        self.0.sort();
        (!self.0.is_empty()).then(|| self.0.iter().flat_map(|(k, v)| record(k, v)).collect())
    }
}

/// The directory part, of at most 155 bytes, and the rest, of at most 100.
fn split_path(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME {
        return Some((b"", path));
    }
    let slash = path.iter().take(PREFIX + 1).rposition(|b| *b == b'/').filter(|at| *at > 0)?;
    let (prefix, name) = (path.get(..slash)?, path.get(slash + 1..)?);
    (name.len() <= NAME && !name.is_empty()).then_some((prefix, name))
}

/// `<length> <key>=<value>\n`, where the length counts itself.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    if length.to_string().len() > rest.to_string().len() {
        length += 1;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}
