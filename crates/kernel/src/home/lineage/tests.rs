use super::*;

fn next(base: &Base, name: &str, kind: FileKind) -> Lineage {
    base.next(NextFile {
        name,
        kind,
        session: "0123456789abcdef0123456789abcdef",
        generation: 3,
        sealed: 2,
        machine: &"fedcba9876543210fedcba9876543210".parse().unwrap(),
        host: "laptop",
        time: "2026-11-23T12:00:00Z".parse().unwrap(),
        manifest: format!("manifest of {name}"),
        local_secrets: vec!["A".repeat(40)],
        audit: AuditMark { count: 1, head: "00".repeat(32) },
    })
}

/// The base that `lineage`'s own file is, untouched.
fn base_of(lineage: &Lineage) -> Base {
    Base::of(&lineage.this.name, &[7; 32], Some(lineage), &lineage.this.manifest)
}

#[test]
fn it_comes_back_from_a_home() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(read(home.path()).unwrap(), None);
    let lineage = next(&Base::none(), "a", FileKind::Canonical);
    lineage.write(home.path()).unwrap();
    assert_eq!(read(home.path()).unwrap(), Some(lineage));
}

#[test]
fn a_later_version_or_garbage_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let later = Lineage { version: 2, ..next(&Base::none(), "a", FileKind::Canonical) };
    later.write(home.path()).unwrap();
    assert!(matches!(read(home.path()), Err(LineageError::Version(2))));
    assert!(matches!(parse("- x"), Err(LineageError::Parse(_))));
}

#[test]
fn a_number_that_would_run_over_is_an_error() {
    let home = tempfile::tempdir().unwrap();
    let changes: [fn(&mut Lineage); 5] = [
        |lineage| lineage.this.seq = u64::MAX,
        |lineage| lineage.this.generation = u64::MAX,
        |lineage| lineage.this.sealed = u64::MAX,
        |lineage| lineage.audit.count = u64::MAX,
        |lineage| lineage.ancestors[0].seq = u64::MAX,
    ];
    for change in changes {
        let first = next(&Base::none(), "a", FileKind::Canonical);
        let second = next(&base_of(&first), "b", FileKind::Canonical);
        let mut third = next(&base_of(&second), "c", FileKind::Canonical);
        change(&mut third);
        third.write(home.path()).unwrap();
        assert!(matches!(read(home.path()), Err(LineageError::Count(u64::MAX))));
    }
}

#[test]
fn a_line_grows_by_one_and_remembers_what_is_behind() {
    let mut base = Base::none();
    let vault = base.vault.clone();
    for seq in 1..=300_u64 {
        let lineage = next(&base, &format!("s{seq}"), FileKind::Canonical);
        assert_eq!((lineage.this.seq, &lineage.vault), (seq, &vault));
        assert!(lineage.ancestors.len() <= MAX_ANCESTORS);
        base = base_of(&lineage);
    }
    assert!(base.descends_from("s300") && base.descends_from("s299") && base.descends_from("s50"));
    assert!(!base.descends_from("s1") && !base.descends_from("t"));
}

#[test]
fn a_seal_by_a_program_without_lineage_stands_on_what_it_carries() {
    let ours = next(&Base::none(), "ours", FileKind::Canonical);
    let theirs = Base::of("theirs", &[9; 32], Some(&ours), "another manifest");
    let parent = theirs.parent.clone().unwrap();
    assert_eq!((parent.name.as_str(), parent.seq), ("theirs", ours.this.seq + 1));
    assert_ne!(parent.id, ours.this.id);
    assert!(theirs.descends_from("ours"));
    let again = Base::of("theirs", &[9; 32], Some(&ours), "another manifest");
    assert_eq!(again, theirs, "every machine derives the same");
}

#[test]
fn a_vault_without_lineage_begins_one() {
    let base = Base::of("theirs", &[9; 32], None, "a manifest");
    assert_eq!(next(&base, "ours", FileKind::Canonical).this.seq, 1);
    assert!(base.descends_from("theirs"));
}

#[test]
fn a_state_file_hands_its_session_s_base_on() {
    let base = base_of(&next(&Base::none(), "a", FileKind::Canonical));
    let state = next(&base, "a.session-laptop", FileKind::Ephemeral);
    assert_eq!(Base::of_state(&state), base);
}

#[test]
fn a_foreign_state_file_stands_on_its_snapshot() {
    let carried = next(&Base::none(), "a", FileKind::Canonical);
    let base = Base::before_foreign_state("a", Some(&carried));
    assert!(base.descends_from("a"));
    assert_eq!(base.parent.unwrap().seq, carried.this.seq);
    assert_eq!(Base::before_foreign_state("a", None).parent, None);
}

#[test]
fn a_pinned_secret_is_recognised() {
    let lineage = next(&Base::none(), "a", FileKind::Canonical);
    let pinned = lineage.pin().unwrap();
    assert!(lineage.has_pinned(&pinned));
    assert!(!next(&Base::none(), "a", FileKind::Canonical).has_pinned(&pinned));
}
