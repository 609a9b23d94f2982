//! User ids, added, revoked and put first.

use gpgsmith_gpg::{Error, Validity};

use crate::sandbox::{Sandbox, master, passphrase, user_id};

const WORK: &str = "Alice at Work <alice@work.example>";
const ODD: &str = "Zoë Ünïcode (a: colon, a \\ backslash, 100 %) <zoe@example.org>";

#[tokio::test]
async fn user_ids_come_first_come_and_go() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let key = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    client.add_user_id(&key, &user_id(WORK), &secret).await.unwrap();
    client.add_user_id(&key, &user_id(ODD), &secret).await.unwrap();
    client.revoke_user_id(&key, &user_id(ODD), &secret).await.unwrap();
    client.set_primary_user_id(&key, &user_id(WORK), &secret).await.unwrap();

    let entries = client.certificate(&key).await.unwrap().user_ids;
    let texts: Vec<_> = entries.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, [WORK, "Alice Example <alice@example.org>", ODD]);
    assert_eq!(entries[2].validity, Validity::Revoked);
    assert!(entries[2].revoked.unwrap() >= entries[2].created.unwrap());
    assert!(entries[0].revoked.is_none());
}

#[tokio::test]
async fn a_user_id_is_neither_added_twice_nor_touched_when_absent() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let key = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    let there = user_id("Alice Example <alice@example.org>");
    let added = client.add_user_id(&key, &there, &secret).await;
    assert!(matches!(added, Err(Error::UserIdExists { .. })), "{added:?}");
    // gpg takes a part of a user id for the whole when it looks for one.
    let part = user_id("Alice Example");
    for result in [
        client.revoke_user_id(&key, &part, &secret).await,
        client.set_primary_user_id(&key, &part, &secret).await,
    ] {
        assert!(matches!(result, Err(Error::NoSuchUserId { .. })), "{result:?}");
    }
}

#[tokio::test]
async fn the_last_user_id_stays() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let key = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    let only = user_id("Alice Example <alice@example.org>");
    let revoked = client.revoke_user_id(&key, &only, &secret).await;
    assert!(matches!(revoked, Err(Error::Tool(_))), "{revoked:?}");
    assert_ne!(client.certificate(&key).await.unwrap().user_ids[0].validity, Validity::Revoked);
}
