use insta::assert_snapshot;

use super::{flawed, rotated, told};

#[test]
fn flaws_are_found_and_mended_where_gpg_can() {
    let sandbox = flawed();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let story = told(
        &sandbox,
        &[
            (9, "keys lint"),
            (9, "keys lint --fix --key-passphrase-file ../passphrase"),
            (9, "keys lint --fix"),
            (0, "keys list"),
            (0, "audit show"),
        ],
    );
    assert_snapshot!("lint__story", story);
    let json = sandbox.gpgsmith(&["keys", "lint", "--json"]).fails(9).json();
    let flaws = json["findings"].as_array().unwrap().iter().map(|finding| &finding["flaw"]);
    assert!(flaws.clone().all(|flaw| flaw != "weak-hash"), "{json}");
    assert!(flaws.clone().any(|flaw| flaw == "no-expiry"), "{json}");
}

#[test]
fn new_keys_are_without_flaw() {
    let sandbox = gpgsmith_tests::sandbox::Sandbox::new();
    sandbox.unlocked(&crate::life::setup_in(&sandbox.text("vaults/ann"))).ok();
    let clean = sandbox.gpgsmith(&["keys", "lint"]).ok();
    assert_eq!(clean.stdout, "No findings.\n");
    let json = sandbox.gpgsmith(&["keys", "lint", "--json"]).ok().json();
    assert_eq!(json["findings"], serde_json::json!([]));
}

#[test]
fn old_keys_are_told_of_with_what_helps() {
    let sandbox = rotated();
    sandbox.unlocked(&["keys", "revoke", super::SIGN, "--yes"]).ok();
    assert_snapshot!("lint__rotated", sandbox.gpgsmith(&["keys", "lint"]).fails(9).shown());
}
