//! The power fails at each system call by which work comes to the disk, and after the last. What
//! is on the disk then opens as before or after, never as a third; and what was said to be done,
//! is.

use std::{fs, path::Path};

use gpgsmith_tests::{
    disk::Disk,
    extent::some,
    run::Run,
    sandbox::Sandbox,
    tracer::{Act, Watch},
    wait::wait_until,
};
use nix::sys::signal::{Signal, kill};

use crate::faults::bench::{Bench, REGISTRY, VAULT, added};

/// A machine with one of its directories on a disk of its own.
struct Machine {
    disk: Disk,
    bench: Bench,
}

impl Machine {
    fn with_disk_at(dir: &str) -> Self {
        let sandbox = Sandbox::new();
        let disk = Disk::mount(&sandbox.path("image"), &sandbox.path(dir));
        let bench = Bench::of(sandbox);
        disk.sync();
        Self { disk, bench }
    }

    /// The calls of `work` on this directory; it succeeds.
    fn calls(&self, dir: &Path, work: impl FnOnce() -> Run) -> Vec<String> {
        let watch = Watch { pid: self.bench.sandbox.daemon_pid(), dir, act: None };
        let (run, calls) = watch.during(work);
        run.ok();
        calls
    }

    /// Does `work`, with the power failing at its call number `at` or, where it has fewer, after
    /// it; and whether it was said to be done. Then the machine is on again, without a daemon.
    fn power_fails(&self, at: usize, dir: &Path, work: impl FnOnce() -> Run) -> bool {
        let cut = || self.disk.cut();
        let pid = self.bench.sandbox.daemon_pid();
        let watch = Watch { pid, dir, act: Some((at, Act::Cut(&cut))) };
        let (run, calls) = watch.during(work);
        if calls.len() < at {
            cut();
            kill(pid, Signal::SIGKILL).unwrap();
        }
        wait_until("nobody survives", || self.bench.sandbox.processes().is_empty());
        self.disk.restore();
        run.code == Some(0)
    }
}

/// The other tests could not fail if it were otherwise.
#[test]
fn what_was_not_synced_is_lost_and_what_was_is_not() {
    let sandbox = Sandbox::new();
    let disk = Disk::mount(&sandbox.path("image"), &sandbox.path("vaults"));
    sandbox.write("vaults/synced", "1");
    disk.sync();
    sandbox.write("vaults/written", "2");
    fs::rename(sandbox.path("vaults/synced"), sandbox.path("vaults/renamed")).unwrap();
    disk.cut();
    disk.restore();
    assert_eq!(sandbox.names("vaults"), ["lost+found", "synced"]);
    assert_eq!(sandbox.read("vaults/synced"), "1");
}

#[test]
fn a_step_is_there_or_not_wherever_the_power_fails() {
    let machine = Machine::with_disk_at("vaults");
    let (bench, dir) = (&machine.bench, machine.bench.sandbox.path(VAULT));
    bench.work();
    let calls = machine.calls(&dir, || bench.add("One <one@example.org>"));
    assert!(calls.len() > 10, "{calls:?}");
    for at in some(1..=calls.len() + 1, 6, calls.len() % 6) {
        let identity = format!("Nr {at} <power@example.org>");
        let before = bench.on_disk();
        let told = machine.power_fails(at, &dir, || bench.add(&identity));
        assert!(told || at <= calls.len(), "the last one was not hindered");
        let after = bench.on_disk();
        let done = added(&identity, &after);
        let what = format!("{:?}: {after:?}", calls.get(at - 1));
        assert!(done || !told, "what was said to be done is lost at {what}");
        assert_eq!(after.len(), before.len() + usize::from(done), "{what}");
        bench.resume();
        assert_eq!(bench.has(&identity), done, "{what}");
        bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
        bench.assert_tidy();
    }
    bench.add("Last <last@example.org>").ok();
}

#[test]
fn a_seal_is_there_or_not_wherever_the_power_fails() {
    let machine = Machine::with_disk_at("vaults");
    let (bench, dir) = (&machine.bench, machine.bench.sandbox.path(VAULT));
    bench.work();
    let calls = machine.calls(&dir, || bench.seal("one"));
    assert!(calls.len() > 10, "{calls:?}");
    for at in some(1..=calls.len() + 1, 6, calls.len() % 6) {
        let identity = format!("Nr {at} <power@example.org>");
        bench.open();
        bench.add(&identity).ok();
        let before = bench.sandbox.snapshots(VAULT);
        let told = machine.power_fails(at, &dir, || bench.seal("two"));
        assert!(told || at <= calls.len(), "the last one was not hindered");
        let after = bench.sandbox.snapshots(VAULT);
        let done = after.len() > before.len();
        let what = format!("{:?}: {after:?}", calls.get(at - 1));
        assert!(done || !told, "what was said to be sealed is lost at {what}");
        assert_eq!(after[..before.len()], before, "{what}");
        bench.reopen(done);
        assert!(bench.has(&identity), "{what}");
        bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
        bench.assert_tidy();
        bench.seal("three").ok();
    }
}

#[test]
fn the_registry_is_changed_or_not_wherever_the_power_fails() {
    let machine = Machine::with_disk_at("config");
    let sandbox = &machine.bench.sandbox;
    let trust =
        |whom: &str| sandbox.gpgsmith(&["vault", "trust", "identity", whom, "--yes", "--no-input"]);
    let (keys, dir) = (["A", "B"].map(|digit| digit.repeat(40)), sandbox.path("config/locksmith"));
    trust(&keys[0]).ok();
    let calls = machine.calls(&dir, || trust(&keys[1]));
    assert!(calls.len() > 8, "{calls:?}");
    for (turn, at) in some(1..=calls.len() + 1, 4, calls.len() % 4).into_iter().enumerate() {
        trust(&keys[(turn + 1) % 2]).ok();
        let before = sandbox.read(REGISTRY);
        let told = machine.power_fails(at, &dir, || trust(&keys[turn % 2]));
        assert!(told || at <= calls.len(), "the last one was not hindered");
        let saved = before.replace(&keys[(turn + 1) % 2], &keys[turn % 2]);
        let after = sandbox.read(REGISTRY);
        let what = format!("{:?}: {after}", calls.get(at - 1));
        assert!(after == saved || (after == before && !told), "{what}");
        sandbox.gpgsmith(&["vault", "list"]).ok();
    }
}
