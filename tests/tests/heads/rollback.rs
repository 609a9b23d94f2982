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
