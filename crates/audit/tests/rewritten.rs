use gpgsmith_audit::{Span, is_prefix};

use crate::{Scratch, entry, fixture, go, said};

#[test]
fn a_rewrite_by_the_go_program_keeps_values_and_links() {
    let scratch = Scratch::filled();
    let before = scratch.log.load().unwrap();
    go::rewrite(&scratch);
    assert_eq!(scratch.log.load().unwrap(), before);
    scratch.append(4);
    let report = scratch.log.verify().unwrap();
    assert_eq!((report.entries, report.linked, report.is_intact()), (4, 4, true));
}

#[test]
fn w26_entries_of_both_programs_are_one_chain() {
    let scratch = Scratch::new();
    scratch.append(1);
    go::append(&scratch, "publish", "published to 2 servers");
    go::append(&scratch, "add-identity", "added identity \"A: B <a@example.org>\"");
    scratch.append(4);
    scratch.append(5);
    go::append(&scratch, "note", "two\nlines\n    - looks like an item");
    let report = scratch.log.verify().unwrap();
    assert_eq!((report.entries, report.linked, report.is_intact()), (6, 3, true));
    let spans = [Span { first: 2, last: 3 }, Span { first: 6, last: 6 }];
    assert_eq!(report.unlinked, spans);
    scratch.append(7);
    assert!(scratch.log.verify().unwrap().is_intact());
}

#[test]
fn the_head_does_not_depend_on_who_wrote_the_file_last() {
    let scratch = Scratch::filled();
    go::append(&scratch, "publish", "published to 2 servers");
    let head = scratch.log.head().unwrap();
    assert_eq!((head.count, head.digest), (4, scratch.log.verify().unwrap().head));
    go::rewrite(&scratch);
    assert_eq!(scratch.log.head().unwrap(), head);
}

#[test]
fn a_change_to_an_entry_of_the_go_program_is_noticed() {
    let scratch = Scratch::filled();
    go::append(&scratch, "publish", "published to 2 servers");
    scratch.append(5);
    scratch.write(scratch.text().replace("to 2 servers", "to 3 servers"));
    assert_eq!(scratch.log.verify().unwrap().breaks, [Span { first: 3, last: 4 }]);
}

#[test]
fn the_emptied_log_of_the_go_program_takes_entries() {
    let scratch = Scratch::new();
    go::rewrite(&scratch);
    assert_eq!(scratch.text(), "entries: []\n");
    scratch.append(1);
    go::rewrite(&scratch);
    assert_eq!(said(&scratch.log.load().unwrap()), [entry(1)]);
}

#[test]
fn logs_of_the_go_program_are_read_and_go_on() {
    for (name, count) in [("created", 1), ("rotated", 11), ("stranded", 12), ("elsewhere", 12)] {
        let scratch = Scratch::with(fixture(name));
        let old = scratch.log.load().unwrap();
        assert_eq!(old.len(), count);
        scratch.append(1);
        assert!(scratch.text().starts_with(&fixture(name)), "the old text stays as it is");
        let new = scratch.log.load().unwrap();
        assert!(is_prefix(&old, &new) && new.len() == count + 1);
        go::rewrite(&scratch);
        assert_eq!(scratch.log.load().unwrap(), new);
        assert!(scratch.log.verify().unwrap().is_intact());
    }
}

#[test]
fn the_imitation_writes_what_the_go_program_wrote() {
    for name in ["created", "rotated", "stranded", "elsewhere"] {
        let scratch = Scratch::with(fixture(name));
        go::rewrite(&scratch);
        assert_eq!(scratch.text(), fixture(name));
    }
}

#[test]
fn a_fixture_has_the_values_that_the_go_program_shows() {
    let entries = Scratch::with(fixture("rotated")).log.load().unwrap();
    let second = &entries[1];
    assert_eq!(second.timestamp.to_string(), "2026-11-23T17:11:11.909265701Z");
    assert_eq!(second.action, "add-identity");
    assert_eq!(second.details, "added identity \"Zoë Ünïcode (test comment) <zoe@example.org>\"");
    assert_eq!(second.metadata["identity"], "Zoë Ünïcode (test comment) <zoe@example.org>");
    assert_eq!(entries[6].metadata.len(), 0);
    assert_eq!(entries[6].chain(), None);
}

#[test]
fn a_fork_is_no_prefix() {
    let load = |name| Scratch::with(fixture(name)).log.load().unwrap();
    let (rotated, stranded, elsewhere) = (load("rotated"), load("stranded"), load("elsewhere"));
    assert!(is_prefix(&rotated, &stranded) && is_prefix(&rotated, &elsewhere));
    assert!(!is_prefix(&stranded, &elsewhere) && !is_prefix(&stranded, &rotated));
    assert!(is_prefix(&rotated, &rotated) && is_prefix(&[], &rotated));
}
