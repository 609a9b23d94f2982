//! Appends to a log, changes a word behind its back, and asks where.
//!
//! `cargo run -p gpgsmith-audit --example tamper`
#![expect(clippy::print_stdout, reason = "an example")]

use std::{collections::BTreeMap, error::Error, fs};

use gpgsmith_audit::{Entry, Log};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let log = Log::new(dir.path().join("audit.yaml"), "the log of this example");
    let events = [
        ("2026-05-14T08:20:05Z", "create-key", "master and three subkeys"),
        ("2026-05-14T08:40:11Z", "publish", "published to 2 servers"),
        ("2026-06-01T10:00:00Z", "revoke-subkey", "revoked subkey 33DC8F1EEE57B934"),
    ];
    for (time, action, details) in events {
        log.append(Entry::new(time.parse()?, action, details, BTreeMap::new()))?;
    }
    let text = fs::read_to_string(log.path())?;
    println!("{text}\nbefore: {:?}", log.verify()?.breaks);

    tampered(&log, &text.replace("2 servers", "5 servers"))?;
    println!("after:  {:?}", log.verify()?.breaks);
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "it is what a careless program does")]
fn tampered(log: &Log, text: &str) -> std::io::Result<()> {
    fs::write(log.path(), text)
}
