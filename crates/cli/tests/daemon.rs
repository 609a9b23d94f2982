use crate::sandbox::Sandbox;

#[test]
fn a_daemon_is_started_looked_at_and_stopped() {
    let sandbox = Sandbox::new();
    let absent = sandbox.run(&["daemon", "status"]).fails(3);
    assert_eq!((absent.stdout.as_str(), absent.stderr.as_str()), ("daemon: not running\n", ""));
    assert_eq!(sandbox.run(&["daemon", "stop"]).ok().stderr, "daemon is not running\n");
    assert_eq!(sandbox.run(&["daemon", "start"]).ok().stderr, "daemon started\n");
    assert_eq!(sandbox.run(&["daemon", "start"]).ok().stderr, "daemon already running\n");
    let running = sandbox.run(&["daemon", "status"]).ok().stdout;
    assert!(running.starts_with("daemon: running\n  pid:      "), "{running}");
    assert!(running.contains("  sessions: 0\n"), "{running}");
    assert_eq!(sandbox.run(&["daemon", "stop"]).ok().stderr, "daemon stopped\n");
    sandbox.run(&["daemon", "status"]).fails(3);
}

#[test]
fn a_restart_leaves_another_process() {
    let sandbox = Sandbox::new();
    let pid = || {
        let status = sandbox.run(&["daemon", "status", "--json"]).ok().stdout;
        serde_json::from_str::<serde_json::Value>(&status).unwrap()["pid"].clone()
    };
    sandbox.run(&["daemon", "start"]).ok();
    let before = pid();
    assert_eq!(sandbox.run(&["daemon", "restart"]).ok().stderr, "daemon restarted\n");
    assert_ne!(pid(), before);
}

#[test]
fn a_second_daemon_in_the_foreground_gives_way() {
    let sandbox = Sandbox::new();
    sandbox.run(&["daemon", "start"]).ok();
    let second = sandbox.run(&["daemon", "start", "--foreground"]).fails(1);
    assert!(second.stderr.starts_with("error: "), "{}", second.stderr);
}

#[test]
fn what_needs_no_daemon_starts_none() {
    let sandbox = Sandbox::new();
    for args in [
        &["version"][..],
        &["--version"],
        &["--help"],
        &["vault"],
        &["completions", "zsh"],
        &["daemon", "stop"],
    ] {
        sandbox.run(args).ok();
    }
    sandbox.run(&["daemon", "status"]).fails(3);
}

#[test]
fn a_stop_keeps_unsealed_work() {
    let sandbox = Sandbox::with_keys();
    sandbox.run(&["keys", "identity", "add", "Ann <ann@work.example>"]).ok();
    sandbox.run(&["daemon", "stop"]).ok();
    let status = sandbox.run(&["vault", "status"]).ok().stdout;
    assert!(status.starts_with("No vaults open.\n\nRECOVERABLE"), "{status}");
    assert!(status.contains("idle-sealed"), "{status}");
    let resumed = sandbox.run(&["vault", "open", "work", "--no-shell", "--resume"]);
    let told = resumed.ok().stderr;
    assert!(
        told.starts_with("resumed work: 2 steps since it was opened at [stamp]_new-keys"),
        "{told}"
    );
    assert!(sandbox.run(&["keys", "identity", "list"]).ok().stdout.contains("ann@work.example"));
}
