//! What lies in the memory of a running process.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt as _,
};

use memchr::memmem::Finder;
use nix::unistd::Pid;

/// A secret, and by which of its parts it is found: what freed memory is used for first lies at
/// its begin.
#[derive(Clone, Debug)]
pub struct Secret {
    /// What it is called in messages, which do not tell it.
    pub name: String,
    bytes: Vec<u8>,
}

/// Long enough not to lie anywhere by chance.
const PART: usize = 12;

impl Secret {
    /// A secret of at least twelve bytes.
    ///
    /// # Panics
    /// It is shorter.
    pub fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        assert!(bytes.as_ref().len() >= PART, "{name} is short");
        Self { name: name.to_owned(), bytes: bytes.as_ref().to_owned() }
    }

    /// Whether `text` holds its begin, middle or end.
    pub fn is_in(&self, text: &[u8]) -> bool {
        let (length, part) = (self.bytes.len(), PART);
        let starts = [0, (length - part) / 2, length - part];
        let mut parts = starts.iter().filter_map(|start| self.bytes.get(*start..start + part));
        parts.any(|part| Finder::new(part).find(text).is_some())
    }
}

/// The names of the secrets that lie in the memory of a process, and in which mapping.
///
/// # Panics
/// Its memory cannot be read: that needs root.
pub fn found(pid: Pid, secrets: &[Secret]) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("root may read its memory");
    let mut found = Vec::new();
    for line in maps.lines() {
        let Some((start, end)) = writable(line) else { continue };
        let mut bytes = vec![0; usize::try_from(end - start).expect("it fits memory")];
        // What is not backed by memory, and what went meanwhile, holds nothing.
        let Ok(()) = memory.read_exact_at(&mut bytes, start) else { continue };
        let held = secrets.iter().filter(|secret| secret.is_in(&bytes));
        found.extend(held.map(|secret| format!("{} in {line}", secret.name)));
    }
    found
}

/// `start-end rw-p …`: what cannot be written holds no secret of a run.
fn writable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-').filter(|_| rest.starts_with("rw"))?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}
