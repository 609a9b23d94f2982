//! Commands of the user's own on the keys of an open vault: one step, or nothing.

use std::fs;

use gpgsmith_tests::{
    fixture::MASTER,
    sandbox::{PASSPHRASE, Sandbox},
    terminal::Terminal,
    tmpfs::Tmpfs,
    wait::wait_until,
};
use insta::assert_snapshot;

use crate::life::story;

/// A gpg that finds its passphrase in a file.
const BATCH: &str = "gpg --batch --pinentry-mode loopback --passphrase-file ../passphrase";

/// In the vault of the fixture.
fn add(identity: &str) -> String {
    format!("{BATCH} --quick-add-uid {MASTER} {identity}")
}

fn open() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox
}

/// Runs a shell's script by `exec`.
fn script(text: &str) -> [&str; 5] {
    ["exec", "--", "sh", "-ec", text]
}

fn at_terminal(sandbox: &Sandbox, text: &str) -> Terminal {
    sandbox.terminal(&script(text))
}

fn identities(sandbox: &Sandbox) -> String {
    sandbox.gpgsmith(&["keys", "identity", "list"]).ok().stdout
}

/// All that a command could have changed.
fn state(sandbox: &Sandbox) -> String {
    let looks =
        [&["keys", "list", "--json"][..], &["keys", "export", "--stdout"], &["audit", "show"]];
    looks.iter().map(|look| sandbox.gpgsmith(look).ok().stdout).collect()
}

#[test]
fn what_a_command_prints_is_passed_on_and_its_line_written_down() {
    let sandbox = open();
    let run = sandbox.gpgsmith(&["exec", "--", "gpg", "--with-colons", "--list-secret-keys"]).ok();
    assert!(run.stdout.starts_with("sec:"), "{run}");
    assert!(run.stdout.contains(MASTER), "{run}");
    assert_eq!(
        run.stderr.lines().last(),
        Some("recorded in pass-fast: gpg --with-colons --list-secret-keys")
    );
    let log = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    let last = log.lines().last().unwrap();
    let cells: Vec<&str> =
        last.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells.last(), Some(&"gpg --with-colons --list-secret-keys"), "{log}");
    assert!(cells.contains(&"exec"), "{log}");
    sandbox.gpgsmith(&["audit", "verify"]).ok();
}

#[test]
fn a_change_with_a_passphrase_typed_at_the_terminal_lands_in_the_snapshot() {
    let sandbox = open();
    let line = ["exec", "--", "gpg", "--quick-add-uid", MASTER, "Typed <typed@example.org>"];
    let mut terminal = sandbox.terminal(&line);
    terminal.expect("passphrase");
    terminal.enter(PASSPHRASE);
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("recorded in pass-fast: gpg --quick-add-uid"), "{screen}");
    assert!(!screen.contains(PASSPHRASE), "{screen}");
    sandbox.kill_daemon(); // it is flushed
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    sandbox.unlocked(&["vault", "seal"]).ok();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    assert!(identities(&sandbox).contains("Typed <typed@example.org>"));
    let log = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    assert!(log.contains(&format!("gpg --quick-add-uid {MASTER} 'Typed <typed@example.org>'")));
    sandbox.gpgsmith(&["audit", "verify"]).ok();
}

#[test]
fn a_command_that_fails_is_undone_and_its_exit_code_passed_on() {
    let sandbox = open();
    let before = state(&sandbox);
    let run = |line: &[&str]| sandbox.gpgsmith(&[&["exec", "--"], line].concat());
    let add = format!("{} && gpg -k Undone >../seen; exit 3", add("Undone"));
    fs::create_dir(sandbox.path("home/dir")).unwrap();
    let told = [
        ("exec -- sh -c '…; exit 3'", run(&["sh", "-c", &add]).fails(3)),
        ("exec -- gpg --no-such-option", run(&["gpg", "--no-such-option"]).fails(2)),
        ("exec -- nowhere-to-be-found", run(&["nowhere-to-be-found", "a b"]).fails(127)),
        ("exec -- ./dir", run(&["./dir"]).fails(126)),
        ("exec -- sh -c 'kill -9 $$'", run(&["sh", "-c", "kill -9 $$"]).fails(137)),
    ];
    assert!(sandbox.read("seen").contains("Undone"), "the command had done its work");
    assert_eq!(state(&sandbox), before);
    // Of two versions of gpg one says its name.
    let shown = story(&told).replace(&add, "[script]").replace("\ngpg: invalid", "\ninvalid");
    assert_snapshot!("exec__fails", shown);
}

#[test]
fn a_command_that_takes_a_secret_key_away_is_undone_though_it_ends_well() {
    let sandbox = open();
    let list = ["exec", "--", "gpg", "--with-colons", "--with-keygrip", "--list-secret-keys"];
    let listed = sandbox.gpgsmith(&list).ok().stdout;
    let grip = listed.lines().find_map(|line| line.strip_prefix("grp:::::::::")).unwrap();
    let grip = grip.trim_matches(':');
    let before = state(&sandbox);
    let spoil = format!("echo spoilt >$GNUPGHOME/private-keys-v1.d/{grip}.key");
    let others = format!("find $GNUPGHOME/private-keys-v1.d -type f ! -name {grip}.key -delete");
    let scripts = [
        ("(the master's secret part is spoilt)", spoil.as_str()),
        ("(no other secret part is left)", &others),
        ("(no secret part is left)", "rm -r $GNUPGHOME/private-keys-v1.d"),
        ("(the ring is empty)", ": >$GNUPGHOME/pubring.kbx"),
        ("(the ring is a link)", "cd $GNUPGHOME; mv pubring.kbx there; ln -s there pubring.kbx"),
    ];
    let told = scripts.map(|(what, text)| (what, sandbox.gpgsmith(&script(text)).fails(4)));
    assert_eq!(state(&sandbox), before);
    assert_snapshot!("exec__secrets_gone", story(&told).replace(grip, "[grip]"));
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
}

#[test]
fn a_master_key_that_a_command_makes_has_to_be_named() {
    let sandbox = Sandbox::new();
    sandbox.unlocked(&["vault", "create", "new", "--path", "new"]).ok();
    let generate = format!("{BATCH} --quick-gen-key Eve_Example ed25519 cert 0 2>../said");
    let mut told = vec![("exec -- …", sandbox.gpgsmith(&script(&generate)).ok())];
    sandbox.unlocked(&["vault", "seal"]).ok();
    told.push(("vault open", sandbox.unlocked(&["vault", "open", "--no-shell"]).ok()));
    told.push((
        "keys identity add",
        sandbox.unlocked(&["keys", "identity", "add", "Eve"]).fails(4),
    ));
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let master = keys["certificates"][0]["primary"]["fingerprint"].as_str().unwrap().to_owned();
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    told.push(("vault trust", sandbox.gpgsmith(&["vault", "trust", "new", &master, "--yes"]).ok()));
    told.push(("vault open", sandbox.unlocked(&["vault", "open", "--no-shell"]).ok()));
    told.push(("keys identity add", sandbox.unlocked(&["keys", "identity", "add", "Eve"]).ok()));
    assert_snapshot!("exec__first_key", story(&told));
    // The vault says so itself from then on.
    sandbox.unlocked(&["vault", "seal"]).ok();
    sandbox.unlocked(&["vault", "export", "new", "out", "--yes"]).ok();
    let settings = sandbox.read("home/out/gpgsmith.yaml");
    let expected = format!("master_fp: {master}\nsubkey_algo: ed25519\nsubkey_expiry: 2y\n");
    assert_eq!(settings.replace(['\'', '"'], ""), expected);
}

#[test]
fn our_own_files_are_out_of_reach_and_option_files_stay_out() {
    let sandbox = open();
    let before = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    let text = "cd $GNUPGHOME; ls -A; for name in gpgsmith.yaml gpgsmith-audit.yaml \
                gpgsmith-lineage.yaml gpg.conf sub/gpg-agent.conf; do mkdir -p sub; \
                echo 'no-such-option: 1' >$name; done; ln -s /etc/passwd link; mkfifo fifo";
    let run = sandbox.gpgsmith(&script(text)).ok();
    assert!(run.stdout.contains("pubring.kbx") && !run.stdout.contains("gpgsmith"), "{run}");
    assert!(
        run.stderr.ends_with(
            "note: these files do not enter the vault: gpg.conf, gpgsmith-audit.yaml, \
             gpgsmith-lineage.yaml, gpgsmith.yaml, link, sub/gpg-agent.conf\n"
        ),
        "{run}"
    );
    sandbox.gpgsmith(&["audit", "verify"]).ok();
    sandbox.unlocked(&["vault", "seal"]).ok();
    let opened = sandbox.unlocked(&["vault", "open", "--no-shell", "--json"]).ok().json();
    assert_eq!(opened["session"]["master_fp"], before["open"][0]["master_fp"]);
    let again = sandbox.gpgsmith(&script("ls -A $GNUPGHOME")).ok().stdout;
    assert!(!again.contains("gpg.conf") && !again.contains("link"), "{again}");
}

#[test]
fn what_a_command_leaves_running_finds_its_copy_gone() {
    let sandbox = open();
    let text = "(until [ -e go ]; do sleep 0.1; done; echo spoilt >$GNUPGHOME/pubring.kbx || echo no; \
                touch over) >out 2>&1 &";
    sandbox.gpgsmith(&script(text)).ok();
    let before = state(&sandbox);
    sandbox.write("home/go", "");
    wait_until("it has tried", || sandbox.path("home/over").exists());
    assert!(sandbox.read("home/out").contains("no"));
    assert_eq!(state(&sandbox), before);
}

#[test]
fn a_command_hears_of_no_secret_and_of_no_session() {
    let mut sandbox = open();
    sandbox.set("GPGSMITH_SESSION", "");
    let seen = sandbox.unlocked(&["exec", "--", "env"]).ok().stdout;
    let home = seen.lines().find_map(|line| line.strip_prefix("GNUPGHOME=")).unwrap();
    assert!(home.starts_with("/dev/shm/gpgsmith-"), "{home}");
    assert!(!fs::exists(home).unwrap(), "it is wiped");
    assert!(!seen.contains("GPGSMITH_SESSION") && !seen.contains(PASSPHRASE), "{seen}");
}

#[test]
fn gpgsmith_inside_a_command_is_refused_at_once() {
    let sandbox = open();
    let program = sandbox.gpgsmith_command(&[]).get_program().to_string_lossy().into_owned();
    let run = sandbox.gpgsmith(&["exec", "--", &program, "keys", "list"]).fails(4);
    assert_snapshot!("exec__inside", run.shown().replace(&program, "[program]"));
}

#[test]
fn a_vault_for_reading_and_a_wish_for_json_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let closed = sandbox.gpgsmith(&script("touch ran")).fails(7);
    sandbox.unlocked(&["vault", "open", "--no-shell", "--read-only"]).ok();
    let reading = sandbox.gpgsmith(&script("touch ran")).fails(4);
    let json = sandbox.gpgsmith(&["--json", "exec", "--", "touch", "ran"]).fails(2);
    let none = sandbox.gpgsmith(&["exec", "--"]).fails(2);
    assert!(!sandbox.path("home/ran").exists());
    let told = [
        ("exec (not open)", closed),
        ("exec (read-only)", reading),
        ("exec --json", json),
        ("exec --", none),
    ];
    assert_snapshot!("exec__refused", story(&told));
}

#[test]
fn ctrl_c_is_for_the_command() {
    let sandbox = open();
    let text = "trap 'echo caught; exit 0' INT; echo ready; while :; do sleep 0.1; done";
    for _ in 0..2 {
        let mut terminal = at_terminal(&sandbox, text);
        terminal.expect("ready");
        terminal.press("\x03");
        terminal.expect("caught");
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(0), "{screen}");
        assert!(screen.contains("recorded in pass-fast"), "{screen}");
    }
    let before = state(&sandbox);
    let mut terminal = at_terminal(&sandbox, "echo ready; exec sleep 600");
    terminal.expect("ready");
    terminal.press("\x03");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(130), "{screen}");
    assert!(screen.contains("was ended by SIGINT") && screen.contains("Nothing has changed"));
    assert_eq!(state(&sandbox), before);
}

#[test]
fn a_daemon_that_dies_meanwhile_leaves_the_state_before() {
    let sandbox = Sandbox::new();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
    sandbox.register(&["pass-fast"]);
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    let before = state(&sandbox);
    let mut terminal = at_terminal(&sandbox, &format!("{}; echo ready; read line", add("Undone")));
    terminal.expect("ready");
    sandbox.kill_daemon();
    wait_until("the reaper has wiped what was open", || sandbox.names("ram").is_empty());
    wait_until("no agent is left", || sandbox.agents() == 0);
    terminal.enter("");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(3), "{screen}");
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    assert_eq!(state(&sandbox), before);
}
