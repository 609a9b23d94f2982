//! What a directory of snapshots holds, and which name comes next.

use std::fs;

use gpgsmith_vault::{ForeignKind, NoNameLeft, SealOptions, SnapshotName, Store};
use jiff::Timestamp;

use crate::{Bench, at, identity, slug};

fn name(text: &str) -> SnapshotName {
    text.parse().unwrap()
}

#[test]
fn w19_conflict_copies_are_not_snapshots() {
    let bench = Bench::new();
    for file in [
        "20260410T143012Z_setup.tar.age",
        "20260410T143013Z_setup (1).tar.age",
        "20260410T143012Z_setup.tar (Laptop's conflicted copy 2026-04-11).age",
        "20260410T143012Z_setup.tar.sync-conflict-20260411-101010-ABCDEFG.age",
        "20260410T143012Z_setup.tar.age.session-host.sync-conflict-20260411-101010-ABCDEFG.info",
        "20260410T143012Z_setup.tar.age (1).session-host",
        "20260410T143012Z_setup.tar.age.session-host",
        "20260410T143012Z_setup.tar.age.session-host.info",
        ".gpgsmith-abcdefghijklmnop",
        ".syncthing.20260410T143012Z_setup.tar.age.tmp",
        "20260410T143012Z_.tar.age",
        "2026-04-10T143012Z_setup.tar.age",
        "20261410T143012Z_setup.tar.age",
        "notes.txt",
    ] {
        bench.put(file, b"x");
    }
    let listing = bench.store.list().unwrap();
    let names: Vec<_> = listing.snapshots.iter().map(|s| s.name.file_name()).collect();
    assert_eq!(names, ["20260410T143012Z_setup.tar.age"]);
    let kinds = |kind| listing.foreign.iter().filter(|f| f.kind == kind).count();
    assert_eq!(kinds(ForeignKind::ConflictCopy), 5);
    assert_eq!(kinds(ForeignKind::Temporary), 2);
    assert_eq!(kinds(ForeignKind::Other), 3);
}

#[test]
fn w19_equal_times_have_an_order() {
    let bench = Bench::new();
    for file in
        ["20260410T143012Z_b.tar.age", "20260410T143011Z_z.tar.age", "20260410T143012Z_a.tar.age"]
    {
        bench.put(file, b"x");
    }
    let slugs: Vec<_> =
        bench.store.list().unwrap().snapshots.iter().map(|s| s.name.slug().to_string()).collect();
    assert_eq!(slugs, ["z", "a", "b"]);
}

#[test]
fn only_regular_files_are_snapshots() {
    let bench = Bench::new();
    bench.put("target", b"x");
    let link = bench.store.dir().join("20260410T143012Z_link.tar.age");
    std::os::unix::fs::symlink("target", link).unwrap();
    fs::create_dir(bench.store.dir().join("20260410T143012Z_dir.tar.age")).unwrap();
    let listing = bench.store.list().unwrap();
    assert!(listing.snapshots.is_empty());
    assert_eq!(listing.foreign.len(), 1);
    assert_eq!(listing.foreign[0].kind, ForeignKind::Other);
}

#[test]
fn w20_message_without_letters_is_found_again() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[]);
    let name = bench.store.next_name(&slug("!!!"), at("2026-04-10T14:30:12Z"), None).unwrap();
    bench.store.seal(&name, &tree, &identity(), &SealOptions::default()).unwrap();
    let snapshots = bench.store.list().unwrap().snapshots;
    assert_eq!(snapshots.len(), 1);
    assert_eq!(snapshots[0].name.file_name(), "20260410T143012Z_snapshot.tar.age");
}

#[test]
fn w20_long_message_leaves_room_for_a_suffix() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[]);
    let name =
        bench.store.next_name(&slug(&"Schlüssel ".repeat(40)), at("2026-04-10T14:30:12Z"), None);
    let name = name.unwrap().file_name();
    let state = format!("{name}.session-{}", "h".repeat(64));
    bench.store.write_state(&state, &tree, &identity()).unwrap();
    assert!(state.len() + ".info".len() <= 255);
}

#[test]
fn names_grow_behind_the_clock_and_within_one_second() {
    let bench = Bench::new();
    let now = at("2026-04-10T14:30:12.7Z");
    let next =
        |above: Option<&SnapshotName>| bench.store.next_name(&slug("x"), now, above).unwrap();
    assert_eq!(next(None), name("20260410T143012Z_x.tar.age"));
    bench.put("20260410T143012Z_other.tar.age", b"");
    bench.put("20260410T143013Z_other.tar.age.session-host", b"");
    assert_eq!(next(None), name("20260410T143014Z_x.tar.age"));
    let above = name("20260410T143012Z_zzz.tar.age");
    assert_eq!(next(Some(&above)), name("20260410T143014Z_x.tar.age"));
    let future = name("20270101T000000Z_z.tar.age");
    assert_eq!(next(Some(&future)), name("20270101T000001Z_x.tar.age"));
    let past = name("20200101T000000Z_z.tar.age");
    assert_eq!(next(Some(&past)), name("20260410T143014Z_x.tar.age"));
}

#[test]
fn name_at_the_end_of_time_is_no_panic() {
    let bench = Bench::new();
    let last = SnapshotName::new(Timestamp::MAX, slug("x"));
    let now = at("2026-04-10T14:30:12Z");
    let error = bench.store.next_name(&slug("x"), now, Some(&last)).unwrap_err();
    assert!(matches!(error, NoNameLeft::Exhausted { .. }), "{error:?}");
    bench.put(&last.file_name(), b"x");
    bench.put("99991231T235959Z_x.tar.age", b"x");
    assert_eq!(bench.store.list().unwrap().snapshots.len(), 1);
    assert!(bench.store.next_name(&slug("x"), Timestamp::MAX, None).is_err());
    assert_eq!(
        bench.store.next_name(&slug("x"), now, None).unwrap(),
        name("20260410T143012Z_x.tar.age")
    );
}

#[test]
fn directory_that_is_not_there_is_an_error_to_list_and_can_be_made() {
    let bench = Bench::new();
    let store = Store::new(bench.path("a/b/c"));
    assert!(store.list().is_err());
    store.create().unwrap();
    store.create().unwrap();
    assert!(store.list().unwrap().snapshots.is_empty());
    let mode = |path: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(bench.path(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("a/b/c"), mode("a")), (0o700, 0o700));
}
