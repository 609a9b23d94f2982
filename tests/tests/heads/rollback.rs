//! The newest snapshot is not what this machine has seen, or comes from the future.

use insta::assert_snapshot;

use super::*;

/// What was given up, and what is behind it.
#[test]
fn a_rollback_alarms_whoever_has_seen_more_until_it_is_brought_back_or_accepted() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    seal_another(laptop, "one");
    let newest = seal_another(laptop, "two");
    let bytes = machines.take_away(&newest);
    let before = machines.names();
    assert_snapshot!("vault_open__rolled_back", open(laptop, &[]).fails(4).shown());
    let asks = open(laptop, &["--accept-rollback"]).fails(6);
    assert_snapshot!("vault_open__accept_rollback", asks.shown());
    let mut terminal = laptop.terminal(&["vault", "open", "--no-shell", "--accept-rollback"]);
    terminal.expect("Go on from it?");
    terminal.enter("n");
    assert_eq!(terminal.end().0, Some(8));
    assert_eq!(machines.names(), before, "nothing was written");
    look(desk); // it has never seen more

    machines.put(&newest, &bytes);
    assert!(!look(laptop).contains("note:"), "it is as it was");

    machines.take_away(&newest);
    open(laptop, &["--accept-rollback", "--yes"]).ok();
    assert!(has(laptop, "one") && !has(laptop, "two"));
    discard(laptop);
    look(laptop); // from then on it is the head
    seal_another(laptop, "three");
    // Should what was given up come back, it is a fork.
    machines.put(&newest, &bytes);
    let noted = format!("does not hold the work in {newest}");
    for machine in machines.both() {
        let said = look(machine);
        assert!(said.contains(&noted), "{said}");
        assert_eq!(heads(machine), std::slice::from_ref(&newest));
    }
}

#[test]
fn a_newest_snapshot_that_was_replaced_or_is_an_old_one_again_is_refused() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let old = seal_another(laptop, "one");
    let newest = seal_another(laptop, "two");
    let replay = machines.name_at("+1 minute", "trust-me");
    machines.put(&replay, &machines.file(&old));
    assert_snapshot!("vault_open__replayed", open(laptop, &[]).fails(4).shown());
    machines.take_away(&replay);
    let bytes = machines.take_away(&newest);
    machines.put(&newest, &machines.file(&old));
    assert_snapshot!("vault_open__replaced", open(laptop, &[]).fails(4).shown());
    machines.put(&newest, &bytes);
    look(laptop);
}

/// Two machines have sealed in the same second with the same message: the sync service has given the
/// name to the one, and kept the other's file as a conflict copy.
#[test]
fn what_a_sync_service_has_kept_under_another_name_is_found_and_can_be_put_back() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    seal_another(laptop, "base");
    look(desk);
    let ours = seal_another(laptop, "ours");
    let bytes = machines.take_away(&ours);
    let theirs = seal_another(desk, "theirs");
    let others = machines.take_away(&theirs);
    machines.put(&ours, &others);
    let copy = ours.replace(".tar.age", " (laptop's conflicted copy 2026-11-28).tar.age");
    machines.put(&copy, &bytes);
    let refused = open(laptop, &[]).fails(4);
    assert_snapshot!("vault_open__kept_as_a_copy", refused.shown());

    let above = refused
        .stderr
        .split(".tar.age to ")
        .nth(1)
        .and_then(|rest| rest.split(',').next())
        .unwrap();
    machines.take_away(&copy);
    machines.put(above, &bytes);
    let said = look(laptop);
    assert!(said.contains(&format!("not what this machine has seen: {ours}")), "{said}");
    open(laptop, &[]).ok();
    assert!(has(laptop, "ours") && !has(laptop, "theirs"));
    discard(laptop);
}

#[test]
fn a_snapshot_of_the_future_is_read_until_each_machine_accepts_it() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    let newest = seal_another(laptop, "one");
    let future = machines.name_at("+2 years", "future");
    machines.put(&future, &machines.file(&newest));
    assert_snapshot!("vault_open__future", open(laptop, &[]).ok().shown());
    assert_snapshot!("keys_identity_add__future", add(laptop, "two").fails(4).shown());
    discard(laptop);
    let asks = open(laptop, &["--accept-future"]).fails(6);
    assert_snapshot!("vault_open__accept_future", asks.shown());
    assert!(look(laptop).contains("read-only"));
    open(laptop, &["--accept-future", "--yes"]).ok();
    add(laptop, &identity("two")).ok();
    let next = seal(laptop, &["-m", "two"]);
    assert!(next > future, "names grow");
    let open_now = |machine| {
        let opened = open(machine, &["--json"]).ok().json();
        discard(machine);
        (opened["session"]["snapshot"].clone(), opened["session"]["read_only"].is_string())
    };
    assert_eq!(open_now(laptop), (next.clone().into(), false));
    assert_eq!(open_now(desk), (next.into(), true));
}
