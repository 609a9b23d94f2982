//! Clocks that jump while a vault is open: set by somebody, or passed over in a suspend.

use gpgsmith_tests::clock::{Clocked, Jumps};
use serde_json::Value;

use crate::heads::{DIR, Machines, add, discard, has, identity, look, open, seal};

fn work(machines: &Machines, name: &str) {
    add(&machines.laptop, &identity(name)).ok();
}

/// The sessions that are open, and the work that is not.
fn status(machines: &Machines) -> (Vec<Value>, Vec<Value>) {
    let status = machines.laptop.gpgsmith(&["vault", "status", "--json"]).ok().json();
    let list = |name: &str| status[name].as_array().unwrap().clone();
    (list("open"), list("unfinished"))
}

/// Snapshots of before are as they were; names have grown.
fn assert_only_grown(machines: &Machines, before: &mut Vec<(String, Vec<u8>)>) {
    let now = machines.laptop.snapshots(DIR);
    for (name, bytes) in &*before {
        assert_eq!(machines.file(name), *bytes, "{name}");
    }
    let known: Vec<String> = before.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(now[..known.len()], known, "the new ones come last: {now:?}");
    *before = now.into_iter().map(|name| (name.clone(), machines.file(&name))).collect();
}

#[test]
fn a_wall_clock_that_is_set_loses_no_step_and_misorders_no_snapshot() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let mut known = Vec::new();
    assert_only_grown(&machines, &mut known);
    let clock = Clocked::start(laptop, Jumps::Wall);
    for (jump, name) in [("+1d", "ahead"), ("-1d", "behind"), ("+0", "now")] {
        open(laptop, &[]).ok();
        work(&machines, &format!("{name} before"));
        clock.jump(jump);
        let (sessions, _) = status(&machines);
        assert_eq!(sessions.len(), 1, "{name}: idle time is not wall time");
        work(&machines, &format!("{name} after"));
        // Whatever its sidecar is dated, no other machine takes it for anything but unfinished work.
        let said = look(&machines.desk);
        assert!(said.contains("note: laptop "), "{name}: {said}");
        seal(laptop, &["-m", name]);
        assert_only_grown(&machines, &mut known);
        assert!(known.last().unwrap().0.ends_with(&format!("_{name}.tar.age")));
    }
    drop(clock);
    open(laptop, &[]).ok();
    for name in ["ahead", "behind", "now"] {
        let [before, after] =
            ["before", "after"].map(|when| has(laptop, &format!("{name} {when}")));
        assert!(before && after, "{name}");
    }
    laptop.gpgsmith(&["audit", "verify"]).ok();
    laptop
        .unlocked(&["vault", "check", "--deep", "--key-passphrase-file", &laptop.passphrase()])
        .ok();
    assert!(!look(&machines.desk).contains("does not hold"), "it is no fork");
}

#[test]
fn work_of_a_crash_under_a_wrong_clock_is_resumed_under_the_right_one() {
    for jump in ["+1d", "-1d", "+100d"] {
        let machines = Machines::new();
        let laptop = &machines.laptop;
        let clock = Clocked::start(laptop, Jumps::Wall);
        clock.jump(jump);
        open(laptop, &[]).ok();
        work(&machines, "one");
        laptop.kill_clocked(clock);
        open(laptop, &[]).fails(6); // it is this machine's, and nobody holds it
        open(laptop, &["--resume"]).ok();
        assert!(has(laptop, "one"), "{jump}");
        seal(laptop, &["-m", "resumed"]);
    }
}

#[test]
fn a_snapshot_sealed_far_ahead_is_only_read_when_the_clock_is_right_again() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let clock = Clocked::start(laptop, Jumps::Wall);
    clock.jump("+100d");
    open(laptop, &[]).ok();
    work(&machines, "one");
    let ahead = seal(laptop, &["-m", "ahead"]);
    clock.jump("+0");
    for machine in machines.both() {
        let said = look(machine);
        assert!(said.contains("read-only: "), "{said}");
    }
    open(laptop, &["--accept-future", "--yes"]).ok();
    assert!(has(laptop, "one"));
    work(&machines, "two");
    assert!(seal(laptop, &["-m", "two"]) > ahead);
}

#[test]
fn s8_a_suspend_longer_than_the_limit_puts_the_session_to_rest() {
    let machines = Machines::new();
    let laptop = &machines.laptop;
    let clock = Clocked::start(laptop, Jumps::All);
    open(laptop, &[]).ok();
    work(&machines, "one");
    clock.jump("+2m");
    assert_eq!(status(&machines).0.len(), 1, "it was short");
    clock.jump("+1d");
    gpgsmith_tests::wait::wait_until("it is put to rest", || status(&machines).0.is_empty());
    let (_, unfinished) = status(&machines);
    assert_eq!(unfinished[0]["status"], "idle-sealed", "{unfinished:?}");
    open(laptop, &["--resume"]).ok();
    assert!(has(laptop, "one"));
    discard(laptop);
}
