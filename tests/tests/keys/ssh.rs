use std::{fs, os::unix::fs::PermissionsExt as _};

use insta::assert_snapshot;

use super::{OLD_AUTH, rotated, told};

/// The newest of those that live; the fixture's.
const AUTH: &str = "5BB68749CE021A24";

#[test]
fn w54_the_file_is_named_after_the_key_in_it() {
    let sandbox = rotated();
    let path = |id: &str| format!("home/.ssh/gpgsmith-{id}.pub");
    let written = sandbox.gpgsmith(&["keys", "ssh-pubkey"]).ok();
    assert_eq!(written.stdout, format!("{}\n", sandbox.text(&path(AUTH))));
    assert!(written.stderr.contains(OLD_AUTH), "there was a choice: {written}");
    let line = sandbox.read(&path(AUTH));
    assert!(line.starts_with("ssh-rsa ") && line.ends_with("openpgp:0xCE021A24\n"), "{line}");
    let mode = |path: &str| fs::metadata(sandbox.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("home/.ssh"), mode(&path(AUTH))), (0o700, 0o644));
    sandbox.gpgsmith(&["keys", "ssh-pubkey"]).ok();
    // The newest is revoked: the older one is what ssh gets now, under its own name.
    sandbox.unlocked(&["keys", "revoke", AUTH, "--yes"]).ok();
    let written = sandbox.gpgsmith(&["keys", "ssh-pubkey"]).ok();
    assert_eq!(written.stdout, format!("{}\n", sandbox.text(&path(OLD_AUTH))));
    assert!(sandbox.read(&path(OLD_AUTH)).starts_with("ssh-ed25519 "));
    assert_eq!(sandbox.read(&path(AUTH)), line, "what was there stays");
    let other = sandbox.gpgsmith(&["keys", "ssh-pubkey", "--stdout", "--key", OLD_AUTH]).ok();
    assert_eq!(other.stdout, sandbox.read(&path(OLD_AUTH)));
}

#[test]
fn what_ssh_cannot_have_is_said() {
    let sandbox = rotated();
    sandbox.write("home/.ssh", "no directory");
    let no_dir = sandbox.gpgsmith(&["keys", "ssh-pubkey"]).fails(1);
    assert_snapshot!("ssh__no_directory", no_dir.shown());
    fs::remove_file(sandbox.path("home/.ssh")).unwrap();
    sandbox.write(&format!("home/.ssh/gpgsmith-{AUTH}.pub"), "ssh-rsa mine\n");
    let errors = told(
        &sandbox,
        &[
            (1, "keys ssh-pubkey"),
            (1, "keys ssh-pubkey --key 7DDEA0A9B2C81248"),
            (2, "keys ssh-pubkey --key 0000000000000000"),
            (0, "keys revoke 5BB68749CE021A24 5104605F3DEFDA24 --yes"),
            (2, "keys ssh-pubkey"),
        ],
    );
    assert_snapshot!("ssh__errors", errors);
    assert_eq!(sandbox.read(&format!("home/.ssh/gpgsmith-{AUTH}.pub")), "ssh-rsa mine\n");
}
