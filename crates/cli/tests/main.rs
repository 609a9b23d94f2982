//! The real program, in a home of its own, with a daemon of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests: a broken assumption may panic, and the program under test is run"
)]

mod daemon;
mod errors;
mod keys;
mod prompts;
mod sandbox;
mod shell;
mod streams;
mod vaults;

#[test]
fn no_file_is_forgotten() {
    let main = include_str!("main.rs");
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let source = path.extension().is_some_and(|ext| ext == "rs");
        assert!(
            !source || stem == "main" || main.contains(&format!("mod {stem};")),
            "{stem}.rs is not a module"
        );
    }
}
