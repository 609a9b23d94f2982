//! Few file descriptors.

use std::fs;

use gpgsmith_tests::{extent::some, run::Run, wait::wait_until};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::faults::bench::{Bench, VAULT, added, assert_advises};

const ADDED: &str = "Added <added@example.org>";

/// Runs `gpgsmith`, and the daemon that it starts, with so many.
fn limited(bench: &Bench, limit: usize, line: &[&str]) -> Run {
    let sandbox = &bench.sandbox;
    let (limit, passphrase) = (limit.to_string(), sandbox.passphrase());
    let program = sandbox.gpgsmith_command(&[]).get_program().to_string_lossy().into_owned();
    let script = r#"ulimit -n "$1" && shift && exec "$@""#;
    let before = ["-c", script, "sh", &limit, &program];
    let after = ["--no-input", "--passphrase-file", &passphrase];
    sandbox.tool("sh", &[&before, line, &after].concat())
}

#[test]
fn with_few_descriptors_a_step_is_done_or_undone() {
    for limit in some([20, 8, 12, 16, 24, 28, 31, 32, 33, 36, 40], 6, 0) {
        let bench = Bench::new();
        let before = bench.sandbox.names(VAULT);
        let passphrase = bench.sandbox.passphrase();
        let add = ["keys", "identity", "add", ADDED, "--key-passphrase-file", &passphrase];
        let runs = [&["vault", "open", "--no-shell"][..], &add, &["vault", "seal", "-m", "few"]]
            .map(|line| limited(&bench, limit, line));
        for run in runs.iter().filter(|run| run.code != Some(0)) {
            assert_advises(run);
        }
        assert_eq!(runs[0].code == Some(0), limit >= 32, "{}", runs[0]);
        let [_, added, sealed] = runs.map(|run| run.code == Some(0));
        for pid in bench.sandbox.daemons() {
            kill(pid, Signal::SIGTERM).unwrap();
        }
        wait_until("it ends", || bench.sandbox.processes().is_empty());
        bench.assert_tidy();
        let names = bench.sandbox.names(VAULT);
        assert_eq!(sealed, names.len() == before.len() + 1, "{limit}: {names:?}");
        bench.reopen(sealed || !added);
        assert_eq!(bench.has(ADDED), added, "{limit}");
        bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
    }
}

/// The daemon may open no more than so many.
fn limit_daemon(bench: &Bench, pid: Pid, limit: usize) {
    let line = ["--pid", &pid.to_string(), &format!("--nofile={limit}:20000")];
    bench.sandbox.tool("prlimit", &line).ok();
}

#[test]
fn when_descriptors_run_out_in_the_middle_a_step_is_done_or_undone_and_the_next_is_done() {
    let bench = Bench::with_work();
    let pid = bench.sandbox.daemon_pid();
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let mut failed = 0;
    for spare in some(2..=20, 4, 0) {
        let identity = format!("Nr {spare} <spare@example.org>");
        limit_daemon(&bench, pid, open + spare);
        let run = bench.add(&identity);
        limit_daemon(&bench, pid, 1024);
        assert_eq!(bench.has(&identity), run.code == Some(0), "{run}");
        assert_eq!(added(&identity, &bench.on_disk()), run.code == Some(0), "{run}");
        if run.code != Some(0) {
            failed += 1;
            assert_advises(&run);
            bench.add(&identity).ok();
        }
        bench.assert_tidy();
    }
    assert!(failed > 0, "there were never too few");
    bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
}
