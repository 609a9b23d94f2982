//! SIGKILL, in each state that a daemon can be in.

use std::fs;

use gpgsmith_tests::{
    extent::some,
    run::Run,
    sandbox::Sandbox,
    tmpfs::Tmpfs,
    tracer::{Act, Watch},
    wait::wait_until,
};

use crate::faults::bench::{Bench, VAULT, assert_advises, assert_unfinished_is_named};

const ADDED: &str = "Added <added@example.org>";

/// A machine on which one sees what is open.
struct Machine {
    ram: Tmpfs,
    bench: Bench,
}

impl Machine {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
        sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
        Self { ram, bench: Bench::of(sandbox) }
    }

    fn crash(&self) {
        self.bench.sandbox.kill_daemon();
        self.assert_nothing_is_left();
    }

    /// Nothing decrypted, and no agent; only a socket where nobody listens.
    fn assert_nothing_is_left(&self) {
        let is_empty = || fs::read_dir(self.ram.path()).unwrap().next().is_none();
        wait_until("what was open is wiped", is_empty);
        wait_until("its agents end", || self.bench.sandbox.agents() == 0);
        assert!(self.bench.sandbox.path("run/gpgsmith-kernel/daemon.sock").exists());
    }

    /// The daemon is killed at its call number `at` on a directory, during `work`; what came of
    /// that, if there was such a call.
    fn killed_during(&self, dir: &str, at: usize, work: impl FnOnce() -> Run) -> Option<Run> {
        let sandbox = &self.bench.sandbox;
        let watch = Watch {
            pid: sandbox.daemon_pid(),
            dir: &sandbox.path(dir),
            act: Some((at, Act::Kill)),
        };
        let (run, seen) = watch.during(work);
        if seen.len() < at {
            return None;
        }
        if run.code != Some(0) {
            assert_advises(&run); // whoever asks it to stop may have what was asked
        }
        wait_until("the daemon and its reaper are gone", || sandbox.processes().is_empty());
        self.assert_nothing_is_left();
        Some(run)
    }
}

#[test]
fn a_killed_daemon_has_lost_nothing_whatever_it_had_open() {
    let machine = Machine::new();
    let bench = &machine.bench;
    bench.sandbox.gpgsmith(&["daemon", "start"]).ok();
    machine.crash(); // nothing
    bench.open();
    machine.crash(); // nothing to lose
    bench.open();
    bench.add(ADDED).ok();
    machine.crash(); // a step
    for _ in 0..2 {
        bench.resume();
        assert!(bench.has(ADDED));
        machine.crash(); // what was resumed, and not touched
    }
    bench.resume();
    bench.open();
    machine.crash(); // a session that two have attached to
    bench.resume();
    bench.seal("sealed").ok();
    bench.sandbox.unlocked(&["vault", "open", "--no-shell", "--read-only"]).ok();
    machine.crash(); // what cannot be changed
    bench.open();
    assert!(bench.has(ADDED));
    bench.assert_tidy();
}

#[test]
fn a_daemon_killed_while_it_opens_leaves_the_vault_as_it_was() {
    let machine = Machine::new();
    let bench = &machine.bench;
    bench.work();
    machine.crash();
    let before = bench.sandbox.names(VAULT);
    for (nr, at) in some(1..100, 13, 4).into_iter().enumerate() {
        bench.sandbox.gpgsmith(&["daemon", "start"]).ok();
        let line = ["vault", "open", "--no-shell", "--resume"];
        if machine.killed_during("ram", at, || bench.sandbox.unlocked(&line)).is_none() {
            assert!(nr > 2, "it opened with fewer than {at} calls");
            break;
        }
        assert_eq!(bench.sandbox.names(VAULT), before, "at its call {at}");
    }
    bench.resume();
    assert!(bench.has("zero@example.org"));
}

#[test]
fn a_daemon_killed_while_it_stops_has_put_the_session_to_rest_or_not() {
    let machine = Machine::new();
    let bench = &machine.bench;
    bench.work();
    for at in some(1..=100, 4, 0) {
        let stop = || bench.sandbox.gpgsmith(&["daemon", "stop"]);
        let killed = machine.killed_during("vaults/identity", at, stop);
        assert_unfinished_is_named(bench, 1);
        bench.resume();
        bench.assert_tidy();
        assert!(bench.has("zero@example.org"), "at its call {at}");
        let Some(run) = killed else {
            assert!(at > 5, "it rests with fewer than {at} calls");
            return;
        };
        let told = "error: the daemon ended before every session was at rest\n";
        assert!(run.code == Some(1) && run.stderr.starts_with(told), "at its call {at}: {run}");
    }
}
