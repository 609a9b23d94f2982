//! Files that a disk, a sync service or a stranger broke.

use std::fs;

use gpgsmith_vault::{Damage, OpenError, OpenOptions, SealOptions, Tree};
use proptest::prelude::*;

use crate::{Bench, PASSPHRASE, at, cheap, fixture, identity, names, slug};

const ROTATED: &str = "vaults/identity/20261123T171218Z_rotated.tar.age";

fn damage(bytes: &[u8]) -> OpenError {
    let bench = Bench::new();
    bench.put("x.age", bytes);
    let tree = Tree::plain(bench.path("home"));
    let error = bench.open("x.age", &identity(), &tree).unwrap_err();
    assert!(names(tree.main()).is_empty());
    error
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_changed_bit_anywhere_opens_nothing(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = fs::read(fixture(ROTATED)).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        damage(&bytes);
    }

    #[test]
    fn cut_file_opens_nothing(at in any::<prop::sample::Index>()) {
        let bytes = fs::read(fixture(ROTATED)).unwrap();
        damage(&bytes[..at.index(bytes.len())]);
    }
}

#[test]
fn kinds_of_damage_are_told_apart() {
    let whole = fs::read(fixture(ROTATED)).unwrap();
    let kind = |bytes: &[u8]| match damage(bytes) {
        OpenError::Damaged { source, .. } => source,
        other => panic!("{other:?}"),
    };
    assert!(matches!(kind(b""), Damage::Empty));
    assert!(matches!(kind(b"age-encryption.org/v2\n-> X\n--- x\n"), Damage::Format));
    assert!(matches!(kind(b"<html>quota exceeded</html>"), Damage::Format));
    assert!(matches!(kind(&whole[..60]), Damage::Header));
    let mut changed = whole.clone();
    let mac = whole.windows(4).position(|four| four == b"--- ").unwrap() + 5;
    changed[mac] = if changed[mac] == b'A' { b'B' } else { b'A' };
    assert!(matches!(kind(&changed), Damage::Mac));
    assert!(matches!(kind(&whole[..70_000]), Damage::Payload(_)));
    assert!(matches!(kind(&[whole.as_slice(), b"more"].concat()), Damage::Payload(_)));
    let huge_header =
        [b"age-encryption.org/v1\n-> X25519 x\n".as_slice(), &vec![b'A'; 2 << 20]].concat();
    assert!(matches!(kind(&huge_header), Damage::Header));
}

#[test]
fn wrong_keys_are_told_apart() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let name = bench.store.next_name(&slug("x"), at("2026-01-01T00:00:00Z"), None).unwrap();
    bench.store.seal(&name, &tree, &cheap(PASSPHRASE), &SealOptions::default()).unwrap();
    let name = name.file_name();
    let empty = Tree::plain(bench.path("empty"));

    let error = bench.open(&name, &cheap("another"), &empty).unwrap_err();
    assert!(matches!(error, OpenError::WrongPassphrase { .. }), "{error:?}");
    let error = bench.open(&name, &identity(), &empty).unwrap_err();
    assert!(matches!(error, OpenError::KeyKind { .. }), "{error:?}");
    let options = OpenOptions { max_work_factor: 9, ..OpenOptions::default() };
    let error = bench.store.open(&name, &cheap(PASSPHRASE), &empty, &options).unwrap_err();
    assert!(
        matches!(error, OpenError::ExcessiveWork { required: 10, allowed: 9, .. }),
        "{error:?}"
    );

    fs::copy(fixture(ROTATED), bench.store.dir().join("x.age")).unwrap();
    let other = age::x25519::Identity::generate();
    fs::write(bench.path("id"), secrecy::ExposeSecret::expose_secret(&other.to_string())).unwrap();
    let other = gpgsmith_vault::Key::identity_file(&bench.path("id"), None).unwrap();
    let error = bench.open("x.age", &other, &empty).unwrap_err();
    assert!(matches!(error, OpenError::WrongIdentity { .. }), "{error:?}");
    let error = bench.open("x.age", &cheap(PASSPHRASE), &empty).unwrap_err();
    assert!(matches!(error, OpenError::KeyKind { .. }), "{error:?}");
}

#[test]
fn work_factor_above_the_ceiling_is_never_paid() {
    let bench = Bench::new();
    let stanza =
        "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 23\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    let file = format!("age-encryption.org/v1\n{stanza}--- AAAA\n");
    bench.put("x.age", file.as_bytes());
    let tree = Tree::plain(bench.path("home"));
    let options = OpenOptions { max_work_factor: 99, ..OpenOptions::default() };
    let error = bench.store.open("x.age", &cheap(PASSPHRASE), &tree, &options).unwrap_err();
    let found = matches!(error, OpenError::ExcessiveWork { required: 23, allowed: 22, .. });
    assert!(found, "{error:?}");
}

#[test]
fn links_fifos_and_names_that_lead_elsewhere_are_not_opened() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(fixture(ROTATED), bench.store.dir().join("link.age")).unwrap();
    nix::unistd::mkfifo(&bench.store.dir().join("fifo.age"), nix::sys::stat::Mode::S_IRWXU)
        .unwrap();
    fs::create_dir(bench.store.dir().join("dir.age")).unwrap();
    let tree = Tree::plain(bench.path("home"));
    for name in ["link.age", "fifo.age", "dir.age", "../x.age", "/etc/passwd", "..", "", "missing"]
    {
        let error = bench.open(name, &identity(), &tree).unwrap_err();
        assert!(matches!(error, OpenError::Path(_)), "{name}: {error:?}");
    }
}
