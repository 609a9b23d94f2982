//! Everything that needs a real gpg, each in a home of its own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod agent;
mod certify;
mod export;
mod export_secret;
mod hostile;
mod import;
mod keys;
mod listing;
mod passphrase;
mod program;
mod renew;
mod resign;
mod revoke;
mod sandbox;
mod secret;
mod ssh;
mod user_ids;

#[test]
fn no_test_file_is_forgotten() {
    let main = include_str!("main.rs");
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    for entry in std::fs::read_dir(here).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") else {
            continue;
        };
        assert!(main.contains(&format!("mod {module};")), "tests/{name} is not part of the tests");
    }
}
