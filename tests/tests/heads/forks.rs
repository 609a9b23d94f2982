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
