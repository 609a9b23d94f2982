//! A vault that is open already is joined, and nothing that was asked for is passed over.

use insta::assert_snapshot;

use super::*;

#[test]
fn what_only_an_opening_can_do_is_not_passed_over_when_the_vault_is_open() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    open(desk, &[]).ok();
    add(desk, &identity("theirs")).ok();
    desk.kill_daemon();
    open(laptop, &[]).ok();
    add(laptop, &identity("ours")).ok();
    let before = machines.names();
    let mut said = String::new();
    for flags in [
        &["--accept-rollback"][..],
        &["--accept-future"],
        &["--fresh"],
        &["--resume", "--from", "desk"],
    ] {
        // Whatever it is, yes is no answer to it; nor is a passphrase asked for first.
        let line = [&["vault", "open", "--no-shell", "--yes", "--no-input"], flags].concat();
        said += &laptop.gpgsmith(&line).fails(1).shown();
    }
    assert_snapshot!("vault_open__open_already", said);
    assert_eq!(machines.names(), before);
    for flags in [&["--json"][..], &["--json", "--resume"]] {
        assert_eq!(open(laptop, flags).ok().json()["how"], "attached");
    }
    assert!(has(laptop, "ours") && !has(laptop, "theirs"));
    // To read an old one beside it is no joining.
    let oldest = &laptop.snapshots(DIR)[0];
    assert_eq!(open(laptop, &["--json", "--snapshot", oldest]).ok().json()["how"], "opened");
}
