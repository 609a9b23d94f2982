use gpgsmith_audit::{Entry, is_prefix};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{Scratch, go, said};

/// Texts that YAML writers and readers stumble over, and any other without control characters.
fn text() -> impl Strategy<Value = String> {
    let hard = prop::sample::select(vec![
        "",
        " ",
        "no",
        "~",
        "null",
        "<<",
        "=",
        "1e3",
        "0x1F",
        "2026-01-01",
        "- a",
        "a: b",
        "a #b",
        "'",
        "\"",
        "\\",
        "%",
        "@",
        "`",
        "---",
        "...",
        "\u{feff}",
        "\u{fffe}",
        "&a *a",
        "!!str",
        "{}",
        "[]",
        "| ",
        "> ",
        "\u{10ffff}",
        "a\u{a0}",
        "203E92",
        "1_000",
        ".nan",
    ]);
    prop_oneof![hard.prop_map(str::to_owned), "[^\\pC\u{2028}\u{2029}]{0,40}"]
}

fn entry() -> impl Strategy<Value = Entry> {
    let time = (-62_167_219_200_i64..=253_402_207_200, 0..1_000_000_000_i32);
    let time = time.prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap());
    let key =
        prop::sample::select(vec!["no", "1e3", "0x1F", "-", "2026-01-01", "null", "label", "z"]);
    let metadata = prop::collection::btree_map(key.prop_map(str::to_owned), text(), 0..4);
    (time, text(), text(), metadata)
        .prop_map(|(time, action, details, metadata)| Entry::new(time, action, details, metadata))
}

#[derive(Debug, Clone)]
enum Step {
    Append(Entry),
    Rewrite,
    AppendElsewhere,
    Tear(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => entry().prop_map(Step::Append),
        1 => Just(Step::Rewrite),
        1 => Just(Step::AppendElsewhere),
        1 => (1..200_usize).prop_map(Step::Tear),
    ]
}

proptest! {
    #[test]
    fn what_is_appended_is_what_is_read(entries in prop::collection::vec(entry(), 1..5)) {
        let scratch = Scratch::new();
        for entry in &entries {
            scratch.log.append(entry.clone()).unwrap();
        }
        prop_assert_eq!(said(&scratch.log.load().unwrap()), entries);
        prop_assert!(scratch.log.verify().unwrap().is_intact());
    }

    /// Whatever both programs do in turn, and wherever a crash cuts what we wrote last.
    #[test]
    fn a_log_stays_whole_through_a_life(steps in prop::collection::vec(step(), 1..12)) {
        let scratch = Scratch::new();
        let mut expected = Vec::new();
        let mut size_before_ours = None;
        for step in steps {
            let before = std::fs::read(scratch.path()).map_or(0, |text| text.len());
            match step {
                Step::Append(entry) => {
                    scratch.log.append(entry.clone()).unwrap();
                    expected.push(entry);
                    size_before_ours = Some(before);
                    continue;
                }
                Step::Rewrite => go::rewrite(&scratch),
                Step::AppendElsewhere => {
                    go::append(&scratch, "publish", "published to 2 servers");
                    expected = said(&scratch.log.load().unwrap());
                }
                Step::Tear(bytes) => {
                    let Some(start) = size_before_ours else { continue };
                    let text = std::fs::read(scratch.path()).unwrap();
                    let len = (text.len() - 1 - bytes.min(text.len() - 1)).max(start);
                    let is_whole = len + 1 == text.len();
                    scratch.write(&text[..len]);
                    scratch.log.mend().unwrap();
                    if !is_whole {
                        expected.pop();
                    }
                }
            }
            size_before_ours = None;
            prop_assert_eq!(&said(&scratch.log.load().unwrap()), &expected);
        }
        let report = scratch.log.verify().unwrap();
        prop_assert_eq!((report.entries, report.is_intact()), (expected.len(), true));
        prop_assert_eq!(scratch.log.head().unwrap().digest, report.head);
    }

    #[test]
    fn a_prefix_is_what_appending_extends(
        old in prop::collection::vec(entry(), 0..3),
        new in entry(),
    ) {
        let scratch = Scratch::new();
        for entry in old {
            scratch.log.append(entry).unwrap();
        }
        let before = scratch.log.load().unwrap();
        scratch.log.append(new).unwrap();
        let after = scratch.log.load().unwrap();
        prop_assert!(is_prefix(&before, &after) && !is_prefix(&after, &before));
    }
}
