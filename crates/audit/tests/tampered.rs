use gpgsmith_audit::{Log, Span};

use crate::{Scratch, entry};

/// A log of six entries, its text changed by `change`, which gets the text of each entry.
fn breaks(change: fn(&mut Vec<String>)) -> Vec<Span> {
    let scratch = Scratch::new();
    (1..=6).for_each(|second| drop(scratch.append(second)));
    let text = scratch.text();
    let mut items = text.split("    - ").map(str::to_owned).collect::<Vec<_>>();
    let head = items.remove(0);
    change(&mut items);
    items.insert(0, head);
    scratch.write(items.join("    - "));
    let report = scratch.log.verify().unwrap();
    assert_eq!(report.is_intact(), report.breaks.is_empty());
    report.breaks
}

fn span(first: usize, last: usize) -> Span {
    Span { first, last }
}

#[test]
fn nothing_changed_nothing_found() {
    assert_eq!(breaks(|_| {}), []);
}

#[test]
fn each_value_of_an_entry_is_covered() {
    let changes: [fn(&mut Vec<String>); 4] = [
        |items| items[2] = items[2].replace("rotated 3", "rotated 4"),
        |items| items[2] = items[2].replace("rotate-card", "revoke-card"),
        |items| items[2] = items[2].replace("12345678", "12345679"),
        |items| items[2] = items[2].replace("43Z", "43.000000001Z"),
    ];
    for change in changes {
        assert_eq!(breaks(change), [span(3, 3)]);
    }
}

#[test]
fn an_entry_that_was_taken_out_or_put_in_is_missed() {
    assert_eq!(breaks(|items| drop(items.remove(2))), [span(2, 2)]);
    assert_eq!(breaks(|items| items.insert(3, items[1].clone())), [span(3, 4)]);
    assert_eq!(breaks(|items| items.swap(2, 3)), [span(2, 4)]);
}

#[test]
fn a_log_without_its_first_entry_does_not_begin_at_the_seed() {
    assert_eq!(breaks(|items| drop(items.remove(0))), [span(1, 1)]);
}

#[test]
fn a_spoilt_link_is_a_break() {
    assert_eq!(breaks(|items| items[2] = items[2].replace("\"3:", "\"3;")), [span(3, 3)]);
    assert_eq!(breaks(|items| items[2] = items[2].replace("\"3:", "\"4:")), [span(2, 3)]);
}

#[test]
fn two_changes_are_two_breaks() {
    let change = |items: &mut Vec<String>| {
        items[0] = items[0].replace("rotated 1", "rotated 0");
        items[4] = items[4].replace("rotated 5", "rotated 0");
    };
    assert_eq!(breaks(change), [span(1, 1), span(5, 5)]);
}

#[test]
fn a_log_does_not_pass_for_that_of_another_vault() {
    let scratch = Scratch::filled();
    let other = Log::new(scratch.path(), "another");
    assert_eq!(other.verify().unwrap().breaks, [span(1, 1)]);
}

/// What the chain alone can't tell, a remembered head does.
#[test]
fn a_shortened_log_has_another_head() {
    let scratch = Scratch::filled();
    let seen = scratch.log.head().unwrap();
    let text = scratch.text();
    scratch.write(&text[..text.rfind("    - ").unwrap()]);
    assert!(scratch.log.verify().unwrap().is_intact());
    let head = scratch.log.head().unwrap();
    assert_eq!((head.count, seen.count), (2, 3));
    scratch.log.append(entry(9)).unwrap();
    assert_ne!(scratch.log.head().unwrap(), seen);
}
