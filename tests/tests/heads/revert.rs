//! Going back.

use insta::assert_snapshot;

use super::*;

#[test]
fn going_back_says_what_it_undoes_and_takes_nothing_away() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    let old = seal_another(laptop, "one");
    seal_another(laptop, "two");
    look(desk);
    let before: Vec<_> = machines.names().into_iter().map(|n| (machines.file(&n), n)).collect();
    let unchanged = || before.iter().all(|(bytes, name)| machines.file(name) == *bytes);
    let revert = ["vault", "revert", &old];
    let asks = laptop.unlocked(&revert).fails(6);
    assert_snapshot!("vault_revert__asks", asks.shown());

    // Not while there is work that it would pass over.
    let now = [&revert[..], &["--yes"]].concat();
    open(laptop, &[]).ok();
    add(laptop, &identity("three")).ok();
    assert_snapshot!("vault_revert__open", laptop.unlocked(&now).fails(1).shown());
    laptop.gpgsmith(&["daemon", "stop"]).ok();
    assert_snapshot!("vault_revert__unfinished", laptop.unlocked(&now).fails(6).shown());
    open(laptop, &["--resume"]).ok();
    discard(laptop);
    assert_eq!(machines.names().len(), before.len());

    let done = laptop.unlocked(&now).ok();
    assert!(done.stderr.starts_with(&format!("went back to {old}; sealed: ")), "{done}");
    assert_eq!(machines.names().len(), before.len() + 1);
    assert!(unchanged(), "what it undoes stays in the snapshots that hold it");
    for machine in machines.both() {
        let said = open(machine, &[]).ok().stderr;
        assert!(!said.contains("note:"), "it is no fork and no rollback: {said}");
        assert!(has(machine, "one") && !has(machine, "two"));
        machine.gpgsmith(&["audit", "verify"]).ok();
        let log = machine.gpgsmith(&["audit", "show"]).ok().stdout;
        assert!(log.contains(&identity("two")), "the log is not taken back: {log}");
        assert!(log.contains(&format!("went back to {old}")), "{log}");
        discard(machine);
    }
    let newest = machines.names().pop().unwrap();
    let again = laptop.unlocked(&["vault", "revert", &newest, "--yes"]).fails(2);
    assert!(again.stderr.contains(&format!("{newest} is the newest snapshot already")), "{again}");
}

/// Whoever was removed stays removed, whatever is gone back to.
#[test]
fn going_back_keeps_the_newest_list_of_recipients() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let recipient = &laptop.make_identity("theirs.txt");
    open(laptop, &[]).ok();
    laptop.gpgsmith(&["vault", "recipients", "add", recipient, "--no-input"]).ok();
    discard(laptop);
    let shared = machines.names().pop().unwrap();
    open(laptop, &[]).ok();
    laptop.gpgsmith(&["vault", "recipients", "remove", recipient, "--yes"]).ok();
    discard(laptop);
    let asks = laptop.unlocked(&["vault", "revert", &shared]).fails(6);
    let told = "\nWhom the vault is sealed to stays as it is now.\n";
    assert!(asks.stderr.contains(told), "{asks}");
    laptop.unlocked(&["vault", "revert", &shared, "--yes"]).ok();
    let newest = machines.names().pop().unwrap();
    assert!(newest.contains("_revert-to-"), "{newest}");
    let opens = |key: &str, name: &str| {
        let (key, path) = (laptop.text(key), laptop.text(&format!("{DIR}/{name}")));
        let plain = laptop.text("tmp/plain");
        laptop.tool("age", &["--decrypt", "-i", &key, "-o", &plain, &path]).code == Some(0)
    };
    assert!(opens("theirs.txt", &shared) && opens("identity.txt", &newest));
    assert!(!opens("theirs.txt", &newest));
    open(laptop, &[]).ok();
    let listed = laptop.gpgsmith(&["vault", "recipients", "list"]).ok().stdout;
    assert!(!listed.contains(recipient), "{listed}");
}

#[test]
fn a_damaged_newest_snapshot_is_read_before_and_gone_back_from() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let old = seal_another(laptop, "one");
    let newest = seal_another(laptop, "two");
    let bytes = machines.take_away(&newest);
    machines.put(&newest, &bytes[..bytes.len() - 100]);
    let refused = open(laptop, &[]).fails(1);
    assert!(refused.stderr.contains(&format!("--snapshot {old}")), "{refused}");
    open(laptop, &["--snapshot", &old]).ok();
    assert!(has(laptop, "one") && !has(laptop, "two"));
    add(laptop, &identity("three")).fails(4);
    laptop.unlocked(&["vault", "seal"]).fails(4);
    discard(laptop);
    laptop.unlocked(&["vault", "revert", &old, "--yes"]).ok();
    open(laptop, &[]).ok();
    assert!(has(laptop, "one") && !has(laptop, "two"));
}
