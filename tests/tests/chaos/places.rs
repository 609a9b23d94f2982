//! Somebody else was there first.

use std::{fs, os::unix::fs::chown};

use gpgsmith_tests::{sandbox::Sandbox, tmpfs::Tmpfs};
use insta::assert_snapshot;

/// Neither root nor nobody.
const SOMEBODY: u32 = 65_533;

/// A directory of theirs.
fn squat(sandbox: &Sandbox, name: &str) {
    fs::create_dir_all(sandbox.path(name)).unwrap();
    let given = chown(sandbox.path(name), Some(SOMEBODY), Some(SOMEBODY));
    assert!(given.is_ok(), "this test gives a directory away: run it as root");
}

#[test]
fn w16_another_users_directory_in_the_place_of_the_socket() {
    let sandbox = Sandbox::unprivileged();
    squat(&sandbox, "run/gpgsmith-kernel");
    let refused = sandbox.gpgsmith(&["vault", "list"]).fails(4);
    assert_snapshot!("vault_list__foreign_socket_directory", refused.shown());
    assert!(sandbox.daemons().is_empty());
    assert!(sandbox.names("run/gpgsmith-kernel").is_empty());
    fs::remove_dir(sandbox.path("run/gpgsmith-kernel")).unwrap();
    sandbox.gpgsmith(&["vault", "list"]).ok();
}

#[test]
fn another_users_directory_in_the_place_of_the_state() {
    let sandbox = Sandbox::unprivileged();
    squat(&sandbox, "state/gpgsmith");
    let refused = sandbox.gpgsmith(&["vault", "list"]).fails(3);
    assert_snapshot!("vault_list__foreign_state_directory", refused.shown());
    assert!(sandbox.daemons().is_empty());
    fs::remove_dir(sandbox.path("state/gpgsmith")).unwrap();
    sandbox.gpgsmith(&["vault", "list"]).ok();
}

#[test]
fn another_users_workdir_is_left_alone_and_hinders_nobody() {
    let sandbox = Sandbox::new();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
    sandbox.register(&["pass-fast"]);
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    squat(&sandbox, "ram/gpgsmith-abcdefghijklmnop");
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    assert_eq!(sandbox.names("ram").len(), 2);
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    assert_eq!(sandbox.names("ram"), ["gpgsmith-abcdefghijklmnop"]);
}
