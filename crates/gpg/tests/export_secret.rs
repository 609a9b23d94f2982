//! Secret keys leave the home, and work elsewhere.

use std::fs;

use gpgsmith_gpg::{Client, Error, Fingerprint, SecretState, Usage};
use secrecy::{ExposeSecret, SecretString};

use crate::sandbox::{Sandbox, full_set, passphrase, subkey};

async fn states(client: &Client, primary: &Fingerprint) -> Vec<SecretState> {
    let mut states = Vec::new();
    for key in client.certificate(primary).await.unwrap().keys() {
        states.push(client.secret_of(key).await.unwrap());
    }
    states
}

/// By hand, as somebody would who has only the text, the passphrase and a gpg.
fn import(sandbox: &Sandbox, text: &SecretString) {
    let file = sandbox.put("../secret.asc", text.expose_secret());
    let pass = sandbox.put("../pass", passphrase().expose_secret());
    let mut command = std::process::Command::new("gpg");
    command.arg("--homedir").arg(sandbox.home()).args(["--batch", "--pinentry-mode=loopback"]);
    command.arg("--passphrase-file").arg(pass).arg("--import").arg(file);
    assert!(command.output().unwrap().status.success());
    let home = sandbox.home();
    let mut command = std::process::Command::new("gpgconf");
    command.arg("--homedir").arg(home).args(["--kill", "gpg-agent"]).output().unwrap();
}

#[tokio::test]
async fn secret_keys_of_an_export_work_in_another_home() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    for _ in 0..6 {
        // More keys, and so more prompts, than other calls have.
        let spec = subkey("ed25519", Usage::Sign);
        client.add_subkey(&primary, &spec, &passphrase()).await.unwrap();
    }
    let export = client.export_secret(&primary, &passphrase()).await.unwrap();
    assert_eq!(export.keys.len(), 10);
    import(&other, &export.armored);
    let there = other.open().await;
    let proof = there.prove(&primary, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (10, 7, 1));
}

#[tokio::test]
async fn subkeys_leave_without_their_primary_key() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let export = client.export_secret_subkeys(&primary, &passphrase()).await.unwrap();
    let keys = client.certificate(&primary).await.unwrap().subkeys;
    assert_eq!(export.keys, keys.iter().map(|key| key.fingerprint).collect::<Vec<_>>());
    import(&other, &export.armored);
    let there = other.open().await;
    let found = states(&there, &primary).await;
    assert_eq!(found[0], SecretState::Absent);
    let proof = there.prove(&primary, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (3, 1, 1));

    // And from there on, the primary key being elsewhere:
    let whole = there.export_secret(&primary, &passphrase()).await;
    let absent = matches!(whole, Err(Error::SecretUnusable { found: SecretState::Absent, .. }));
    assert!(absent, "{whole:?}");
    let again = there.export_secret_subkeys(&primary, &passphrase()).await.unwrap();
    assert_eq!(again.keys, export.keys);
}

#[tokio::test]
async fn no_secret_leaves_by_a_wrong_passphrase_or_from_a_broken_file() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let wrong = SecretString::from("wrong");
    let export = client.export_secret(&primary, &wrong).await;
    assert!(matches!(export, Err(Error::WrongPassphrase { .. })), "{export:?}");
    let keys = client.certificate(&primary).await.unwrap().subkeys;
    let file = |index: usize| {
        let name = format!("private-keys-v1.d/{}.key", keys[index].keygrip.unwrap());
        sandbox.home().join(name)
    };
    fs::remove_file(file(1)).unwrap();
    let export = client.export_secret(&primary, &passphrase()).await.unwrap();
    assert_eq!(export.keys.len(), 3, "what is elsewhere is left out, and not counted");
    fs::write(file(2), "garbage").unwrap();
    let export = client.export_secret(&primary, &passphrase()).await;
    assert!(matches!(export, Err(Error::SecretUnusable { .. })), "{export:?}");
}
