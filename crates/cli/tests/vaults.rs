use std::{fs, path::Path};

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn a_vault_from_its_making_to_its_reopening() {
    let sandbox = Sandbox::new();
    let made =
        sandbox.run(&["vault", "create", "work", "--path", "~/work", "--passphrase-file", "../pw"]);
    assert_eq!(
        made.ok().stderr,
        "Created work (initial snapshot: [stamp]_initial-import.tar.age)\n"
    );
    assert_eq!(sandbox.mode("home/work"), 0o700);
    let list = sandbox.run(&["vault", "list"]).ok();
    assert!(list.stdout.ends_with("\nwork  [dir]/home/work  *        -\n"), "{}", list.stdout);
    let sealed = sandbox.run(&["vault", "seal", "-m", "Two words!"]).ok();
    assert_eq!(
        (sealed.stdout.as_str(), sealed.stderr.as_str()),
        ("", "sealed: [stamp]_two-words.tar.age\n")
    );
    let snapshots = sandbox.run(&["vault", "snapshots"]).ok().stdout;
    let lines: Vec<_> = snapshots.lines().collect();
    assert!(lines[1].ends_with("[stamp]_initial-import.tar.age  initial-import"), "{snapshots}");
    assert!(lines[2].ends_with("[stamp]_two-words.tar.age       two-words"), "{snapshots}");
    let opened = sandbox.run(&["vault", "open", "--no-shell", "--passphrase-file", "../pw"]).ok();
    assert_snapshot!(opened.stdout, @"
    export GPGSMITH_SESSION=[token];
    export GPGSMITH_VAULT_NAME=work;
    ");
    assert_snapshot!(opened.stderr, @r#"
    opened work at [stamp]_two-words.tar.age
    bound session token for "work"
    "#);
    let gone = sandbox.run(&["vault", "discard"]).ok();
    assert_eq!(
        gone.stderr,
        "discarded: nothing was lost; work stands at [stamp]_two-words.tar.age\n"
    );
}

#[test]
fn w33_paths_are_the_users_and_not_the_daemons() {
    let sandbox = Sandbox::new();
    sandbox.run(&["daemon", "start"]).ok();
    fs::create_dir(sandbox.home().join("sub")).unwrap();
    let mut create = sandbox.command(&["vault", "create", "here", "--path", "../near"]);
    create.args(["--identity", "../../identity"]).current_dir(sandbox.home().join("sub"));
    sandbox.feed(&mut create, "").ok();
    assert_eq!(sandbox.snapshots("near").len(), 1);
    sandbox.create("tilde");
    assert_eq!(sandbox.snapshots("tilde").len(), 1);
    assert!(!Path::new("/near").exists() && !sandbox.home().join("~").exists());
}

#[test]
fn a_closed_session_says_so_to_its_shell() {
    let sandbox = Sandbox::with_vault();
    sandbox.run(&["vault", "seal"]).ok();
    let mut list = sandbox.command(&["keys", "list"]);
    let stale = sandbox.feed(list.env("GPGSMITH_SESSION", "0a".repeat(32)), "").fails(7);
    assert_snapshot!(stale.stderr, @"
    error: no session has this token
    hint: Open the vault.
    try: gpgsmith vault open
    ");
}

#[test]
fn an_open_vault_is_joined_by_whoever_has_its_passphrase() {
    let sandbox = Sandbox::with_passphrase();
    let open = ["vault", "open", "work", "--no-shell", "--passphrase-file", "-"];
    sandbox.answer(&open, "wrong\n").fails(5);
    let joined = sandbox.answer(&open, &format!("{}\n", crate::sandbox::PASSPHRASE)).ok();
    assert!(
        joined.stderr.starts_with("work is open already; joined its session\n"),
        "{}",
        joined.stderr
    );
}

#[test]
fn an_older_snapshot_opens_for_reading_only() {
    let sandbox = Sandbox::with_vault();
    sandbox.run(&["vault", "seal", "-m", "later"]).ok();
    let oldest = sandbox.snapshots("work").remove(0);
    let args = ["vault", "open", "work", "--no-shell", "--snapshot", &oldest];
    let opened = sandbox.run(&args).ok();
    assert!(opened.stderr.contains("read-only: "), "{}", opened.stderr);
    sandbox.run(&["vault", "seal"]).fails(4);
    sandbox.run(&["vault", "discard"]).ok();
    assert_eq!(sandbox.snapshots("work").len(), 2);
}
