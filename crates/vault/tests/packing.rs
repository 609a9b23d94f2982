//! What enters a snapshot.

use std::{collections::BTreeMap, fs, os::unix::net::UnixListener};

use gpgsmith_vault::{Kind, Place, Policy, SealOptions, Tree};
use proptest::prelude::*;

use crate::{Bench, at, decrypted, identity, names, slug};

fn seal(bench: &Bench, tree: &Tree) -> gpgsmith_vault::Sealed {
    let name = bench.store.next_name(&slug("x"), at("2026-01-01T00:00:00Z"), None).unwrap();
    bench.store.seal(&name, tree, &identity(), &SealOptions::default()).unwrap()
}

fn paths(contents: &gpgsmith_vault::Contents) -> Vec<String> {
    contents.entries().map(|entry| entry.path.to_str().unwrap().to_owned()).collect()
}

#[test]
fn w21_sockets_and_fifos_are_left_out_and_the_seal_succeeds() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("pubring.kbx", "1")]);
    let _agent = UnixListener::bind(bench.path("home/S.scdaemon")).unwrap();
    nix::unistd::mkfifo(&bench.path("home/fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(paths(&seal(&bench, &tree).contents), ["pubring.kbx"]);
}

#[test]
fn w22_symbolic_links_are_sealed_as_links() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a/real", "1")]);
    std::os::unix::fs::symlink("a/real", bench.path("home/link")).unwrap();
    let sealed = seal(&bench, &tree);
    assert_eq!(sealed.contents.get("link").unwrap().kind, Kind::Link);
    let again = Tree::plain(bench.path("again"));
    bench.open(&sealed.snapshot.name.file_name(), &identity(), &again).unwrap();
    assert_eq!(fs::read_link(bench.path("again/link")).unwrap().to_str(), Some("a/real"));
    assert_eq!(fs::read_to_string(bench.path("again/link")).unwrap(), "1");
}

#[test]
fn link_that_could_not_be_restored_is_not_sealed() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[]);
    std::os::unix::fs::symlink("/etc/passwd", bench.path("home/link")).unwrap();
    let name = bench.store.next_name(&slug("x"), at("2026-01-01T00:00:00Z"), None).unwrap();
    let error = bench.store.seal(&name, &tree, &identity(), &SealOptions::default()).unwrap_err();
    assert!(matches!(error, gpgsmith_vault::SealError::ReadBack { .. }), "{error:?}");
    assert!(bench.names().is_empty());
}

#[test]
fn aside_wins_and_skipped_directories_are_not_entered() {
    let bench = Bench::new();
    let main = bench
        .tree("home", &[("both", "main"), ("dir/m", "1"), ("was-dir/x", "1"), ("skip/x", "1")]);
    let aside = bench.tree("carried", &[("both", "aside"), ("dir/a", "2"), ("was-dir", "file")]);
    let policy = Policy::new(|_, _| Place::Aside, |path| path.starts_with("skip"));
    let tree = Tree::new(main.main(), aside.main(), policy);
    let sealed = seal(&bench, &tree);
    assert_eq!(paths(&sealed.contents), ["both", "dir", "dir/a", "dir/m", "was-dir"]);
    assert_eq!(sealed.contents.get("both"), aside.contents().unwrap().get("both"));
    assert_eq!(sealed.contents.get("was-dir").unwrap().kind, Kind::File);
    assert_eq!(sealed.contents, tree.contents().unwrap());
}

#[test]
fn nothing_aside_stands_in_for_what_main_admits() {
    let bench = Bench::new();
    let main = bench.tree("home", &[("ring", "new"), ("keys/k", "new"), ("generated", "new")]);
    let aside = bench.tree("carried", &[("ring/x", "old"), ("generated", "old")]);
    std::os::unix::fs::symlink("elsewhere", aside.main().join("keys")).unwrap();
    let place = |path: &std::path::Path, kind| match (path.to_str(), kind) {
        (Some("ring" | "keys/k"), Kind::File) | (Some("keys"), Kind::Directory) => Place::Main,
        _ => Place::Aside,
    };
    let tree = Tree::new(main.main(), aside.main(), Policy::new(place, |_| false));
    let sealed = seal(&bench, &tree);
    assert_eq!(paths(&sealed.contents), ["generated", "keys", "keys/k", "ring"]);
    let hash = |tree: &Tree, path| tree.contents().unwrap().get(path).unwrap().hash;
    assert_eq!(sealed.contents.get("ring").unwrap().hash, hash(&main, "ring"));
    assert_eq!(sealed.contents.get("generated").unwrap().hash, hash(&aside, "generated"));
}

#[test]
fn missing_aside_is_empty_and_missing_main_is_an_error() {
    let bench = Bench::new();
    let main = bench.tree("home", &[("a", "1")]);
    let policy = *main.policy();
    assert_eq!(Tree::new(main.main(), bench.path("none"), policy).contents().unwrap().len(), 1);
    assert!(Tree::plain(bench.path("none")).contents().is_err());
}

#[test]
fn order_is_that_of_a_walk_with_sorted_names() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a.b", ""), ("a/c", ""), ("B", ""), ("a-", "")]);
    let archive = decrypted(&seal(&bench, &tree).snapshot.path);
    let mut archive = tar::Archive::new(archive.as_slice());
    let order: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(order, ["B", "a", "a/c", "a-", "a.b"]);
}

#[test]
fn digest_is_the_documented_one() {
    use sha2::{Digest, Sha256};
    let bench = Bench::new();
    let tree = bench.tree("home", &[("d/f", "content"), ("left-out", "x")]);
    std::os::unix::fs::symlink("d", bench.path("home/l")).unwrap();
    let mut expected = Sha256::new();
    for (kind, path, hash) in [
        (b'd', "d", [0; 32]),
        (b'f', "d/f", Sha256::digest("content").into()),
        (b'l', "l", Sha256::digest("d").into()),
    ] {
        expected.update([kind]);
        expected.update((path.len() as u64).to_be_bytes());
        expected.update(path);
        expected.update(hash);
    }
    let expected: [u8; 32] = expected.finalize().into();
    assert_eq!(tree.contents().unwrap().digest(&["left-out"]), expected);
}

/// Names that need every form of header: short, long, deep, and not ASCII.
fn component() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,8}", "[a-z ._]{1,120}x", "[é日a]{1,60}", "x\\PC{0,3}"]
        .prop_map(|name| name.replace('/', "_"))
        .prop_filter("a plain name", |name| name != "." && name != ".." && name.len() <= 255)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_sealed_is_what_opens(
        files in prop::collection::btree_map(
            prop::collection::vec(component(), 1..4),
            prop::collection::vec(any::<u8>(), 0..2000),
            0..8,
        ),
        gzip: bool,
    ) {
        let bench = Bench::new();
        let tree = bench.tree("home", &[]);
        for (path, content) in prefix_free(&files) {
            let path = tree.main().join(path.join("/"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let name = bench.store.next_name(&slug("x"), at("2026-01-01T00:00:00Z"), None).unwrap();
        let options = SealOptions { gzip, ..SealOptions::default() };
        let sealed = bench.store.seal(&name, &tree, &identity(), &options).unwrap();
        let again = Tree::plain(bench.path("again"));
        let opened = bench.open(&name.file_name(), &identity(), &again).unwrap();
        prop_assert_eq!(&opened.contents, &sealed.contents);
        prop_assert_eq!(&opened.contents, &again.contents().unwrap());
        prop_assert_eq!(opened.sha256, sealed.sha256);
        prop_assert_eq!(names(again.main()), names(tree.main()));
    }
}

/// Without paths that would need a file to be a directory.
fn prefix_free(
    files: &BTreeMap<Vec<String>, Vec<u8>>,
) -> impl Iterator<Item = (&Vec<String>, &Vec<u8>)> {
    files.iter().filter(|(path, _)| {
        !files.keys().any(|other| other.len() > path.len() && other.starts_with(path))
    })
}
