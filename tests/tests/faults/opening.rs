//! Vaults that cannot be opened, and why.

use std::{fs, os::unix::fs::PermissionsExt as _};

use gpgsmith_tests::{fixture::MASTER, sandbox::Sandbox, tmpfs::Tmpfs};
use insta::assert_snapshot;

const OPEN: [&str; 3] = ["vault", "open", "--no-shell"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox
}

/// The registry with something else in it.
fn edit(sandbox: &Sandbox, from: &str, to: &str) {
    let file = "config/locksmith/config.yaml";
    sandbox.write(file, &sandbox.read(file).replace(from, to));
}

#[test]
fn the_passphrase_is_wrong() {
    let sandbox = sandbox();
    sandbox.write("passphrase", "wrong\n");
    let before = sandbox.names("vaults/pass-fast");
    assert_snapshot!("vault_open__wrong_passphrase", sandbox.unlocked(&OPEN).fails(5).shown());
    assert_eq!(sandbox.names("vaults/pass-fast"), before);
}

#[test]
fn no_passphrase_is_given() {
    let run = sandbox().gpgsmith(&[&OPEN[..], &["--no-input"]].concat()).fails(6);
    assert_snapshot!("vault_open__no_passphrase", run.shown());
}

#[test]
fn the_passphrase_file_is_missing() {
    let run = sandbox().gpgsmith(&[&OPEN[..], &["--passphrase-file", "nowhere"]].concat());
    assert_snapshot!("vault_open__no_passphrase_file", run.fails(1).shown());
}

#[test]
fn the_identity_file_is_anothers() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    let made = sandbox.tool("age-keygen", &[]).ok();
    sandbox.write("identity.txt", &made.stdout);
    assert_snapshot!("vault_open__wrong_identity", sandbox.unlocked(&OPEN).fails(5).shown());
    fs::remove_file(sandbox.path("identity.txt")).unwrap();
    assert_snapshot!("vault_open__no_identity", sandbox.unlocked(&OPEN).fails(1).shown());
}

#[test]
fn the_vault_is_not_in_the_registry() {
    let sandbox = sandbox();
    let run = sandbox.unlocked(&["vault", "open", "pas-fast", "--no-shell"]).fails(1);
    assert_snapshot!("vault_open__unknown", run.shown());
}

#[test]
fn the_directory_is_missing_or_empty() {
    let sandbox = sandbox();
    fs::remove_dir_all(sandbox.path("vaults/pass-fast")).unwrap();
    assert_snapshot!("vault_open__no_directory", sandbox.unlocked(&OPEN).fails(1).shown());
    fs::create_dir(sandbox.path("vaults/pass-fast")).unwrap();
    assert_snapshot!("vault_open__no_snapshots", sandbox.unlocked(&OPEN).fails(1).shown());
}

#[test]
fn the_newest_snapshot_is_damaged_and_the_one_before_opens() {
    let sandbox = sandbox();
    let newest = sandbox.snapshots("vaults/pass-fast").pop().unwrap();
    let path = sandbox.path("vaults/pass-fast").join(newest);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, &bytes).unwrap();
    let damaged = sandbox.unlocked(&OPEN).fails(1);
    assert_snapshot!("vault_open__damaged", damaged.shown());
    // The command that is printed opens the one before.
    let command = damaged.stderr.lines().find_map(|line| line.strip_prefix("try: gpgsmith "));
    let words: Vec<&str> = command.unwrap().split(' ').collect();
    let before = sandbox.unlocked(&[&words[..], &["--no-shell"]].concat()).ok();
    assert_snapshot!("vault_open__snapshot_before", before.shown());
    assert!(sandbox.gpgsmith(&["keys", "list"]).ok().stdout.contains("1BAD42B9D3EB840E"));
    let add = sandbox.unlocked(&["keys", "identity", "add", "No <no@example.org>"]).fails(4);
    assert_snapshot!("keys_identity_add__read_only", add.shown());
    assert_eq!(fs::read(&path).unwrap(), bytes, "nothing is mended behind the user's back");
}

#[test]
fn the_master_key_is_not_the_trusted_one() {
    let sandbox = sandbox();
    edit(&sandbox, MASTER, "0000000000000000000000000000000000000001");
    let before = sandbox.names("vaults/pass-fast");
    assert_snapshot!("vault_open__other_master", sandbox.unlocked(&OPEN).fails(4).shown());
    assert_eq!(sandbox.names("vaults/pass-fast"), before, "nothing is left behind");
    sandbox.gpgsmith(&["vault", "trust", "pass-fast", &MASTER.to_lowercase(), "--yes"]).ok();
    sandbox.unlocked(&OPEN).ok();
}

#[test]
fn gpg_is_not_installed() {
    let mut sandbox = sandbox();
    sandbox.set("PATH", sandbox.path("tmp"));
    let run = sandbox.unlocked(&OPEN).fails(1);
    assert_snapshot!("vault_open__no_gpg", run.shown());
    assert!(!sandbox.names("vaults/pass-fast").iter().any(|name| name.contains(".session-")));
}

#[test]
fn there_is_no_file_system_in_ram() {
    let sandbox = sandbox();
    fs::create_dir(sandbox.path("disk")).unwrap();
    let disk = sandbox.text("disk");
    sandbox.settings(&format!("workdir: {disk}\n"));
    assert_snapshot!("vault_open__no_ram", sandbox.unlocked(&OPEN).fails(1).shown());
    assert!(sandbox.names("disk").is_empty());
    sandbox.settings(&format!("workdir: {disk}\nallow_disk_workdir: true\n"));
    sandbox.unlocked(&OPEN).ok();
    assert_eq!(sandbox.names("disk").len(), 1);
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    assert!(sandbox.names("disk").is_empty());
}

#[test]
fn the_file_system_in_ram_is_full() {
    let sandbox = sandbox();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=256k");
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    ram.fill(16 * 1024);
    assert_snapshot!("vault_open__ram_full", sandbox.unlocked(&OPEN).fails(1).shown());
    assert_eq!(sandbox.names("ram"), ["ballast"], "nothing decrypted is left");
    ram.free();
    sandbox.unlocked(&OPEN).ok();
}

#[test]
fn a_snapshot_from_the_far_future_opens_for_reading() {
    let sandbox = sandbox();
    let newest = sandbox.snapshots("vaults/pass-fast").pop().unwrap();
    let dir = sandbox.path("vaults/pass-fast");
    fs::rename(dir.join(newest), dir.join("29991231T235959Z_future.tar.age")).unwrap();
    assert_snapshot!("vault_open__far_future", sandbox.unlocked(&OPEN).ok().shown());
    let add = sandbox.unlocked(&["keys", "identity", "add", "No <no@example.org>"]).fails(4);
    assert_snapshot!("keys_identity_add__far_future", add.shown());
}

#[test]
fn the_directory_cannot_be_written() {
    let sandbox = Sandbox::unprivileged();
    sandbox.register(&["pass-fast"]);
    let dir = sandbox.path("vaults/pass-fast");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    assert_snapshot!("vault_open__read_only_directory", sandbox.unlocked(&OPEN).fails(1).shown());
    sandbox.unlocked(&[&OPEN[..], &["--read-only"]].concat()).ok();
    sandbox.gpgsmith(&["keys", "list"]).ok();
}
