//! Keys that are derived before they are needed.

use std::{
    collections::HashSet,
    fs,
    time::{Duration, Instant},
};

use gpgsmith_vault::{SealOptions, SnapshotName, Tree};

use crate::{Bench, PASSPHRASE, at, cheap, identity, slug};

fn wait_until_prepared(key: &gpgsmith_vault::Key) {
    let start = Instant::now();
    while key.prepared() < 2 {
        assert!(start.elapsed() < Duration::from_mins(1), "no key was prepared");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn keys_are_prepared_and_replaced() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let key = cheap(PASSPHRASE);
    assert_eq!(key.prepared(), 0);
    key.prepare();
    key.prepare();
    wait_until_prepared(&key);
    bench.store.write_state("state", &tree, &key).unwrap();
    wait_until_prepared(&key);
    assert_eq!(identity().prepared(), 0);
}

#[test]
fn no_two_seals_share_a_salt() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let key = cheap(PASSPHRASE);
    key.prepare();
    let salts: HashSet<String> = std::thread::scope(|scope| {
        let (bench, tree, key) = (&bench, &tree, &key);
        let threads: Vec<_> = (0..8)
            .map(|i| {
                scope.spawn(move || {
                    let name = format!("state{i}");
                    let written = bench.store.write_state(&name, tree, key).unwrap();
                    let head = fs::read(written.path).unwrap()[..80].to_vec();
                    String::from_utf8_lossy(&head).lines().nth(1).unwrap().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(salts.len(), 8);
}

#[test]
fn dropping_the_key_while_it_prepares_is_quick() {
    let key = gpgsmith_vault::Key::passphrase(PASSPHRASE.into()).unwrap();
    key.prepare();
    let start = Instant::now();
    drop(key);
    assert!(start.elapsed() < Duration::from_millis(200));
}

#[test]
fn clone_seals_after_the_original_is_gone() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let clone = {
        let key = cheap(PASSPHRASE);
        key.prepare();
        key.clone()
    };
    let name = SnapshotName::new(at("2026-01-01T00:00:00Z"), slug("x"));
    bench.store.seal(&name, &tree, &clone, &SealOptions::default()).unwrap();
    let again = Tree::plain(bench.path("again"));
    bench.open(&name.file_name(), &cheap(PASSPHRASE), &again).unwrap();
}
