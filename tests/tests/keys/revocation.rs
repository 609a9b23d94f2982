use std::{fs, os::unix::fs::PermissionsExt as _};

use gpgsmith_tests::{fixture::MASTER, sandbox::Sandbox};
use insta::assert_snapshot;

use super::{rotated, told, without_revocation};

const CERT: [&str; 2] = ["keys", "revocation-cert"];

/// Whether importing this file into a keyring with the key revokes it there.
fn revokes(sandbox: &Sandbox, file: &str) -> bool {
    let public = sandbox.gpgsmith(&["keys", "export", "--stdout", "--minimal"]).ok().stdout;
    sandbox.write("home/public.asc", &public);
    let home = sandbox.path("home/elsewhere");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let gpg = |args: &[&str]| {
        let fixed = ["--homedir", "elsewhere", "--no-autostart", "--batch"];
        sandbox.tool("gpg", &[&fixed, args].concat()).ok().stdout
    };
    gpg(&["--import", "public.asc"]);
    assert!(!gpg(&["--with-colons", "--list-keys"]).contains("pub:r:"));
    gpg(&["--import", file]);
    gpg(&["--with-colons", "--list-keys"]).contains("pub:r:")
}

#[test]
fn the_revocation_certificate_is_there_works_and_can_be_taken_out() {
    let sandbox = rotated();
    let story = told(
        &sandbox,
        &[
            (0, "keys revocation-cert"),
            (0, "keys revocation-cert --output revoke.asc"),
            (1, "keys revocation-cert --output revoke.asc"),
            (2, "keys revocation-cert --output revoke.asc --print"),
        ],
    );
    assert_snapshot!("revocation__story", story);
    let mode = fs::metadata(sandbox.path("home/revoke.asc")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let sheet = sandbox.gpgsmith(&[&CERT[..], &["--print"]].concat()).ok().stdout;
    assert_eq!(sandbox.read("home/revoke.asc"), sheet);
    assert!(sheet.contains("203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E"), "{sheet}");
    assert!(sheet.contains("alice@work.example") && !sheet.contains("old@example.org"), "{sheet}");
    assert!(revokes(&sandbox, "revoke.asc"), "{sheet}");
}

#[test]
fn the_revocation_certificate_fits_a_qr_code() {
    let sandbox = rotated();
    let both = sandbox.gpgsmith(&[&CERT[..], &["--print", "--qr"]].concat()).ok().stdout;
    let (sheet, code) = both.split_once("-----END PGP PUBLIC KEY BLOCK-----\n\n").unwrap();
    assert!(sheet.contains("-----BEGIN PGP"), "{both}");
    let widths: Vec<_> = code.lines().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0] && (60..190).contains(width)), "{code}");
    assert_eq!(widths.len(), widths[0].div_ceil(2), "a square");
    assert_eq!(sandbox.gpgsmith(&[&CERT[..], &["--qr"]].concat()).ok().stdout, code);
}

#[test]
fn a_vault_without_a_revocation_certificate_gets_one() {
    let sandbox = without_revocation();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let passphrase = sandbox.passphrase();
    let with = [&CERT[..], &["--key-passphrase-file", &passphrase]].concat();
    let made = sandbox.unlocked(&with).ok();
    assert_snapshot!("revocation__made", made.shown());
    let paper = sandbox.gpgsmith(&[&CERT[..], &["--json"]].concat()).ok().json();
    assert_eq!((&paper["made"], &paper["master_fp"]), (&false.into(), &MASTER.into()));
    sandbox.unlocked(&["vault", "seal"]).ok();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&[&CERT[..], &["--output", "revoke.asc"]].concat()).ok();
    assert!(revokes(&sandbox, "revoke.asc"));
    let audit = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    assert_eq!(audit.matches("make-revocation-cert").count(), 1, "{audit}");
}
