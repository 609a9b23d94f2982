//! Work that cannot be written: it stays in the session until it can.

use std::{fs, os::unix::fs::PermissionsExt as _};

use gpgsmith_tests::{sandbox::Sandbox, tmpfs::Tmpfs};
use insta::assert_snapshot;

const VAULT: &str = "vaults/pass-fast";

fn add(sandbox: &Sandbox, identity: &str) -> gpgsmith_tests::run::Run {
    sandbox.unlocked(&["keys", "identity", "add", identity])
}

fn open(sandbox: &Sandbox) {
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
}

/// Whether this identity is in the open session.
fn has(sandbox: &Sandbox, identity: &str) -> bool {
    sandbox.gpgsmith(&["keys", "identity", "list"]).ok().stdout.contains(identity)
}

fn date(sandbox: &Sandbox, when: &str, format: &str) -> String {
    sandbox.tool("date", &["-u", "-d", when, format]).ok().stdout.trim().to_owned()
}

#[test]
fn w12_the_disk_is_full_and_the_session_stays_whole() {
    let sandbox = Sandbox::new();
    let disk = Tmpfs::mount(&sandbox.path(VAULT), "size=1m");
    sandbox.register(&["pass-fast"]);
    open(&sandbox);
    add(&sandbox, "Before <before@example.org>").ok();
    let before = sandbox.names(VAULT);
    disk.fill(0);
    let failed = add(&sandbox, "Lost <lost@example.org>").fails(1);
    assert_snapshot!("keys_identity_add__disk_full", failed.shown());
    assert!(!has(&sandbox, "lost@example.org"), "a step that is not on the disk did not happen");
    let failed = sandbox.unlocked(&["vault", "seal"]).fails(1);
    assert_snapshot!("vault_seal__disk_full", failed.shown());
    assert!(has(&sandbox, "before@example.org"));
    disk.free();
    assert_eq!(sandbox.names(VAULT), before, "nothing half-written is left");
    add(&sandbox, "After <after@example.org>").ok();
    sandbox.unlocked(&["vault", "seal"]).ok();
    open(&sandbox);
    assert!(has(&sandbox, "before@example.org") && has(&sandbox, "after@example.org"));
}

#[test]
fn the_directory_becomes_read_only_and_the_session_stays_whole() {
    let sandbox = Sandbox::unprivileged();
    sandbox.register(&["pass-fast"]);
    open(&sandbox);
    add(&sandbox, "Before <before@example.org>").ok();
    let permit = |mode| {
        fs::set_permissions(sandbox.path(VAULT), fs::Permissions::from_mode(mode)).unwrap();
    };
    permit(0o500);
    let failed = add(&sandbox, "Lost <lost@example.org>").fails(1);
    assert_snapshot!("keys_identity_add__read_only_directory", failed.shown());
    let failed = sandbox.unlocked(&["vault", "seal"]).fails(1);
    assert_snapshot!("vault_seal__read_only_directory", failed.shown());
    assert!(has(&sandbox, "before@example.org") && !has(&sandbox, "lost@example.org"));
    permit(0o700);
    sandbox.unlocked(&["vault", "seal"]).ok();
    assert!(!sandbox.names(VAULT).iter().any(|name| name.contains(".session-")));
}

#[test]
fn a_name_that_is_taken_is_passed_over() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    open(&sandbox);
    // The next minutes are all taken, by something that is no snapshot.
    let each =
        "n=$(date +%s); for i in $(seq 0 600); do date -u -d @$((n + i)) +%Y%m%dT%H%M%SZ; done";
    let times = sandbox.tool("sh", &["-c", each]).ok().stdout;
    for time in times.lines() {
        fs::create_dir(sandbox.path(VAULT).join(format!("{time}_taken.tar.age"))).unwrap();
    }
    let sealed = sandbox.unlocked(&["vault", "seal", "-m", "taken", "--json"]).ok().json();
    let name = sealed["snapshot"]["file_name"].as_str().unwrap();
    assert!(sandbox.path(VAULT).join(name).is_file(), "{name}");
    assert_eq!(sandbox.snapshots(VAULT).last().unwrap(), name);
    let listed = sandbox.gpgsmith(&["vault", "snapshots", "--json"]).ok().json();
    assert_eq!(listed["snapshots"].as_array().unwrap().len(), 4);
}

#[test]
fn a_clock_that_is_behind_makes_no_older_name() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let newest = sandbox.snapshots(VAULT).pop().unwrap();
    let ahead = date(&sandbox, "+5 hours", "+%Y%m%dT%H%M%SZ_ahead.tar.age");
    let dir = sandbox.path(VAULT);
    fs::rename(dir.join(newest), dir.join(&ahead)).unwrap();
    open(&sandbox);
    add(&sandbox, "New <new@example.org>").ok();
    sandbox.unlocked(&["vault", "seal", "-m", "a"]).ok();
    let names = sandbox.snapshots(VAULT);
    assert_eq!(names[2], ahead);
    assert!(names[3].ends_with("Z_a.tar.age") && names[3] > ahead, "{names:?}");
    open(&sandbox);
    assert!(has(&sandbox, "new@example.org"), "the newest is what was sealed last");
}

#[test]
fn w20_any_message_makes_a_snapshot_that_is_found_again() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let long = "long message ".repeat(25);
    for message in ["!!!", &long[..300], "", "../../etc/passwd", "日本 ²³ Ünïcode"] {
        open(&sandbox);
        let sealed = sandbox.unlocked(&["vault", "seal", "-m", message, "--json"]).ok().json();
        let name = sealed["snapshot"]["file_name"].as_str().unwrap();
        assert!(name.len() <= 255, "{name}");
        assert_eq!(sandbox.snapshots(VAULT).last().unwrap(), name, "{message:?}");
        let found = sandbox.gpgsmith(&["vault", "snapshots"]).ok();
        assert!(found.stdout.contains(name), "{found}");
    }
}
