//! A seal is there whole or not at all.

use std::{
    cell::Cell,
    fs,
    os::unix::fs::{FileExt, PermissionsExt},
};

use gpgsmith_vault::{OpenError, OpenOptions, SealError, SealOptions, SnapshotName, Tree};
use sha2::{Digest, Sha256};

use crate::{Bench, PASSPHRASE, at, cheap, identity, slug};

fn name() -> SnapshotName {
    SnapshotName::new(at("2026-01-01T00:00:00Z"), slug("x"))
}

#[test]
fn seal_reports_what_is_on_disk() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1"), ("d/", "")]);
    let sealed = bench.store.seal(&name(), &tree, &cheap(PASSPHRASE), &SealOptions::default());
    let sealed = sealed.unwrap();
    let bytes = fs::read(&sealed.snapshot.path).unwrap();
    assert_eq!(sealed.sha256, <[u8; 32]>::from(Sha256::digest(&bytes)));
    assert_eq!((sealed.size, sealed.snapshot.size), (bytes.len() as u64, bytes.len() as u64));
    assert_eq!(sealed.contents, tree.contents().unwrap());
    assert_eq!(bench.store.list().unwrap().snapshots, std::slice::from_ref(&sealed.snapshot));
    assert_eq!(bench.names(), [name().file_name()]);
    let mode = fs::metadata(&sealed.snapshot.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn snapshot_is_never_replaced() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    bench.put(&name().file_name(), b"precious");
    let error = bench.store.seal(&name(), &tree, &identity(), &SealOptions::default()).unwrap_err();
    assert!(matches!(error, SealError::NameTaken { .. }), "{error:?}");
    assert_eq!(fs::read(bench.store.dir().join(name().file_name())).unwrap(), b"precious");
    assert_eq!(bench.names().len(), 1);
}

#[test]
fn of_many_seals_of_one_name_one_wins() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let won = std::thread::scope(|scope| {
        let seal = || bench.store.seal(&name(), &tree, &identity(), &SealOptions::default());
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(seal)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).count()
    });
    assert_eq!(won, 1);
    assert_eq!(bench.names().len(), 1);
}

#[test]
fn failed_seal_leaves_the_directory_as_it_was() {
    let bench = Bench::new();
    bench.put("20250101T000000Z_old.tar.age", b"old");
    let missing = Tree::plain(bench.path("missing"));
    bench.store.seal(&name(), &missing, &identity(), &SealOptions::default()).unwrap_err();
    bench.store.write_state("state", &missing, &identity()).unwrap_err();
    assert_eq!(bench.names(), ["20250101T000000Z_old.tar.age"]);
}

#[test]
fn state_file_is_replaced() {
    let bench = Bench::new();
    let state = "20260101T000000Z_x.tar.age.session-host";
    let tree = bench.tree("home", &[("a", "1")]);
    bench.store.write_state(state, &tree, &identity()).unwrap();
    fs::write(bench.path("home/a"), "2").unwrap();
    let written = bench.store.write_state(state, &tree, &identity()).unwrap();
    assert_eq!(bench.names(), [state]);
    let again = Tree::plain(bench.path("again"));
    let opened = bench.open(state, &identity(), &again).unwrap();
    assert_eq!(opened.sha256, written.sha256);
    assert_eq!(fs::read_to_string(bench.path("again/a")).unwrap(), "2");
    assert!(bench.store.write_state("../state", &tree, &identity()).is_err());
}

#[test]
fn progress_is_told() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", &"x".repeat(300_000))]);
    let (told, most) = (Cell::new(0), Cell::new(0));
    let progress = |bytes| {
        told.set(told.get() + 1);
        most.set(bytes);
    };
    let options = SealOptions { progress: Some(&progress), ..SealOptions::default() };
    let sealed = bench.store.seal(&name(), &tree, &identity(), &options).unwrap();
    assert!(told.get() > 4);
    assert_eq!(most.get(), sealed.size);
    let options = OpenOptions { progress: Some(&progress), ..OpenOptions::default() };
    let again = Tree::plain(bench.path("again"));
    bench.store.open(&name().file_name(), &identity(), &again, &options).unwrap();
    assert_eq!(most.get(), sealed.size);
}

/// The progress hook stands in for a disk that loses a bit between writing and reading.
#[test]
fn file_that_changed_on_its_way_to_the_disk_gets_no_name() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", &"x".repeat(300_000))]);
    let last = Cell::new(0);
    let corrupt = |bytes| {
        if bytes < last.replace(bytes) {
            let [temp] = bench.names().try_into().unwrap();
            let file = fs::File::options().write(true).open(bench.store.dir().join(temp)).unwrap();
            file.write_at(b"?", 250_000).unwrap();
        }
    };
    let options = SealOptions { progress: Some(&corrupt), ..SealOptions::default() };
    let error = bench.store.seal(&name(), &tree, &identity(), &options).unwrap_err();
    assert!(matches!(error, SealError::ReadBack { .. }), "{error:?}");
    assert!(bench.names().is_empty());
}

#[test]
fn w15_passphrase_can_be_tried_on_the_newest_snapshot() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    bench.store.seal(&name(), &tree, &cheap(PASSPHRASE), &SealOptions::default()).unwrap();
    let newest = bench.store.list().unwrap().snapshots.pop().unwrap().name.file_name();
    let scratch = Tree::plain(bench.path("scratch"));
    let error = bench.open(&newest, &cheap("typo"), &scratch).unwrap_err();
    assert!(matches!(error, OpenError::WrongPassphrase { .. }), "{error:?}");
    bench.open(&newest, &cheap(PASSPHRASE), &scratch).unwrap();
}
