//! A key's whole life in an empty home, as the user sees it.

use std::{fs, os::unix::fs::PermissionsExt};

use gpgsmith_tests::{run::Run, sandbox::Sandbox};
use insta::assert_snapshot;
use serde_json::Value;

/// The arguments of a `setup` that asks for nothing but a passphrase.
pub(crate) fn setup_in(path: &str) -> Vec<&str> {
    let name = ["--name", "Ann Example", "--email", "ann@example.org"];
    [&["setup"], &name[..], &["--vault-path", path]].concat()
}

/// What all runs showed, one after the other.
pub(crate) fn story(runs: &[(&str, Run)]) -> String {
    let told = runs.iter().map(|(line, run)| format!("$ gpgsmith {line}\n{}", run.shown()));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_keys_whole_life() {
    let sandbox = Sandbox::new();
    let vault = sandbox.text("vaults/ann");
    let setup = sandbox.unlocked(&setup_in(&vault)).ok();
    let mut told = vec![("setup", setup)];
    for line in [
        "vault list",
        "keys list",
        "keys identity add 'Ann <ann@work.example>'",
        "keys identity list",
        "keys identity primary 2",
        "keys identity revoke 'Ann <ann@work.example>' --yes",
        "keys generate --yes",
        "keys identity list",
        "audit show",
        "audit verify",
        "vault seal -m 'first week'",
        "vault snapshots",
        "vault open",
        "keys list",
        "audit verify",
        "vault discard",
    ] {
        let mut words = words(line);
        if line == "vault open" {
            words.push("--no-shell");
        }
        told.push((line, sandbox.unlocked(&words).ok()));
    }
    assert_snapshot!("life__whole", story(&told));
    assert_eq!(sandbox.snapshots("vaults/ann").len(), 4, "a snapshot each: setup makes two");
    for name in sandbox.snapshots("vaults/ann") {
        let mode = fs::metadata(sandbox.path("vaults/ann").join(&name)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600, "{name}");
    }
}

/// A command line as a shell would split it.
pub(crate) fn words(line: &str) -> Vec<&str> {
    let quoted = line.split('\'').enumerate();
    let parts = quoted.flat_map(|(index, part)| {
        if index % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
    });
    parts.collect()
}

#[test]
fn the_public_key_goes_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let printed = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    assert!(printed.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "{printed}");
    let file = sandbox.text("home/alice.asc");
    sandbox.gpgsmith(&["keys", "export", "--output", &file]).ok();
    assert_eq!(sandbox.read("home/alice.asc"), printed);
    let again = sandbox.gpgsmith(&["keys", "export", "--output", &file]).fails(1);
    assert_snapshot!("keys_export__file_exists", again.shown());
    let missing = sandbox.gpgsmith(&["keys", "export"]).fails(2);
    assert_snapshot!("keys_export__no_keyring", missing.shown());
    fs::create_dir(sandbox.path("home/.gnupg")).unwrap();
    fs::set_permissions(sandbox.path("home/.gnupg"), fs::Permissions::from_mode(0o700)).unwrap();
    let exported = sandbox.gpgsmith(&["keys", "export"]).ok();
    assert_snapshot!("keys_export__keyring", exported.shown());
    let listed = sandbox.tool("gpg", &["--no-autostart", "--with-colons", "--list-keys"]).ok();
    assert!(listed.stdout.contains(gpgsmith_tests::fixture::MASTER), "{listed}");
}

#[test]
fn w69_errors_in_json_carry_a_stable_code() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.write("wrong", "not the passphrase\n");
    let wrong = sandbox.text("wrong");
    let open = ["vault", "open", "--json", "--no-input", "--passphrase-file"];
    for (line, exit, code) in [
        (&["keys", "list", "--json"][..], 7, "no_session"),
        (&["vault", "snapshots", "nowhere", "--json"], 1, "unknown_vault"),
        (&["vault", "open", "--json", "--no-input"], 6, "needs_passphrase"),
        (&[&open[..], &[&*wrong]].concat(), 5, "wrong_passphrase"),
    ] {
        let run = sandbox.gpgsmith(line).fails(exit);
        let error: Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(error["error"]["code"], code, "{run}");
        assert_eq!(error["schema_version"], 1, "{run}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn nobody_is_asked_with_no_input() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let mut told = Vec::new();
    for line in ["setup", "vault create new", "vault open --no-shell"] {
        let words = [words(line), vec!["--no-input"]].concat();
        told.push((line, sandbox.gpgsmith(&words).fails(6)));
    }
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    for line in [
        "keys identity revoke 1",
        "vault discard",
        "vault trust pass-fast --none",
        "keys create --force --name Ann --email ann@example.org",
    ] {
        told.push((line, sandbox.unlocked(&words(line)).fails(6)));
    }
    assert_snapshot!("no_input__each_question", story(&told));
}

#[test]
fn w50_a_second_master_key_is_refused_unless_forced() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let create = ["keys", "create", "--name", "Eve", "--email", "eve@example.org"];
    let refused = sandbox.unlocked(&create).fails(4);
    assert_snapshot!("keys_create__second_master", refused.shown());
    assert_eq!(certificates(&sandbox), 1);
    sandbox.unlocked(&[&create[..], &["--force", "--yes"]].concat()).ok();
    assert_eq!(certificates(&sandbox), 2);
}

fn certificates(sandbox: &Sandbox) -> usize {
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    keys["certificates"].as_array().unwrap().len()
}

#[test]
fn w20_w66_a_new_key_is_named_at_once_and_found_again() {
    let sandbox = Sandbox::new();
    let vault = sandbox.text("vaults/ann");
    sandbox.unlocked(&["vault", "create", "ann", "--path", &vault]).ok();
    let create = ["keys", "create", "--name", "Ann Example", "--email", "ann@example.org"];
    let created = sandbox.unlocked(&[&create[..], &["--json"]].concat()).ok().json();
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(status["open"][0]["master_fp"], created["master_fp"]);
    sandbox.unlocked(&["vault", "seal", "-m", "!!!"]).ok();
    assert!(sandbox.snapshots("vaults/ann").last().unwrap().ends_with("_snapshot.tar.age"));
    let opened = sandbox.unlocked(&["vault", "open", "--json"]).ok().json();
    assert_eq!(opened["session"]["master_fp"], created["master_fp"]);
}

#[test]
fn the_version_is_told_in_every_way() {
    let sandbox = Sandbox::new();
    for line in [&["version"][..], &["--version"], &["-v"]] {
        let said = sandbox.gpgsmith(line).ok().stdout;
        assert!(said.starts_with("gpgsmith") && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    }
    assert!(sandbox.daemons().is_empty(), "nobody needed a daemon for that");
}
