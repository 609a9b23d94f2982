//! Secret keys come into the home, and are proven there.

use std::process::Command;

use gpgsmith_gpg::{Client, Error, Fingerprint, Program, SecretState};
use secrecy::{ExposeSecret, SecretString};

use crate::sandbox::{Sandbox, full_set, passphrase};

/// The secret keys of a new home, and whose they are.
async fn export() -> (Fingerprint, SecretString) {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    (primary, client.export_secret(&primary, &passphrase()).await.unwrap().armored)
}

async fn states(client: &Client) -> Vec<SecretState> {
    let mut states = Vec::new();
    for key in client.list().await.unwrap()[0].keys() {
        states.push(client.secret_of(key).await.unwrap());
    }
    states
}

#[tokio::test]
async fn an_exported_key_is_opened_when_it_is_taken() {
    let (primary, text) = export().await;
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let text = text.expose_secret().as_bytes();
    let found = client.keys_in(text).await.unwrap();
    assert!(found.primary && found.secret.len() == 4, "{found:?}");
    assert_eq!(client.import_secret(text, &passphrase()).await.unwrap().len(), 4);
    assert_eq!(states(&client).await, [const { SecretState::Protected }; 4]);
    client.prove(&primary, &passphrase()).await.unwrap();
}

#[tokio::test]
async fn w15_a_wrong_passphrase_is_found_at_once() {
    let (_, text) = export().await;
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let wrong = SecretString::from("wrong");
    let refused = client.import_secret(text.expose_secret().as_bytes(), &wrong).await;
    assert!(matches!(refused, Err(Error::WrongPassphrase { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_text_without_secret_keys_is_refused_before_anything_is_taken() {
    let sandbox = Sandbox::new();
    let other = Sandbox::new();
    let stranger = other.open().await;
    let primary = full_set(&stranger).await;
    let public = stranger.export_public(&primary).await.unwrap();
    let why = gpgsmith_gpg::Revocation::default();
    let revocation = stranger.make_revocation(&primary, &why, &passphrase()).await.unwrap();
    let client = sandbox.open().await;
    for text in [&public[..], b"no key at all", b"", revocation.armored.as_bytes()] {
        let refused = client.import_secret(text, &passphrase()).await;
        assert!(matches!(refused, Err(Error::NoSecretKeys)), "{refused:?}");
    }
    assert!(client.keys_in(&public).await.unwrap().primary);
    assert!(!client.keys_in(revocation.armored.as_bytes()).await.unwrap().primary);
    assert_eq!(client.list().await.unwrap().len(), 0);
}

#[tokio::test]
async fn keys_without_a_passphrase_get_one() {
    let sandbox = Sandbox::new();
    let run = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.arg("--homedir").arg(sandbox.home()).args(args);
        assert!(command.output().unwrap().status.success(), "{args:?}");
    };
    let open = ["--batch", "--pinentry-mode=loopback", "--passphrase="];
    run("gpg", &[&open[..], &["--quick-gen-key", "Open Example", "ed25519", "cert"]].concat());
    run("gpgconf", &["--kill", "all"]);
    let client = sandbox.open().await;
    assert_eq!(states(&client).await, [SecretState::Clear]);
    client.change_all_passphrases((&SecretString::from("none"), &passphrase())).await.unwrap();
    assert_eq!(states(&client).await, [SecretState::Protected]);
    client.prove(&client.list().await.unwrap()[0].fingerprint(), &passphrase()).await.unwrap();
}

#[tokio::test]
async fn a_ring_of_a_later_gpg_is_named_where_this_one_cannot_read_it() {
    let sandbox = Sandbox::new();
    assert!(!Program::has_data_base(&sandbox.home()));
    sandbox.put("public-keys.d/pubring.db", "SQLite");
    assert!(Program::has_data_base(&sandbox.home()));
    let program = Program::find(None).await.unwrap();
    let exported = program.export_data_base(&sandbox.home()).await;
    if program.version() < "2.3.0".parse().unwrap() {
        assert!(matches!(exported, Err(Error::Keyboxd { .. })), "{exported:?}");
    } else {
        assert_eq!(exported.unwrap(), [], "there is no key in what is no data base");
    }
}
