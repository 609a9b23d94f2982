use std::collections::BTreeSet;

use gpgsmith_tests::sandbox::Sandbox;
use insta::assert_snapshot;

use super::{column, rotated, told};

/// A vault with an ed25519 master key, and subkeys of the same family.
fn curves() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.step_back("pass-fast");
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox
}

#[test]
fn subkeys_are_made_as_they_are_asked_for() {
    let sandbox = curves();
    let story = told(
        &sandbox,
        &[
            (0, "keys generate --usage sign,auth --algo nistp256 --expiry 1y"),
            (0, "keys generate --usage auth --expiry 2031-02-03"),
            (0, "keys list"),
            (0, "audit show"),
        ],
    );
    assert_snapshot!("generate__story", story);
    assert_eq!(sandbox.snapshots("vaults/pass-fast").len(), 4, "a checkpoint each");
}

/// The curves on which the gpg in use signs, but for the one whose keys only GnuPG reads.
fn curves_of_gpg(sandbox: &Sandbox) -> BTreeSet<String> {
    let config = sandbox.tool("gpg", &["--with-colons", "--list-config", "curve"]).ok().stdout;
    let names = config.trim().rsplit(':').next().unwrap().split(';').map(str::to_owned);
    names.filter(|name| !name.starts_with("cv") && name != "ed448").collect()
}

/// Everything that the gpg in use offers, by its own word.
#[test]
fn every_algorithm_that_gpg_offers_can_be_had() {
    let sandbox = curves();
    let mut made = Vec::new();
    for algo in curves_of_gpg(&sandbox).iter().map(String::as_str).chain(["rsa2048"]) {
        sandbox.unlocked(&["keys", "generate", "--yes", "--algo", algo]).ok();
        let encrypts = algo.replacen("ed", "cv", 1);
        made.extend([algo, &encrypts, algo].map(str::to_owned));
    }
    assert!(made.len() >= 27, "{made:?}");
    assert_eq!(column(&sandbox, "algorithm")[4..], made);
    assert!(column(&sandbox, "validity").iter().all(|validity| validity == "u"));
}

#[test]
fn a_second_subkey_for_encryption_is_asked_about() {
    let sandbox = curves();
    let mut terminal = sandbox.terminal(&["keys", "generate"]);
    let shown = terminal.expect("Make a second subkey for encryption? [y/N]");
    assert!(shown.contains("keys renew"), "{shown}");
    terminal.enter("");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    assert_eq!(column(&sandbox, "usage"), ["C", "s", "e", "a"]);
}

#[test]
fn what_cannot_be_made_is_said() {
    let sandbox = rotated();
    let errors = told(
        &sandbox,
        &[
            (2, "keys generate --algo rsa512"),
            (2, "keys generate --algo ed448"),
            (2, "keys generate --algo elliptic"),
            (2, "keys generate --usage certify"),
            (2, "keys generate --expiry yesterday --algo ed25519"),
            (2, "keys generate"),
            (6, "keys generate --algo ed25519"),
            (2, "keys create --force --name Eve --email eve@example.org --algo ed448"),
        ],
    );
    assert_snapshot!("generate__errors", errors);
    assert_eq!(sandbox.snapshots("vaults/pass-fast").len(), 3, "no checkpoint of nothing");
}
