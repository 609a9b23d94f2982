//! Two machines have sealed on the same snapshot.

use insta::assert_snapshot;

use super::*;

#[test]
fn a_fork_is_refused_then_kept_then_listed_until_a_snapshot_descends_from_both() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    seal_another(laptop, "base");
    open(desk, &[]).ok();
    add(desk, &identity("theirs")).ok();
    let ours = seal_another(laptop, "ours");
    let before = machines.names();
    assert_snapshot!(
        "vault_seal__diverged",
        desk.unlocked(&["vault", "seal", "-m", "theirs"]).fails(4).shown()
    );
    assert_eq!(machines.names(), before, "nothing is lost, and nothing is added");
    let theirs = seal(desk, &["-m", "theirs", "--fork"]);
    for machine in [desk, laptop, desk] {
        let said = look(machine);
        assert!(said.contains(&format!("opened identity at {theirs}")), "{said}");
        assert!(said.contains(&format!("does not hold the work in {ours}")), "{said}");
        assert_eq!(heads(machine), std::slice::from_ref(&ours));
    }
    assert_snapshot!("vault_status__forked", laptop.gpgsmith(&["vault", "status"]).ok().shown());
    let listed = laptop.gpgsmith(&["vault", "snapshots"]).ok();
    assert_snapshot!("vault_snapshots__forked", listed.shown());

    // Work on the newest leaves the other head where it is.
    seal_another(laptop, "later");
    assert_eq!(heads(laptop), std::slice::from_ref(&ours));
    // Going back to one of them takes the place of both.
    laptop.unlocked(&["vault", "revert", &ours, "--yes"]).ok();
    for machine in machines.both() {
        let said = look(machine);
        assert!(!said.contains("does not hold"), "{said}");
        assert_eq!(heads(machine), [""; 0]);
        open(machine, &[]).ok();
        assert!(has(machine, "ours") && !has(machine, "theirs") && !has(machine, "later"));
        discard(machine);
    }
}

/// Two machines have sealed under one name, and the sync service has given it to the other.
#[test]
fn work_that_has_come_under_the_name_of_the_base_is_not_sealed_over() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    let base = seal_another(laptop, "base");
    open(desk, &[]).ok();
    add(desk, &identity("ours")).ok();
    let theirs = seal_another(laptop, "theirs");
    let bytes = machines.take_away(&theirs);
    machines.put(&base, &bytes);
    let refused = desk.unlocked(&["vault", "seal", "-m", "ours"]).fails(4);
    let told = format!("another machine has sealed {base} since this session began");
    assert!(refused.stderr.contains(&told), "{refused}");
    seal(desk, &["-m", "ours", "--fork"]);
    assert_eq!(machines.file(&base), bytes, "nothing was written over it");
    let said = look(desk);
    assert!(said.contains(&format!("not what this machine has seen: {base}")), "{said}");
    open(desk, &[]).ok();
    assert!(has(desk, "ours") && !has(desk, "theirs"));
    discard(desk);
}
