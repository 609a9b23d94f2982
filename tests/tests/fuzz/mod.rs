//! Every parser of what strangers write, given what is nearly right: nothing panics, nothing hangs,
//! nothing takes memory without end; and what was read is written and read again the same.

mod archive;
mod gpg;
mod home;
mod registry;
mod requests;

use std::{fs, path::Path};

use gpgsmith_tests::source::files;

/// The content of all files below the directories of fixtures whose name contains this.
fn fixtures(name: &str) -> Vec<Vec<u8>> {
    let all = files("crates", name).into_iter().chain(files("tests/fixtures", name));
    let found: Vec<Vec<u8>> = all
        .filter(|path| path.components().any(|part| part.as_os_str() == "fixtures"))
        .map(|path| fs::read(path).unwrap())
        .collect();
    assert!(!found.is_empty(), "no fixture is called {name}");
    found
}

/// A directory in RAM, for files that are made by the thousand.
fn in_ram() -> tempfile::TempDir {
    tempfile::tempdir_in(Path::new("/dev/shm")).unwrap()
}

/// What YAML has a meaning for.
const YAML: [&str; 24] = [
    "---\n",
    "...\n",
    "- ",
    "? ",
    ": ",
    "# ",
    "&a ",
    "*a",
    "<<: *a",
    "!!str ",
    "!!binary ",
    "{",
    "}",
    "[",
    "]",
    "|\n",
    ">-\n  ",
    "\"",
    "'",
    "~",
    "null",
    "true",
    "\\u0000",
    "%YAML 1.1\n",
];
