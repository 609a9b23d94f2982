use std::fs;

use gpgsmith_audit::Mended;

use crate::{Scratch, entry, fixture};

/// Cuts the last entry of a log at every byte, and looks at what is left.
#[test]
fn a_log_cut_anywhere_in_its_last_entry_loses_that_entry_and_no_other() {
    let scratch = Scratch::filled();
    let three = scratch.log.load().unwrap();
    let before = scratch.text().len();
    let fourth = scratch.append(4);
    let whole = fs::read(scratch.path()).unwrap();
    for len in before..whole.len() {
        scratch.write(&whole[..len]);
        let is_whole = len + 1 == whole.len(); // only the line feed is missing
        let mended = scratch.log.mend().unwrap();
        let entries = scratch.log.load().unwrap();
        assert_eq!(entries.get(3), is_whole.then_some(&fourth), "cut at {len}");
        assert_eq!(entries[..3], three, "cut at {len}");
        if let Some(Mended { kept, cut }) = mended {
            assert_eq!((kept, cut.as_slice()), (before as u64, &whole[before..len]));
        }
        let next = scratch.append(5);
        assert_eq!(scratch.log.load().unwrap().last(), Some(&next), "cut at {len}");
        assert!(scratch.log.verify().unwrap().is_intact(), "cut at {len}");
    }
}

#[test]
fn a_first_entry_cut_anywhere_leaves_an_empty_log() {
    let scratch = Scratch::new();
    let first = scratch.append(1);
    let whole = fs::read(scratch.path()).unwrap();
    for len in 0..whole.len() - 1 {
        scratch.write(&whole[..len]);
        scratch.log.mend().unwrap();
        assert_eq!(scratch.log.load().unwrap(), [], "cut at {len}");
        assert_eq!(scratch.append(1), first, "cut at {len}");
    }
}

#[test]
fn a_comment_above_a_first_entry_that_was_cut_stays() {
    let scratch = Scratch::new();
    let first = scratch.append(1);
    let commented = scratch.text().replacen("entries:\n", "entries: # all\n# mine\n\n", 1);
    let comments = commented.find("    - ").unwrap();
    for len in comments - 1..commented.len() - 1 {
        scratch.write(&commented.as_bytes()[..len]);
        assert_eq!(scratch.append(1), first, "cut at {len}");
        let text = scratch.text();
        assert_eq!(text[..comments - 1], commented[..comments - 1], "cut at {len}");
        let second = scratch.append(2);
        assert_eq!(scratch.log.load().unwrap(), [first.clone(), second], "cut at {len}");
    }
}

#[test]
fn appending_mends_by_itself() {
    let scratch = Scratch::filled();
    let whole = scratch.text();
    for len in whole.rfind("    - ").unwrap()..whole.len() - 1 {
        scratch.write(&whole.as_bytes()[..len]);
        let next = scratch.append(9);
        assert_eq!(next.chain().unwrap().index, 3, "cut at {len}");
        assert_eq!(scratch.log.load().unwrap().len(), 3, "cut at {len}");
        assert!(scratch.log.verify().unwrap().is_intact(), "cut at {len}");
    }
}

#[test]
fn the_zeros_that_some_file_systems_leave_are_cut_off() {
    let scratch = Scratch::filled();
    let whole = scratch.text();
    scratch.write(whole.clone() + &"\0".repeat(300));
    assert_eq!(scratch.log.mend().unwrap().unwrap().kept, whole.len() as u64);
    assert_eq!(scratch.log.load().unwrap().len(), 3);
    scratch.write(whole[..whole.len() - 20].to_owned() + &"\0".repeat(300));
    assert!(scratch.log.load().is_err());
    scratch.append(4);
    assert_eq!(scratch.log.load().unwrap().len(), 3);
}

#[test]
fn a_cut_through_a_log_of_the_go_program_keeps_whole_entries() {
    let whole = fixture("rotated");
    let start = whole.rfind("    - ").unwrap();
    for len in start..whole.len() {
        let scratch = Scratch::with(&whole.as_bytes()[..len]);
        scratch.append(1);
        let count = scratch.log.load().unwrap().len();
        assert!(count == 11 || count == 12, "cut at {len}: {count}");
        assert!(scratch.log.verify().unwrap().is_intact());
    }
}

#[test]
fn nothing_is_mended_where_nothing_is_torn() {
    let scratch = Scratch::new();
    assert_eq!(scratch.log.mend().unwrap(), None);
    assert!(!scratch.path().exists());
    scratch.append(1);
    let text = scratch.text();
    assert_eq!(scratch.log.mend().unwrap(), None);
    assert_eq!(scratch.text(), text);
}

#[test]
fn damage_elsewhere_is_not_mended() {
    let scratch = Scratch::filled();
    let text = scratch.text().replacen("action", "\"action", 1);
    scratch.write(&text[..text.len() - 20]);
    let before = scratch.text();
    assert!(scratch.log.mend().is_err());
    assert!(scratch.log.append(entry(4)).is_err() && scratch.text() == before);
}
