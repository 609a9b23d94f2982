//! The daemon behind the commands: started by whoever is first, never lost work, nobody else's.

use std::{fs, os::unix::fs::PermissionsExt as _, thread};

use gpgsmith_tests::{
    process::{children_of, is_alive},
    sandbox::Sandbox,
    tmpfs::Tmpfs,
    wait::{wait_for, wait_until},
};
use gpgsmith_vault::{Workdir, WorkdirOptions};
use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};

const ADDED: &str = "Added <added@example.org>";

fn open(sandbox: &Sandbox) {
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
}

/// A session with one step that no snapshot holds.
fn with_work() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    open(&sandbox);
    sandbox.unlocked(&["keys", "identity", "add", ADDED]).ok();
    sandbox
}

/// The work is at rest on the disk, and is there again after a resume.
fn assert_parked(sandbox: &Sandbox) {
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(status["open"].as_array().unwrap().len(), 0, "{status}");
    assert_eq!(status["unfinished"][0]["status"], "idle-sealed", "{status}");
    assert_eq!(status["unfinished"][0]["ours"], true, "{status}");
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    let identities = sandbox.gpgsmith(&["keys", "identity", "list"]).ok();
    assert!(identities.stdout.contains(ADDED), "{identities}");
}

fn assert_gone(sandbox: &Sandbox) {
    wait_until("the daemon ends", || sandbox.daemons().is_empty());
}

#[test]
fn programs_that_start_at_once_share_one_daemon() {
    let sandbox = Sandbox::new();
    thread::scope(|scope| {
        let start = || sandbox.gpgsmith(&["vault", "list"]);
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(start)).collect();
        for run in runs {
            run.join().unwrap().ok();
        }
    });
    wait_until("the others have given way", || sandbox.daemons().len() == 1);
    let pid = sandbox.daemon_pid();
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    assert_eq!(sandbox.daemon_pid(), pid, "it was left alone");
}

#[test]
fn w46_daemon_stop_parks_every_session() {
    let sandbox = with_work();
    assert_snapshot!("daemon_stop", sandbox.gpgsmith(&["daemon", "stop"]).ok().shown());
    assert_gone(&sandbox);
    assert_parked(&sandbox);
}

#[test]
fn w46_a_restart_parks_every_session() {
    let sandbox = with_work();
    assert_snapshot!("daemon_restart", sandbox.gpgsmith(&["daemon", "restart"]).ok().shown());
    assert_parked(&sandbox);
}

#[test]
fn w46_a_signal_parks_every_session() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let sandbox = with_work();
        kill(sandbox.daemon_pid(), signal).unwrap();
        assert_gone(&sandbox);
        assert_parked(&sandbox);
    }
}

#[test]
fn w46_a_logout_parks_every_session() {
    let sandbox = with_work();
    let state = sandbox.daemon().unwrap();
    fs::remove_file(state["socket"].as_str().unwrap()).unwrap();
    assert_gone(&sandbox);
    assert_parked(&sandbox);
}

#[test]
fn an_untouched_session_leaves_nothing() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let before = sandbox.names("vaults/pass-fast");
    open(&sandbox);
    sandbox.gpgsmith(&["daemon", "stop"]).ok();
    assert_eq!(sandbox.names("vaults/pass-fast"), before);
}

#[test]
fn whether_it_runs_is_told_by_the_exit_code() {
    let sandbox = Sandbox::new();
    assert_snapshot!(
        "daemon_status__not_running",
        sandbox.gpgsmith(&["daemon", "status"]).fails(3).shown()
    );
    assert_snapshot!(
        "daemon_stop__not_running",
        sandbox.gpgsmith(&["daemon", "stop"]).ok().shown()
    );
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    let status = sandbox.gpgsmith(&["daemon", "status"]).ok().stdout;
    let pid = sandbox.daemon_pid();
    assert!(status.starts_with("daemon: running\n"), "{status}");
    assert!(status.contains(&format!("{pid}\n")) && status.contains("daemon.sock"), "{status}");
}

#[test]
fn w43_its_log_is_found_and_private() {
    let sandbox = with_work();
    let log = sandbox.daemon().unwrap()["log"].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&log).unwrap();
    assert!(!text.is_empty());
    assert!(!text.contains(gpgsmith_tests::sandbox::PASSPHRASE));
    assert_eq!(fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn w16_another_user_is_refused() {
    let sandbox = Sandbox::unprivileged();
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    for uid in [0, 65533] {
        let run = sandbox.gpgsmith_by(uid, &["vault", "list"]);
        assert_ne!(run.code, Some(0), "{run}");
        assert_eq!(run.stdout, "", "{run}");
    }
    assert_eq!(sandbox.daemons().len(), 1, "and got no daemon of their own there");
}

#[test]
fn curl_can_talk_to_it() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    let socket = sandbox.daemon().unwrap()["socket"].as_str().unwrap().to_owned();
    let line = ["-sS", "--unix-socket", &socket, "-X", "POST", "http://localhost/v1/vault/list"];
    let said = sandbox.tool("curl", &line).ok();
    assert!(said.stdout.contains("\"name\":\"pass-fast\""), "{said}");
}

/// `keys generate` at a terminal, killed at each of its stages.
#[test]
fn w50_w52_a_daemon_killed_in_the_middle_of_a_step_leaves_the_state_before_or_after() {
    for stage in ["signing", "authentication", "sealing a checkpoint"] {
        let sandbox = Sandbox::new();
        let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
        sandbox.register(&["pass-fast"]);
        sandbox.step_back("pass-fast"); // to four keys with settings for more
        sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
        open(&sandbox);
        sandbox.unlocked(&["keys", "identity", "add", ADDED]).ok();
        let mut terminal = sandbox.terminal(&["keys", "generate", "--yes", "--verbose"]);
        terminal.expect(stage);
        sandbox.kill_daemon();
        let (code, screen) = terminal.end();
        // The last stage may be over before the signal comes.
        if !(code == Some(0) && stage == "sealing a checkpoint") {
            assert_eq!(code, Some(3), "{stage}: {screen}");
            assert!(screen.contains("error: ") && screen.contains("hint: "), "{stage}: {screen}");
        }
        wait_until("the reaper has wiped what was open", || sandbox.names("ram").is_empty());
        sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
        let identities = sandbox.gpgsmith(&["keys", "identity", "list"]).ok();
        assert!(identities.stdout.contains(ADDED), "{stage}: {identities}");
        let keys = sandbox.gpgsmith(&["keys", "list"]).ok().stdout;
        let rows = keys.lines().count() - 1;
        assert!(rows == 4 || rows == 7, "{stage}: {keys}");
        sandbox.gpgsmith(&["audit", "verify"]).ok();
        sandbox.unlocked(&["vault", "seal"]).ok();
        sandbox.gpgsmith(&["daemon", "stop"]).ok();
    }
}

#[test]
fn w05_each_step_is_on_the_disk_when_it_is_done() {
    let sandbox = with_work();
    sandbox.kill_daemon();
    let refused = sandbox.unlocked(&["vault", "open", "--no-shell"]).fails(6);
    assert_snapshot!("vault_open__after_a_crash", refused.shown());
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    let identities = sandbox.gpgsmith(&["keys", "identity", "list"]).ok();
    assert!(identities.stdout.contains(ADDED), "{identities}");
    // W-10: until something newer is on the disk, the resumed state stays there.
    sandbox.kill_daemon();
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    assert!(sandbox.gpgsmith(&["keys", "identity", "list"]).ok().stdout.contains(ADDED));
}

#[test]
fn w23_nothing_decrypted_and_no_agent_outlives_the_daemon() {
    let sandbox = Sandbox::new();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
    sandbox.register(&["pass-fast"]);
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    for ending in ["crash", "stop"] {
        open(&sandbox);
        sandbox.gpgsmith(&["keys", "list"]).ok();
        assert_eq!(sandbox.agents(), 1, "one for the session");
        match ending {
            "crash" => sandbox.kill_daemon(),
            _ => drop(sandbox.gpgsmith(&["daemon", "stop"]).ok()),
        }
        wait_until("its agent ends", || sandbox.agents() == 0);
        wait_until("its workdir is wiped", || sandbox.names("ram").is_empty());
    }
}

/// Not even when nobody is left to clean up: the kernel ends the agent with the daemon, and the next
/// daemon wipes what nobody holds any more.
#[test]
fn a_killed_daemon_takes_its_agent_along_and_the_next_one_wipes_what_it_left() {
    let sandbox = Sandbox::new();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
    sandbox.register(&["pass-fast"]);
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    open(&sandbox);
    sandbox.unlocked(&["keys", "identity", "add", ADDED]).ok(); // it has the key in its hands
    let mut children = children_of(sandbox.daemon_pid());
    children.retain(|(_, name)| name == "gpg-agent");
    let [(agent, _)] = children.try_into().unwrap();
    let left = sandbox.names("ram");
    let options = WorkdirOptions { parent: Some(ram.path().to_owned()), allow_disk: false };
    let held = Workdir::create(&options).unwrap(); // by somebody who lives
    let reaper = sandbox.processes().into_iter().find(|pid| !sandbox.daemons().contains(pid));
    kill(reaper.unwrap(), Signal::SIGSTOP).unwrap();
    kill(sandbox.daemon_pid(), Signal::SIGKILL).unwrap();
    assert_gone(&sandbox);
    wait_until("its agent has gone", || !is_alive(agent));
    kill(reaper.unwrap(), Signal::SIGKILL).unwrap();
    wait_until("its reaper has gone", || sandbox.processes().is_empty());
    for name in &left {
        assert!(ram.path().join(name).join("home/pubring.kbx").exists(), "nobody wiped it");
    }
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    let mine = held.path().file_name().unwrap().to_str().unwrap();
    wait_until("the next daemon wipes it", || sandbox.names("ram") == [mine]);
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    let identities = sandbox.gpgsmith(&["keys", "identity", "list"]).ok();
    assert!(identities.stdout.contains(ADDED), "{identities}");
    assert!(held.path().exists());
    held.wipe().unwrap();
}

/// In the middle of a step, gpg and its agent are at work.
#[test]
fn a_daemon_killed_while_gpg_works_leaves_no_program_behind() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.step_back("pass-fast");
    open(&sandbox);
    let mut terminal = sandbox.terminal(&["keys", "generate", "--yes", "--verbose"]);
    terminal.expect("signing");
    let daemon = sandbox.daemon_pid();
    let working = wait_for("gpg works", || {
        let children = children_of(daemon);
        children.iter().any(|(_, name)| name == "gpg").then_some(children)
    });
    assert!(working.iter().any(|(_, name)| name == "gpg-agent"), "{working:?}");
    sandbox.kill_daemon();
    for (pid, name) in working {
        wait_until(&format!("{name} has gone"), || !is_alive(pid));
    }
    drop(terminal.end());
}
