//! The log as its users see it: files, other programs, many processes.
#![expect(clippy::unwrap_used, reason = "tests")]

mod append;
mod concurrent;
mod go;
mod properties;
mod rewritten;
mod tampered;
mod torn;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use gpgsmith_audit::{Entry, Log};
use jiff::Timestamp;
use tempfile::TempDir;

const SEED: &str = "0123456789abcdef0123456789abcdef";

/// A log in a directory of its own.
struct Scratch {
    log: Log,
    _dir: TempDir,
}

impl Scratch {
    fn new() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self { log: Log::new(dir.path().join("gpgsmith-audit.yaml"), SEED), _dir: dir }
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let scratch = Self::new();
        scratch.write(text);
        scratch
    }

    /// With three entries.
    fn filled() -> Self {
        let scratch = Self::new();
        for second in 1..=3 {
            scratch.append(second);
        }
        scratch
    }

    fn path(&self) -> &Path {
        self.log.path()
    }

    fn append(&self, second: i64) -> Entry {
        self.log.append(entry(second)).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test may lose its files")]
    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(self.path(), text).unwrap();
    }
}

/// A typical entry.
fn entry(second: i64) -> Entry {
    let time = Timestamp::from_second(1_780_000_000 + second).unwrap();
    let label = ("label".to_owned(), "green: \"Zoë\"".to_owned());
    let serial = ("serial".to_owned(), "12345678".to_owned());
    Entry::new(time, "rotate-card", format!("rotated {second}"), BTreeMap::from([label, serial]))
}

/// What `entries` say, without their links.
fn said(entries: &[Entry]) -> Vec<Entry> {
    let unlinked = |e: &Entry| {
        Entry::new(e.timestamp, e.action.clone(), e.details.clone(), e.metadata.clone())
    };
    entries.iter().map(unlinked).collect()
}

fn fixture(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/gpgsmith-0.6.0");
    fs::read_to_string(dir.join(name).with_extension("yaml")).unwrap()
}

#[test]
fn every_file_beside_this_one_is_a_module_of_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let main = fs::read_to_string(dir.join("main.rs")).unwrap();
    let files = fs::read_dir(dir).unwrap().map(|file| PathBuf::from(file.unwrap().file_name()));
    for file in files.filter(|file| file.extension().is_some_and(|ext| ext == "rs")) {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert!(stem == "main" || main.contains(&format!("\nmod {stem};")), "{stem} is forgotten");
    }
}
