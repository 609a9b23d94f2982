use proptest::prelude::*;

use super::*;

const VAULT: &str = "0123456789abcdef0123456789abcdef";

fn name(day: u64) -> String {
    format!("202611{day:02}T120000Z_x.tar.age")
}

fn mark(count: u64) -> AuditMark {
    AuditMark { count, head: format!("head {count}") }
}

fn ancestor(day: u64) -> Ancestor {
    Ancestor { name: name(day), id: format!("id {day}"), seq: day }
}

/// The snapshot of a day, made from those of the days `behind`.
fn ours(day: u64, behind: &[u64]) -> Facts {
    Facts {
        name: name(day),
        sha256: format!("sha {day}"),
        size: 1000 + day,
        vault: Some(VAULT.to_owned()),
        id: format!("id {day}"),
        seq: day,
        origin: Origin::Ours,
        behind: behind.iter().map(|day| ancestor(*day)).collect(),
        joins: false,
        pins: vec!["secret".to_owned()],
        audit: mark(day),
        trail: (0..=day).map(mark).collect(),
    }
}

/// Sealed on the day by a program that has carried the lineage of the day `base` along; its audit
/// log has `entries`.
fn foreign(day: u64, base: &Facts, entries: u64) -> Facts {
    let mut behind = base.behind.clone();
    behind.insert(0, Ancestor { name: base.name.clone(), id: base.id.clone(), seq: base.seq });
    Facts {
        origin: Origin::Foreign { base: base.id.clone() },
        behind,
        audit: mark(entries),
        trail: (0..=entries).map(mark).collect(),
        ..ours(day, &[])
    }
}

/// Of a vault that has no lineage yet.
fn plain(day: u64, entries: u64) -> Facts {
    let none = Facts { behind: Vec::new(), vault: None, pins: Vec::new(), ..ours(day, &[]) };
    Facts {
        origin: Origin::Foreign { base: String::new() },
        audit: mark(entries),
        trail: (0..=entries).map(mark).collect(),
        ..none
    }
}

fn copy(of: &Facts, day: u64) -> Facts {
    let origin = Origin::Copy { of: of.name.clone() };
    Facts { name: name(day), origin, ..of.clone() }
}

fn files(facts: &[&Facts]) -> Files {
    facts.iter().map(|facts| (facts.name.clone(), facts.size)).collect()
}

fn news(newest: &Facts, verdict: Verdict, others: &[&Facts]) -> News {
    let mut there = files(others);
    there.insert(newest.name.clone(), newest.size);
    News {
        newest: newest.clone(),
        verdict,
        looked: Looked {
            others: others.iter().map(|&other| other.clone()).collect(),
            ..Looked::default()
        },
        unknown: Vec::new(),
        files: there,
    }
}

/// What a machine has seen that has opened these one after the other.
fn having_seen(opened: &[&Facts]) -> Seen {
    let mut seen = Seen { version: 1, ..Seen::default() };
    for newest in opened {
        let before = (!seen.heads.is_empty()).then(|| seen.clone());
        let verdict = judge(before.as_ref(), newest, HeadFile::Same, false).unwrap();
        seen.vault.clone_from(&newest.vault);
        news(newest, verdict, &[]).record(&mut seen);
    }
    seen
}

fn verdict(seen: &Seen, newest: &Facts) -> Result<Verdict, Refusal> {
    judge(Some(seen), newest, HeadFile::Same, false)
}

fn head_names(seen: &Seen) -> Vec<&str> {
    seen.heads.iter().filter_map(|id| seen.by_id(id)).map(|head| head.name.as_str()).collect()
}

#[test]
fn no_state_yet_is_first_use_and_names_what_is_lacking() {
    let newest = ours(5, &[4, 3]);
    assert_eq!(judge(None, &newest, HeadFile::Same, false), Ok(Verdict::FirstUse));
    let news = news(&newest, Verdict::FirstUse, &[&ours(3, &[])]);
    let mut seen = Seen::default();
    news.record(&mut seen);
    assert_eq!(news.remarks(None, &seen), [Remark::Lacking(vec![name(4)])]);
    assert_eq!((head_names(&seen), seen.seen.len()), (vec![&*name(5)], 3));
}

#[test]
fn the_head_itself_and_its_successor_open() {
    let seen = having_seen(&[&ours(1, &[])]);
    assert_eq!(verdict(&seen, &ours(1, &[])), Ok(Verdict::Head));
    assert_eq!(verdict(&seen, &ours(5, &[4, 3, 2, 1])), Ok(Verdict::Advance));
    let after = having_seen(&[&ours(1, &[]), &ours(5, &[4, 3, 2, 1])]);
    assert_eq!(head_names(&after), [name(5)]);
}

#[test]
fn a_head_that_is_gone_or_changed_is_a_rollback_whatever_there_is_now() {
    let seen = having_seen(&[&ours(1, &[]), &ours(2, &[1])]);
    for newest in [ours(1, &[]), ours(2, &[1]), ours(3, &[2, 1]), ours(3, &[1])] {
        for (file, how) in [
            (HeadFile::Gone, Lost::Gone),
            (HeadFile::Replaced, Lost::Replaced),
            (HeadFile::Damaged, Lost::Damaged),
        ] {
            let refusal = judge(Some(&seen), &newest, file, false).unwrap_err();
            let expected =
                Refusal::Rollback { head: name(2), how, kept: None, newest: newest.name.clone() };
            assert_eq!(refusal, expected);
            assert_eq!(judge(Some(&seen), &newest, file, true), Ok(Verdict::Accepted));
        }
    }
}

#[test]
fn what_is_accepted_is_the_only_head_and_what_is_gone_is_forgotten() {
    let mut seen = having_seen(&[&ours(1, &[]), &ours(2, &[1]), &ours(3, &[1])]);
    let (before, newest) = (seen.clone(), ours(1, &[]));
    let accepted = news(&newest, Verdict::Accepted, &[]);
    accepted.record(&mut seen);
    assert_eq!(head_names(&seen), [name(1)]);
    assert_eq!(accepted.remarks(Some(&before), &seen), []);
    assert!(seen.by_name(&name(3)).is_none());
    // Should it come back, it is news.
    assert_eq!(verdict(&seen, &ours(3, &[1])), Ok(Verdict::Advance));
}

#[test]
fn an_older_one_that_is_gone_or_changed_is_a_warning() {
    let seen = having_seen(&[&ours(1, &[]), &ours(2, &[1]), &ours(3, &[2, 1])]);
    let mut now = news(&ours(3, &[2, 1]), Verdict::Head, &[]);
    now.files.insert(name(2), 7);
    let remarks = now.remarks(Some(&seen), &seen);
    assert_eq!(remarks, [Remark::Gone(vec![name(1)]), Remark::Changed(vec![name(2)])]);
}

#[test]
fn ours_without_the_head_behind_it_is_a_fork_until_something_descends_from_both() {
    let seen = having_seen(&[&ours(1, &[]), &ours(2, &[1])]);
    assert_eq!(verdict(&seen, &ours(3, &[1])), Ok(Verdict::Fork));
    let forked = having_seen(&[&ours(1, &[]), &ours(2, &[1]), &ours(3, &[1])]);
    assert_eq!(head_names(&forked), [name(2), name(3)]);
    let one_side = having_seen(&[&ours(1, &[]), &ours(2, &[1]), &ours(3, &[1]), &ours(4, &[3, 1])]);
    assert_eq!(head_names(&one_side), [name(2), name(4)]);
    let merged = ours(5, &[4, 2, 3, 1]);
    let mut both = one_side.clone();
    news(&merged, verdict(&both, &merged).unwrap(), &[]).record(&mut both);
    assert_eq!(head_names(&both), [name(5)]);
}

#[test]
fn a_copy_of_the_head_opens_and_of_an_older_one_is_a_replay() {
    let (one, two) = (ours(1, &[]), ours(2, &[1]));
    let seen = having_seen(&[&one, &two]);
    let again = copy(&two, 9);
    assert_eq!(verdict(&seen, &again), Ok(Verdict::Head));
    let remarks = news(&again, Verdict::Head, &[&one, &two]).remarks(Some(&seen), &seen);
    assert_eq!(remarks, [Remark::Copy { name: name(9), of: name(2) }]);
    let replay = Refusal::Replay { newest: name(9), of: name(1), head: name(2) };
    assert_eq!(verdict(&seen, &copy(&one, 9)), Err(replay));
}

#[test]
fn an_ancestor_that_only_a_lineage_has_named_is_a_replay_too() {
    let seen = having_seen(&[&ours(3, &[2, 1])]);
    assert!(matches!(verdict(&seen, &copy(&ours(1, &[]), 9)), Err(Refusal::Replay { .. })));
}

#[test]
fn sealed_without_lineage_on_the_head_or_on_its_successor_takes_its_place() {
    let (one, two) = (ours(1, &[]), ours(2, &[1]));
    let seen = having_seen(&[&one]);
    for newest in [foreign(3, &one, 2), foreign(3, &two, 2)] {
        assert_eq!(verdict(&seen, &newest), Ok(Verdict::Advance));
        let remarks = news(&newest, Verdict::Advance, &[&one]).remarks(Some(&seen), &seen);
        assert_eq!(remarks, [Remark::WithoutLineage { name: name(3) }]);
    }
}

#[test]
fn sealed_without_lineage_on_something_older_is_a_fork() {
    let (one, two) = (ours(1, &[]), ours(2, &[1]));
    let seen = having_seen(&[&one, &two]);
    assert_eq!(verdict(&seen, &foreign(3, &one, 2)), Ok(Verdict::Fork));
}

#[test]
fn seals_without_lineage_on_one_base_are_linear_if_the_log_goes_on() {
    let one = ours(1, &[]);
    let seen = having_seen(&[&one, &foreign(2, &one, 2)]);
    assert_eq!(verdict(&seen, &foreign(3, &one, 3)), Ok(Verdict::Advance));
    assert_eq!(verdict(&seen, &foreign(3, &one, 2)), Ok(Verdict::Advance), "equal logs");
    let other = Facts { trail: vec![mark(0), mark(1)], ..foreign(3, &one, 2) };
    assert_eq!(verdict(&seen, &other), Ok(Verdict::Fork));
    let shorter = foreign(3, &one, 1);
    assert_eq!(verdict(&seen, &shorter), Ok(Verdict::Fork), "it lacks what the head has");
}

#[test]
fn a_vault_without_lineage_goes_by_its_log_and_then_gets_one() {
    let seen = having_seen(&[&plain(1, 1)]);
    assert_eq!(verdict(&seen, &plain(2, 2)), Ok(Verdict::Advance));
    assert_eq!(verdict(&seen, &Facts { trail: Vec::new(), ..plain(2, 2) }), Ok(Verdict::Fork));
    assert_eq!(verdict(&seen, &ours(2, &[1])), Ok(Verdict::Advance), "its first lineage");
}

#[test]
fn a_vault_that_had_a_lineage_has_one() {
    let seen = having_seen(&[&ours(1, &[])]);
    let lost = Refusal::LineageLost { newest: name(2) };
    assert_eq!(verdict(&seen, &plain(2, 2)), Err(lost));
}

#[test]
fn another_vault_is_refused() {
    let seen = having_seen(&[&ours(1, &[])]);
    let other = Facts { vault: Some("another".to_owned()), ..ours(2, &[1]) };
    assert_eq!(verdict(&seen, &other), Err(Refusal::OtherVault { newest: name(2) }));
}

#[test]
fn who_does_not_know_the_pinned_secret_is_a_forger_and_nothing_else_is_looked_at() {
    let seen = having_seen(&[&ours(1, &[])]);
    let forged = Facts { pins: vec!["guessed".to_owned()], ..ours(2, &[1]) };
    for file in [HeadFile::Same, HeadFile::Gone] {
        for accepted in [false, true] {
            let refusal = judge(Some(&seen), &forged, file, accepted).unwrap_err();
            assert_eq!(refusal, Refusal::Forged { newest: name(2), head: name(1) });
        }
    }
}

#[test]
fn a_new_secret_before_the_pinned_one_is_pinned_and_the_old_one_alone_no_longer_counts() {
    let removed = Facts { pins: vec!["new".to_owned(), "secret".to_owned()], ..ours(2, &[1]) };
    let seen = having_seen(&[&ours(1, &[]), &removed]);
    assert_eq!(seen.pinned.as_deref(), Some("new"));
    assert!(matches!(verdict(&seen, &ours(3, &[2, 1])), Err(Refusal::Forged { .. })));
    // The snapshot of before is known, and no forgery: it was there before the secret.
    let back = judge(Some(&seen), &ours(1, &[]), HeadFile::Gone, true);
    assert_eq!(back, Ok(Verdict::Accepted));
    // Unfinished work may be as old.
    let work = ours(3, &[1]);
    assert_eq!(judge_resumed(Some(&seen), &work, HeadFile::Same, false), Ok(()));
}

#[test]
fn unfinished_work_is_judged_but_may_be_old_and_its_base_damaged() {
    let seen = having_seen(&[&ours(1, &[]), &ours(2, &[1])]);
    let work = |facts: &Facts, file| judge_resumed(Some(&seen), facts, file, false);
    assert_eq!(work(&ours(1, &[]), HeadFile::Same), Ok(()));
    assert_eq!(work(&ours(1, &[]), HeadFile::Damaged), Ok(()));
    assert!(matches!(work(&ours(1, &[]), HeadFile::Gone), Err(Refusal::Rollback { .. })));
    assert!(matches!(work(&plain(1, 1), HeadFile::Same), Err(Refusal::LineageLost { .. })));
    let forged = Facts { pins: Vec::new(), sha256: "new".to_owned(), ..ours(3, &[2]) };
    assert!(matches!(work(&forged, HeadFile::Same), Err(Refusal::Forged { .. })));
    assert_eq!(judge_resumed(None, &forged, HeadFile::Gone, false), Ok(()));
}

#[test]
fn an_audit_log_that_does_not_go_on_is_told() {
    let seen = having_seen(&[&ours(1, &[])]);
    let rewritten = Facts { trail: vec![mark(0)], ..ours(2, &[1]) };
    let remarks = news(&rewritten, Verdict::Advance, &[&ours(1, &[])]).remarks(Some(&seen), &seen);
    assert_eq!(remarks, [Remark::LogRewritten { since: name(1) }]);
    let joined = Facts { joins: true, ..rewritten };
    let remarks = news(&joined, Verdict::Advance, &[&ours(1, &[])]).remarks(Some(&seen), &seen);
    assert_eq!(remarks, [], "of two logs, one goes on");
}

#[test]
fn only_what_may_be_a_fork_is_decrypted_besides_the_newest() {
    let (one, two) = (ours(1, &[]), ours(2, &[1]));
    let seen = having_seen(&[&one, &two]);
    let there = files(&[&one, &two, &ours(3, &[]), &ours(4, &[]), &ours(5, &[])]);
    let newest = ours(5, &[4, 2, 1]);
    assert_eq!(to_look_at(Some(&seen), &newest, &there), [name(3)]);
    assert_eq!(to_look_at(None, &newest, &there), [name(3)], "younger than the lineage");
    assert_eq!(to_look_at(None, &plain(5, 1), &there), [""; 0]);
    let mut known = seen;
    news(&newest, Verdict::Advance, &[&ours(3, &[2, 1])]).record(&mut known);
    assert_eq!(to_look_at(Some(&known), &newest, &there), [""; 0], "once is enough");
    assert_eq!(head_names(&known), [name(3), name(5)], "it was a fork");
}

#[test]
fn a_file_that_did_not_decrypt_is_looked_at_again_when_it_has_changed() {
    let mut seen = having_seen(&[&ours(1, &[])]);
    let mut partly = news(&ours(5, &[1]), Verdict::Advance, &[&ours(1, &[])]);
    partly.files.insert(name(3), 10);
    partly.looked.unreadable.push(name(3));
    partly.record(&mut seen);
    assert_eq!(to_look_at(Some(&seen), &ours(5, &[1]), &partly.files), [""; 0]);
    partly.files.insert(name(3), 2000);
    assert_eq!(to_look_at(Some(&seen), &ours(5, &[1]), &partly.files), [name(3)]);
}

#[test]
fn a_stranger_among_the_others_is_told_and_is_no_head() {
    let seen = having_seen(&[&ours(1, &[])]);
    let forged = Facts { pins: Vec::new(), ..ours(2, &[1]) };
    let other = Facts { vault: Some("another".to_owned()), ..ours(3, &[]) };
    let news =
        news(&ours(5, &[1]), Verdict::Advance, &[&ours(1, &[]), &forged, &other, &plain(4, 1)]);
    let mut now = seen.clone();
    news.record(&mut now);
    assert_eq!(head_names(&now), [name(5)]);
    let remarks = news.remarks(Some(&seen), &now);
    assert_eq!(remarks, [Remark::Strangers(vec![name(2), name(3), name(4)])]);
}

#[test]
fn the_words_are_these() {
    let refusals = [
        Refusal::Rollback { head: name(2), how: Lost::Gone, kept: None, newest: name(1) },
        Refusal::Rollback { head: name(2), how: Lost::Replaced, kept: None, newest: name(2) },
        Refusal::Rollback { head: name(2), how: Lost::Damaged, kept: None, newest: name(3) },
        Refusal::Replay { newest: name(9), of: name(1), head: name(2) },
        Refusal::Forged { newest: name(3), head: name(2) },
        Refusal::OtherVault { newest: name(3) },
        Refusal::LineageLost { newest: name(3) },
    ];
    let many: Vec<String> = (1..=6).map(name).collect();
    let remarks = [
        Remark::Lacking(vec![name(1)]),
        Remark::Copy { name: name(2), of: name(1) },
        Remark::WithoutLineage { name: name(2) },
        Remark::LogRewritten { since: name(1) },
        Remark::OtherHeads(vec![name(1)]),
        Remark::Gone(many),
        Remark::Changed(vec![name(1)]),
        Remark::Strangers(vec![name(1)]),
        Remark::Unreadable(vec![name(1)]),
        Remark::Unknown(vec![name(1)]),
    ];
    let said = refusals.iter().map(ToString::to_string);
    let said: Vec<String> = said.chain(remarks.iter().map(ToString::to_string)).collect();
    insta::assert_snapshot!(said.join("\n"));
}

/// A tree of snapshots, each made from one or two before it: the days of its parents by day.
fn history() -> impl Strategy<Value = Vec<(u64, Vec<u64>)>> {
    proptest::collection::vec((any::<u64>(), any::<Option<u64>>()), 1..9).prop_map(|choices| {
        let mut days: Vec<(u64, Vec<u64>)> = vec![(1, Vec::new())];
        for (day, (first, second)) in (2..).zip(choices) {
            let mut parents: Vec<u64> = vec![1 + first % (day - 1)];
            parents.extend(second.filter(|second| second % 4 == 0).map(|s| 1 + s % (day - 1)));
            parents.dedup();
            days.push((day, parents));
        }
        days
    })
}

/// All that is behind a day.
fn behind(history: &[(u64, Vec<u64>)], day: u64) -> Vec<u64> {
    let mut found: Vec<u64> = Vec::new();
    let mut open = vec![day];
    while let Some(day) = open.pop() {
        let (_, parents) = history.iter().find(|(other, _)| *other == day).unwrap();
        for parent in parents {
            if !found.contains(parent) {
                found.push(*parent);
                open.push(*parent);
            }
        }
    }
    found
}

proptest! {
    /// Whatever was sealed on whatever: a machine that opens each newest snapshot in turn has for
    /// its heads exactly those that nothing descends from, and the last one opens.
    #[test]
    fn heads_are_what_nothing_descends_from(history in history()) {
        let facts: Vec<Facts> =
            history.iter().map(|(day, _)| ours(*day, &behind(&history, *day))).collect();
        let seen = having_seen(&facts.iter().collect::<Vec<_>>());
        let leaves = history.iter().map(|(day, _)| *day).filter(|day| {
            history.iter().all(|(other, _)| !behind(&history, *other).contains(day))
        });
        let mut expected: Vec<String> = leaves.map(name).collect();
        expected.sort();
        let mut heads: Vec<String> = head_names(&seen).into_iter().map(str::to_owned).collect();
        prop_assert_eq!(heads.last(), Some(&name(history.len() as u64)));
        heads.sort();
        prop_assert_eq!(heads, expected);
    }

    /// In whatever portions they arrive: the heads are the same as if each had been opened.
    #[test]
    fn the_order_of_arrival_does_not_matter(history in history(), first in any::<prop::sample::Index>()) {
        let facts: Vec<Facts> =
            history.iter().map(|(day, _)| ours(*day, &behind(&history, *day))).collect();
        let at_once = having_seen(&facts.iter().collect::<Vec<_>>());
        // One of them is opened first, then all the others come.
        let begun = first.get(&facts);
        let mut seen = having_seen(&[begun]);
        let newest = facts.last().unwrap();
        let there = files(&facts.iter().collect::<Vec<_>>());
        let looked = to_look_at(Some(&seen), newest, &there);
        let others: Vec<&Facts> = facts.iter().filter(|f| looked.contains(&f.name)).collect();
        let judged = judge(Some(&seen), newest, HeadFile::Same, false).unwrap();
        let mut news = news(newest, judged, &others);
        news.files = there;
        news.record(&mut seen);
        let names = |seen: &Seen| {
            let mut heads: Vec<String> = head_names(seen).into_iter().map(str::to_owned).collect();
            heads.sort();
            heads
        };
        prop_assert_eq!(names(&seen), names(&at_once));
        prop_assert!(seen.heads.last() == Some(&newest.id));
    }

    /// Nothing that this machine has seen opens silently in the place of its head: neither by its
    /// own name after the head has gone, nor under a newer name.
    #[test]
    fn nothing_old_takes_the_head_s_place(history in history(), which in any::<prop::sample::Index>()) {
        let facts: Vec<Facts> =
            history.iter().map(|(day, _)| ours(*day, &behind(&history, *day))).collect();
        let seen = having_seen(&facts.iter().collect::<Vec<_>>());
        let old = which.get(&facts);
        prop_assert!(judge(Some(&seen), old, HeadFile::Gone, false).is_err());
        let judged = verdict(&seen, &copy(old, 28));
        let is_head = seen.heads.contains(&old.id);
        prop_assert_eq!(judged.is_err(), !is_head, "{:?}", judged);
    }
}
