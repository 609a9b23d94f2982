//! Whole programs on a whole machine: real gpg, real files, real sockets, the formats of the Go
//! program, and how the sources hang together.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs programs"
)]

mod architecture;
mod asking;
mod canary;
mod chaos;
mod compat;
mod daemon;
mod defects;
mod elsewhere;
mod exec;
mod faults;
mod foreign;
mod fuzz;
mod go;
mod heads;
mod interrupted;
mod json;
mod keys;
mod life;
mod lock;
mod orders;
mod others;
mod power;
mod recovery;
mod secrecy;
mod transfer;
mod wordings;

use std::{fs, path::Path};

#[test]
fn no_file_is_forgotten() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    check(&tests, &fs::read_to_string(tests.join("main.rs")).unwrap());
}

/// Every file and every directory with a `mod.rs` in `dir` is a module of `parent`.
fn check(dir: &Path, parent: &str) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let inner = path.join("mod.rs");
        let is_module = inner.exists() || path.extension().is_some_and(|kind| kind == "rs");
        if is_module && !["main", "mod"].contains(&name) {
            assert!(parent.contains(&format!("mod {name};")), "{} is forgotten", path.display());
        }
        if inner.exists() {
            check(&path, &fs::read_to_string(inner).unwrap());
        }
    }
}
