//! The passphrase was changed on one machine, while the other one looked away.

use super::*;

const PASS: &str = "vaults/pass-fast";

/// The same vault in a directory of each machine, between which files are carried by hand.
fn apart() -> Machines {
    let machines = Machines { laptop: Sandbox::new(), desk: Sandbox::new() };
    for machine in machines.both() {
        machine.register(&["pass-fast"]);
        machine.write("new", "a new passphrase\n");
    }
    machines
}

fn carry(from: &Sandbox, to: &Sandbox) {
    for name in from.snapshots(PASS) {
        fs::copy(from.path(PASS).join(&name), to.path(PASS).join(&name)).unwrap();
    }
}

fn seal_one(machine: &Sandbox, name: &str) -> String {
    open(machine, &[]).ok();
    machine.unlocked(&["keys", "identity", "add", &identity(name)]).ok();
    seal(machine, &["-m", name])
}

#[test]
fn snapshots_that_a_machine_has_missed_before_the_passphrase_changed_are_no_damage() {
    let machines = apart();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    look(desk);
    let missed = ["one", "two"].map(|name| seal_one(laptop, name));
    let other = Sandbox::new();
    other.register(&["pass-fast"]);
    let late = seal_one(&other, "late");
    let new = laptop.text("new");
    laptop.unlocked(&["vault", "passwd", "--new-passphrase-file", &new]).ok();
    for machine in machines.both() {
        machine.write("passphrase", "a new passphrase\n");
    }
    seal_one(laptop, "three");
    carry(laptop, desk);
    let said = open(desk, &[]).ok().stderr;
    assert!(!said.contains("note:"), "{said}");
    assert!(has(desk, "one") && has(desk, "three"));
    discard(desk);
    let checked = desk.unlocked(&["vault", "check", "--all"]).ok();
    let line = |name: &str| checked.stdout.lines().find(|line| line.contains(name)).unwrap();
    for name in &missed {
        let line = line(name);
        let told = "what opens the vault has changed since";
        assert!(line.starts_with("skip  ") && line.ends_with(told), "{line}");
    }
    assert!(line("_new-passphrase.tar.age").starts_with("good  "), "{checked}");

    // One that cannot be looked into is no damage either, but may be a fork.
    carry(&other, desk);
    let said = open(desk, &[]).ok().stderr;
    let told = format!("may not hold the work in {late}, which cannot be looked into");
    assert!(said.contains(&told), "{said}");
    assert!(has(desk, "three"));
}

#[test]
fn a_wrong_passphrase_is_no_damage() {
    let machine = Sandbox::new();
    machine.register(&["pass-fast"]);
    machine.write("wrong", "something else\n");
    let wrong = machine.text("wrong");
    for flags in [&[][..], &["--all"]] {
        let line = ["vault", "check", "--no-input", "--passphrase-file", &wrong];
        let run = machine.gpgsmith(&[&line, flags].concat()).fails(5);
        let told = "error: cannot open the vault pass-fast\n  cause: the passphrase does not open";
        assert!(run.stdout.is_empty() && run.stderr.contains(told), "{run}");
    }
}
