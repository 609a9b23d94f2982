//! Vaults that the Go program wrote.

use std::fs::{self, File};

use gpgsmith_vault::{KeyKind, OpenOptions, SealOptions, Store, Tree, header_kind};

use crate::{Bench, PASSPHRASE, at, cheap, decrypted, fixture, identity, slug};

#[test]
fn passphrase_vault_opens() {
    let bench = Bench::new();
    let store = Store::new(fixture("vaults/pass-fast"));
    let listing = store.list().unwrap();
    assert!(listing.foreign.is_empty());
    let key = cheap(PASSPHRASE);
    let counts = listing.snapshots.iter().enumerate().map(|(i, snapshot)| {
        let tree = Tree::plain(bench.path(&format!("home{i}")));
        let name = snapshot.name.file_name();
        let opened = store.open(&name, &key, &tree, &OpenOptions::default()).unwrap();
        assert_eq!(opened.contents, tree.contents().unwrap());
        assert_eq!((opened.size, opened.work_factor), (snapshot.size, Some(10)));
        opened.contents.len()
    });
    assert_eq!(counts.collect::<Vec<_>>(), [0, 16, 22]);
    let log = fs::read_to_string(bench.path("home1").join("gpgsmith-audit.yaml")).unwrap();
    assert!(log.starts_with("entries:\n    - timestamp: 2026-11-23T17:11:05.852141115Z\n"));
}

#[test]
fn full_work_factor_vault_opens() {
    let bench = Bench::new();
    let store = Store::new(fixture("vaults/pass"));
    let name = store.list().unwrap().snapshots[0].name.file_name();
    let header = header_kind(&store.dir().join(&name)).unwrap();
    assert_eq!((header.kind, header.work_factor), (KeyKind::Passphrase, Some(18)));
    let tree = Tree::plain(bench.path("home"));
    let opened = store.open(&name, &cheap(PASSPHRASE), &tree, &OpenOptions::default()).unwrap();
    assert_eq!(opened.contents.len(), 22);
    let hash = opened.sha256.map(|b| format!("{b:02x}")).concat();
    assert!(hash.starts_with("8a57319f32b113c2"), "{hash}");
}

#[test]
fn identity_vault_opens() {
    let bench = Bench::new();
    let store = Store::new(fixture("vaults/identity"));
    let name = "20261123T171218Z_rotated.tar.age";
    assert_eq!(header_kind(&store.dir().join(name)).unwrap().kind, KeyKind::Identity);
    let tree = Tree::plain(bench.path("home"));
    let opened = store.open(name, &identity(), &tree, &OpenOptions::default()).unwrap();
    assert_eq!((opened.contents.len(), opened.work_factor), (22, None));
}

#[test]
fn archive_is_byte_for_byte_what_go_writes() {
    let bench = Bench::new();
    let source = fixture("vaults/identity/20261123T171218Z_rotated.tar.age");
    let mut expected = decrypted(&source);
    let tree = Tree::plain(bench.path("home"));
    fs::copy(&source, bench.store.dir().join("x.age")).unwrap();
    bench.open("x.age", &identity(), &tree).unwrap();
    restore_times(&expected, &tree);

    let name = bench.store.next_name(&slug("again"), at("2026-11-24T00:00:00Z"), None).unwrap();
    let sealed = bench.store.seal(&name, &tree, &identity(), &SealOptions::default()).unwrap();
    let mut found = decrypted(&sealed.snapshot.path);
    if !nix::unistd::Uid::effective().is_root() {
        forget_owners(&mut expected);
        forget_owners(&mut found);
    }
    assert!(found == expected, "{} and {} bytes", found.len(), expected.len());
}

/// Children first, since making a file changes its directory's time.
fn restore_times(archive: &[u8], tree: &Tree) {
    let mut archive = tar::Archive::new(archive);
    let entries: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.path().unwrap().into_owned(), entry.header().mtime().unwrap())
        })
        .collect();
    for (path, mtime) in entries.iter().rev() {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(*mtime);
        File::open(tree.main().join(path)).unwrap().set_modified(time).unwrap();
    }
}

/// The fixtures belong to root; whoever is not root can't make such files.
fn forget_owners(archive: &mut [u8]) {
    let starts: Vec<_> = tar::Archive::new(&*archive)
        .entries()
        .unwrap()
        .map(|entry| usize::try_from(entry.unwrap().raw_header_position()).unwrap())
        .collect();
    for start in starts {
        for field in [108..124, 148..156, 265..329] {
            archive[start + field.start..start + field.end].fill(0);
        }
    }
}
