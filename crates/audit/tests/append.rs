use std::{fs, os::unix::fs::PermissionsExt};

use gpgsmith_audit::{AppendError, BadEntry, Entry};

use crate::{Scratch, entry};

#[test]
fn a_new_log_is_private_and_reads_as_it_was_written() {
    let scratch = Scratch::new();
    let first = scratch.append(1);
    let second = scratch.append(2);
    assert_eq!(scratch.log.load().unwrap(), [first, second]);
    assert_eq!(fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_entry_is_lines_at_the_end() {
    let scratch = Scratch::new();
    scratch.append(1);
    insta::assert_snapshot!(scratch.text(), @r#"
    entries:
        - timestamp: 2026-05-28T20:26:41Z
          action: rotate-card
          metadata:
            chain: "1:27320b1a2c96c8bd8f6ffba2d571e1b3e1276562f79db81e6f572d019aab6621"
            label: "green: \"Zoë\""
            serial: "12345678"
          details: "rotated 1"
    "#);
}

#[test]
fn the_entry_that_append_returns_has_its_link() {
    let scratch = Scratch::filled();
    let head = scratch.log.head().unwrap();
    let link = scratch.append(4).chain().unwrap();
    assert_eq!((link.index, link.digest), (head.count + 1, head.digest));
}

#[test]
fn an_entry_can_be_appended_again_under_a_new_link() {
    let scratch = Scratch::new();
    let first = scratch.append(1);
    let again = scratch.log.append(first.clone()).unwrap();
    assert_ne!(first.chain(), again.chain());
    assert!(scratch.log.verify().unwrap().is_intact());
}

#[test]
fn every_way_to_have_no_entries_takes_a_first_one() {
    let texts = [
        "",
        "\n",
        "# none yet\n",
        "---\n",
        "entries:",
        "entries:\n",
        "entries: []",
        "entries: []\n",
        "entries: null # none\n",
        "entries: ~\n\n",
        "version: 1\n",
        "version: 1\nentries: []\n",
    ];
    for text in texts {
        let scratch = Scratch::with(text);
        let first = scratch.append(1);
        assert_eq!(scratch.log.load().unwrap(), [first], "{text:?}");
        let second = scratch.append(2);
        assert_eq!(scratch.log.load().unwrap().last(), Some(&second), "{text:?}");
    }
}

#[test]
fn what_stands_before_the_entries_stays() {
    let scratch = Scratch::with("# mine\nversion: 1\nentries: [] # none\n");
    scratch.append(1);
    assert!(scratch.text().starts_with("# mine\nversion: 1\nentries:\n    - timestamp:"));
}

#[test]
fn the_entries_keep_their_column() {
    for pad in ["", "  ", "       "] {
        let item = "- timestamp: 2026-01-01\n  action: a\n  details: b\n";
        let item = item.lines().fold(String::new(), |text, line| text + pad + line + "\n");
        let scratch = Scratch::with(format!("entries:\n# all\n{item}"));
        scratch.append(1);
        scratch.append(2);
        assert_eq!(scratch.log.load().unwrap().len(), 3);
        assert_eq!(scratch.text().matches(&format!("\n{pad}- timestamp")).count(), 3);
    }
}

#[test]
fn a_missing_last_line_feed_is_put_right() {
    let scratch = Scratch::filled();
    scratch.write(scratch.text().trim_end());
    let fourth = scratch.append(4);
    assert_eq!(scratch.log.load().unwrap().get(3), Some(&fourth));
    assert!(scratch.log.verify().unwrap().is_intact());
}

#[test]
fn a_log_whose_entries_are_not_at_its_end_is_refused() {
    let item = "- timestamp: 2026-01-01\n  action: a\n  details: b\n";
    let texts = [
        format!("entries:\n{item}version: 1\n"),
        format!("entries:\n{item}...\n"),
        format!("entries:\n{item}others:\n{item}"),
        "entries: [{timestamp: 2026-01-01, action: a, details: b}]\n".to_owned(),
        "entries: []\nversion: 1\n".to_owned(),
        "{entries: []}\n".to_owned(),
        "{}\n".to_owned(),
    ];
    for text in texts {
        let scratch = Scratch::with(&text);
        let error = scratch.log.append(entry(1)).unwrap_err();
        assert!(matches!(error, AppendError::Layout { .. }), "{text:?}: {error}");
        assert_eq!(scratch.text(), text);
    }
}

#[test]
fn a_linked_log_with_a_key_behind_its_entries_is_refused_too() {
    let scratch = Scratch::filled();
    let text = scratch.text() + "version: 1\n";
    scratch.write(&text);
    assert!(matches!(scratch.log.append(entry(4)), Err(AppendError::Layout { .. })));
    assert_eq!(scratch.text(), text);
}

#[test]
fn garbage_is_refused_and_left_alone() {
    for text in ["entries: none\n", "- a\n", "\u{1}\n", "entries:\n    - a: [\n    - b: 1\n", "x"] {
        let scratch = Scratch::with(text);
        assert!(matches!(scratch.log.append(entry(1)), Err(AppendError::Load(_))), "{text:?}");
        assert!(scratch.log.mend().is_err(), "{text:?}");
        assert_eq!(scratch.text(), text);
    }
}

#[test]
fn a_link_or_a_directory_is_no_log() {
    let scratch = Scratch::new();
    std::os::unix::fs::symlink("elsewhere", scratch.path()).unwrap();
    assert!(scratch.log.append(entry(1)).is_err());
    fs::remove_file(scratch.path()).unwrap();
    fs::create_dir(scratch.path()).unwrap();
    assert!(scratch.log.append(entry(1)).is_err());
    assert!(scratch.log.load().is_err());
}

#[test]
fn an_append_reads_only_the_ends_of_the_file() {
    let scratch = Scratch::new();
    for second in 0..200 {
        scratch.append(second);
    }
    let mut bytes = fs::read(scratch.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] = 0xff;
    scratch.write(&bytes);
    assert_eq!(scratch.append(200).chain().unwrap().index, 201);
    assert!(scratch.log.load().is_err());
}

#[test]
fn a_long_entry_is_found_again_at_the_end() {
    let scratch = Scratch::new();
    let long = Entry::new(entry(1).timestamp, "note", "\"".repeat(60 << 10), entry(1).metadata);
    scratch.log.append(long.clone()).unwrap();
    scratch.append(2);
    scratch.log.append(long).unwrap();
    assert_eq!(scratch.append(3).chain().unwrap().index, 4);
    assert!(scratch.log.verify().unwrap().is_intact());
}

#[test]
fn what_no_reader_could_trust_is_not_appended() {
    let scratch = Scratch::new();
    let append = |change: fn(&mut Entry)| {
        let mut entry = entry(1);
        change(&mut entry);
        match scratch.log.append(entry) {
            Err(AppendError::Entry(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let errors: [BadEntry; 7] = [
        append(|entry| entry.action = "a\u{2028}b".into()),
        append(|entry| entry.details = "\u{1b}[2J".into()),
        append(|entry| entry.details = "a".repeat(70_000)),
        append(|entry| drop(entry.metadata.insert("k".into(), "\u{85}".into()))),
        append(|entry| drop(entry.metadata.insert("chain".into(), "1:".into()))),
        append(|entry| drop(entry.metadata.insert("<<".into(), "v".into()))),
        append(|entry| entry.timestamp = "-000001-01-01T00:00:00Z".parse().unwrap()),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r#"
    control character '\u{2028}' in the action of an audit entry
    control character '\u{1b}' in the details of an audit entry
    an audit entry has 70043 bytes, 65536 are allowed
    control character '\u{85}' in the metadata of an audit entry
    the metadata key "chain" of an audit entry is the log's own
    "<<" is no metadata key, which has 1 to 128 ASCII letters, digits, dashes or underscores
    the year -1 of an audit entry has not four digits
    "#);
    assert!(!scratch.path().exists());
}
