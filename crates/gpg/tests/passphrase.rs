//! Secret keys under another passphrase.

use gpgsmith_gpg::{Client, Error, SecretState};
use secrecy::SecretString;

use crate::sandbox::{Sandbox, full_set, passphrase};

fn new() -> SecretString {
    SecretString::from("another: 50 % of it, ünd #")
}

async fn states(client: &Client) -> Vec<(SecretState, bool)> {
    let mut states = Vec::new();
    for key in client.list().await.unwrap()[0].keys() {
        let opens = client.unlocks(&key.keygrip.unwrap(), &new()).await.unwrap();
        states.push((client.secret_of(key).await.unwrap(), opens));
    }
    states
}

#[tokio::test]
async fn all_keys_of_a_home_change_their_passphrase_and_go_on_working() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let changed = client.change_all_passphrases((&passphrase(), &new())).await.unwrap();
    assert_eq!(changed.len(), 4);
    assert_eq!(states(&client).await, [const { (SecretState::Protected, true) }; 4]);
    let proof = client.prove(&primary, &new()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (4, 1, 1));
    let old = client.prove(&primary, &passphrase()).await;
    assert!(matches!(old, Err(Error::WrongPassphrase { .. })), "{old:?}");
}

#[tokio::test]
async fn a_wrong_passphrase_changes_nothing() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let wrong = SecretString::from("wrong");
    let refused = client.change_all_passphrases((&wrong, &new())).await;
    assert!(matches!(refused, Err(Error::WrongPassphrase { .. })), "{refused:?}");
    client.prove(&primary, &passphrase()).await.unwrap();
    let empty = SecretString::from("");
    let refused = client.change_all_passphrases((&passphrase(), &empty)).await;
    assert!(matches!(refused, Err(Error::UnusablePassphrase)), "{refused:?}");
}

#[tokio::test]
async fn a_key_file_without_a_certificate_changes_with_the_others_if_it_opens() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    let (client, stranger) = (sandbox.open().await, other.open().await);
    full_set(&client).await;
    full_set(&stranger).await;
    let grip = stranger.list().await.unwrap()[0].primary.keygrip.unwrap();
    let name = format!("private-keys-v1.d/{grip}.key");
    std::fs::copy(other.home().join(&name), sandbox.home().join(&name)).unwrap();
    client.change_all_passphrases((&passphrase(), &new())).await.unwrap();
    assert!(client.unlocks(&grip, &new()).await.unwrap());
}
