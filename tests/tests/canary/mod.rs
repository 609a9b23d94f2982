//! The secrets of a run are looked for wherever they must not be: in the memory of the daemon and
//! its children once a vault is locked, in core files, in what children are started with, and in
//! every file. What is found elsewhere shows that they would be found.

mod files;
mod run;

use std::process::Command;

use gpgsmith_tests::{extent::some, memory::found, program::tool, wait::wait_until};
use nix::sys::signal::{Signal, kill};

pub(crate) use self::run::Canary;
use self::run::Locking;

#[test]
fn once_a_vault_is_locked_its_secrets_are_in_no_memory() {
    for locking in some(Locking::ALL, 3, 2) {
        let canary = Canary::new();
        let daemon = canary.sandbox.daemon_pid();
        canary.work();
        let open = found(daemon, &canary.secrets);
        for needed in ["passphrase of the vault", "passphrase of the keys"] {
            assert!(open.iter().any(|found| found.starts_with(needed)), "{needed}: {open:?}");
        }
        canary.lock(locking);
        assert_eq!(canary.sandbox.agents(), 0);
        // A key for the next seal may still be on its way from the passphrase, in the background.
        wait_until(&format!("after {locking:?} nothing is left"), || {
            let processes = canary.sandbox.processes();
            processes.into_iter().all(|process| found(process, &canary.secrets).is_empty())
        });
    }
}

#[test]
fn no_child_is_started_with_a_secret() {
    let canary = Canary::new();
    let log = canary.sandbox.text("trace");
    let pid = canary.sandbox.daemon_pid().to_string();
    let line = ["-f", "-qq", "-v", "-s", "65536", "-e", "trace=execve", "-o", &log, "-p", &pid];
    let mut strace = Command::new(tool("strace")).args(line).spawn().unwrap();
    let traced = format!("/proc/{pid}/status");
    wait_until("strace is there", || {
        let status = std::fs::read_to_string(&traced).unwrap();
        status.lines().any(|line| line == format!("TracerPid:\t{}", strace.id()))
    });
    canary.work();
    canary.lock(Locking::Seal);
    kill(nix::unistd::Pid::from_raw(strace.id().cast_signed()), Signal::SIGTERM).unwrap();
    strace.wait().unwrap();
    let log = canary.sandbox.read("trace");
    for expected in ["/gpg-agent\", [", "/gpg\", [", "\"--homedir\"", "\"HOME=", "command-fd"] {
        assert!(log.contains(expected), "{expected}: {log}");
    }
    for secret in &canary.secrets {
        assert!(!secret.is_in(log.as_bytes()), "{}", secret.name);
    }
}

#[test]
fn a_daemon_that_breaks_down_leaves_no_core_file() {
    run::allow_core_files();
    for signal in some([Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGQUIT], 3, 0) {
        let dir = tempfile::tempdir().unwrap();
        let control = run::dumps_core(&mut run::sleeper(dir.path()), signal);
        assert!(control, "this machine writes no core files: `sysctl kernel.core_pattern=core`");
        let canary = Canary::served_by_a_child();
        canary.work();
        let mut daemon = canary.child.lock().unwrap();
        assert!(!run::dumps_core(daemon.as_mut().unwrap(), signal));
    }
}
