//! Each system call by which work comes to the disk fails once: what was to be done is done or
//! undone, nothing half-done lies about, and a second try succeeds. Or the daemon is killed at it:
//! what is there is the state before or after.

use gpgsmith_tests::{
    extent::some,
    run::Run,
    tracer::{Act, Watch},
    wait::wait_until,
};

use nix::errno::Errno;

use super::bench::{Bench, REGISTRY, VAULT, added, assert_advises, faults};

#[test]
fn a_step_is_on_the_disk_or_undone_whichever_call_fails() {
    let bench = Bench::with_work();
    let watch =
        Watch { pid: bench.sandbox.daemon_pid(), dir: &bench.sandbox.path(VAULT), act: None };
    let (run, calls) = watch.during(|| bench.add("One <one@example.org>"));
    run.ok();
    assert!(calls.len() > 10, "{calls:?}");
    for (at, error) in faults(calls.len(), 11) {
        let identity = format!("Nr {at} <{error:?}@example.org>");
        let before = bench.on_disk();
        let watch = Watch { act: Some((at, Act::Fail(error))), ..watch };
        let (run, seen) = watch.during(|| bench.add(&identity));
        let what = format!("{error:?} at {:?}: {run}", seen.get(at - 1));
        assert!(seen.len() >= at, "{what}: {seen:?}");
        assert_eq!(bench.has(&identity), run.code == Some(0), "{what}");
        if run.code != Some(0) {
            assert_advises(&run);
            assert_eq!(bench.on_disk(), before, "{what}");
            bench.add(&identity).ok();
        }
        assert!(added(&identity, &bench.on_disk()), "{what}");
        bench.assert_tidy();
    }
    bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
}

#[test]
fn a_snapshot_is_sealed_or_not_whichever_call_fails() {
    let bench = Bench::with_work();
    let watch =
        Watch { pid: bench.sandbox.daemon_pid(), dir: &bench.sandbox.path(VAULT), act: None };
    let (run, calls) = watch.during(|| bench.seal("one"));
    run.ok();
    assert!(calls.len() > 10, "{calls:?}");
    for (at, error) in faults(calls.len(), 11) {
        let identity = format!("Nr {at} <{error:?}@example.org>");
        bench.open();
        bench.add(&identity).ok();
        let before = bench.sandbox.names(VAULT);
        let watch = Watch { act: Some((at, Act::Fail(error))), ..watch };
        let (run, seen) = watch.during(|| bench.seal("two"));
        let what = format!("{error:?} at {:?}: {run}", seen.get(at - 1));
        assert!(seen.len() >= at, "{what}: {seen:?}");
        if run.code != Some(0) {
            assert_advises(&run);
            assert_eq!(bench.sandbox.names(VAULT), before, "{what}");
            assert!(bench.has(&identity), "the session is whole: {what}");
            bench.seal("three").ok();
        }
        let sealed = bench.sandbox.snapshots(VAULT);
        assert_eq!(sealed.len(), 1 + before.len() - 2, "{what}: {sealed:?}");
        bench.open();
        assert!(bench.has(&identity), "{what}");
        bench.assert_tidy();
        bench.sandbox.gpgsmith(&["vault", "discard"]).ok();
    }
}

#[test]
fn the_registry_is_changed_or_not_whichever_call_fails() {
    let bench = Bench::new();
    let trust = |whom: &str| {
        bench.sandbox.gpgsmith(&["vault", "trust", "identity", whom, "--yes", "--no-input"])
    };
    let keys = [&"A".repeat(40), &"B".repeat(40)];
    trust(keys[0]).ok();
    let watch = Watch {
        pid: bench.sandbox.daemon_pid(),
        dir: &bench.sandbox.path("config/locksmith"),
        act: None,
    };
    let (run, calls) = watch.during(|| trust(keys[1]));
    run.ok();
    assert!(calls.len() > 8, "{calls:?}");
    for (turn, (at, error)) in faults(calls.len(), 1).into_iter().enumerate() {
        let before = bench.sandbox.read(REGISTRY);
        let watch = Watch { act: Some((at, Act::Fail(error))), ..watch };
        let (run, seen) = watch.during(|| trust(keys[turn % 2]));
        let what = format!("{error:?} at {:?}: {run}", seen.get(at - 1));
        if run.code != Some(0) {
            assert_advises(&run);
            assert_eq!(bench.sandbox.read(REGISTRY), before, "{what}");
            trust(keys[turn % 2]).ok();
        }
        let saved = before.replace(keys[(turn + 1) % 2], keys[turn % 2]);
        assert_eq!(bench.sandbox.read(REGISTRY), saved, "{what}");
        let names = bench.sandbox.names("config/locksmith");
        assert_eq!(names, ["config.yaml", "config.yaml.lock"], "{what}");
    }
}

/// What could not be removed is of no use any more; that it is sealed is what counts.
#[test]
fn a_snapshot_is_sealed_though_the_files_of_its_session_cannot_be_removed() {
    let bench = Bench::with_work();
    let recipient = bench.sandbox.make_identity("theirs");
    let passphrase = bench.sandbox.passphrase();
    let generate = ["keys", "generate", "--usage", "sign", "--algo", "ed25519", "--yes"];
    let generate = [&generate[..], &["--key-passphrase-file", &passphrase]].concat();
    let (add, remove) = (["vault", "recipients", "add"], ["vault", "recipients", "remove"]);
    let remove = [&remove[..], &[&recipient, "--yes"]].concat();
    for (known, line) in [
        (&generate[..], &generate[..]), // ends with a checkpoint
        (&[&add[..], &[&recipient]].concat(), &remove), // is a snapshot
        (&["vault", "seal"], &["vault", "seal"]),
    ] {
        let watch =
            Watch { pid: bench.sandbox.daemon_pid(), dir: &bench.sandbox.path(VAULT), act: None };
        // What a session has sealed itself it looks at more closely: the same calls come where it
        // has sealed nothing yet.
        bench.sandbox.unlocked(&["vault", "seal"]).ok();
        bench.open();
        bench.add(&format!("{} <known@example.org>", line.join(" "))).ok();
        let (run, calls) = watch.during(|| bench.sandbox.unlocked(known));
        run.ok();
        if line != ["vault", "seal"] {
            bench.sandbox.unlocked(&["vault", "seal"]).ok();
        }
        bench.open();
        bench.add(&format!("{} <more@example.org>", line.join(" "))).ok();
        let is_state = |call: &String| call.starts_with("unlink ") && call.contains(".session-");
        let at = calls.iter().position(is_state).unwrap() + 1;
        let watch = Watch { act: Some((at, Act::Fail(Errno::EIO))), ..watch };
        let before = bench.sandbox.snapshots(VAULT).len();
        let (run, seen) = watch.during(|| bench.sandbox.unlocked(line).ok());
        assert!(is_state(&seen[at - 1]), "{seen:?}");
        assert!(run.stderr.contains("note: cannot remove "), "{run}");
        assert_eq!(bench.sandbox.snapshots(VAULT).len(), before + 1);
        if line != ["vault", "seal"] {
            bench.add(&format!("{} <after@example.org>", line.join(" "))).ok();
            bench.sandbox.kill_daemon();
            bench.resume(); // of the work since
        }
    }
    bench.open(); // without a question
    bench.assert_tidy();
    for line in [&generate[..], &remove] {
        assert!(bench.has(&format!("{} <after@example.org>", line.join(" "))));
    }
}

/// Kills the daemon at a call of `work` on the vault; whether it had said before that it was done.
fn killed(bench: &Bench, at: usize, work: impl FnOnce() -> Run) -> bool {
    let watch = Watch {
        pid: bench.sandbox.daemon_pid(),
        dir: &bench.sandbox.path(VAULT),
        act: Some((at, Act::Kill)),
    };
    let (run, seen) = watch.during(work);
    assert_eq!(seen.len(), at, "it ended there: {seen:?}");
    wait_until("the daemon and its reaper are gone", || bench.sandbox.processes().is_empty());
    if run.code != Some(0) {
        assert_advises(&run);
    }
    run.code == Some(0)
}

#[test]
fn w50_a_step_is_there_or_not_wherever_the_daemon_is_killed() {
    let bench = Bench::with_work();
    let watch =
        Watch { pid: bench.sandbox.daemon_pid(), dir: &bench.sandbox.path(VAULT), act: None };
    let (run, calls) = watch.during(|| bench.add("One <one@example.org>"));
    run.ok();
    for at in some(1..=calls.len(), 5, 0) {
        let identity = format!("Nr {at} <killed@example.org>");
        let before = bench.on_disk();
        let told = killed(&bench, at, || bench.add(&identity));
        let after = bench.on_disk();
        let done = added(&identity, &after);
        assert!(done || !told, "{:?}", calls[at - 1]);
        assert_eq!(after.len(), before.len() + usize::from(done), "{:?}", calls[at - 1]);
        bench.resume();
        assert_eq!(bench.has(&identity), done, "{:?}", calls[at - 1]);
        bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
        bench.assert_tidy();
    }
    bench.add("Last <last@example.org>").ok();
}

#[test]
fn a_seal_is_there_or_not_wherever_the_daemon_is_killed() {
    let bench = Bench::with_work();
    let watch =
        Watch { pid: bench.sandbox.daemon_pid(), dir: &bench.sandbox.path(VAULT), act: None };
    let (run, calls) = watch.during(|| bench.seal("one"));
    run.ok();
    for at in some(1..=calls.len(), 5, 0) {
        let identity = format!("Nr {at} <killed@example.org>");
        bench.open();
        bench.add(&identity).ok();
        let before = bench.sandbox.snapshots(VAULT);
        let told = killed(&bench, at, || bench.seal("two"));
        let after = bench.sandbox.snapshots(VAULT);
        let done = after.len() > before.len();
        assert!(done || !told, "{:?}", calls[at - 1]);
        assert_eq!(after[..before.len()], before, "{:?}", calls[at - 1]);
        bench.reopen(done);
        assert!(bench.has(&identity), "{:?}", calls[at - 1]);
        bench.sandbox.gpgsmith(&["audit", "verify"]).ok();
        bench.assert_tidy();
        bench.seal("three").ok();
    }
}
