//! New ends for old keys.

use gpgsmith_gpg::{Client, Error, Expiry, Fingerprint, Renewal, Revocation, Validity};
use secrecy::SecretString;

use crate::sandbox::{Sandbox, expired_set, full_set, passphrase, user_id};

/// All ends, to the minute: of the primary key first.
async fn ends(client: &Client, primary: &Fingerprint) -> Vec<String> {
    let certificate = client.certificate(primary).await.unwrap();
    let end = |time: jiff::Timestamp| time.strftime("%Y-%m-%dT%H:%M").to_string();
    certificate.keys().map(|key| key.expires.map_or("never".to_owned(), end)).collect()
}

fn renewal(keys: &[Fingerprint], expiry: &str) -> Renewal {
    Renewal { keys: keys.to_vec(), expiry: expiry.parse().unwrap() }
}

async fn keys(client: &Client, primary: &Fingerprint) -> Vec<Fingerprint> {
    client.certificate(primary).await.unwrap().keys().map(|key| key.fingerprint).collect()
}

#[tokio::test]
async fn only_the_named_keys_get_a_new_end() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let primary = full_set(&client).await;
    client.add_user_id(&primary, &user_id("Alice at Work"), &secret).await.unwrap();
    let keys = keys(&client, &primary).await;
    let before = ends(&client, &primary).await;

    let date = "2037-05-06T07:08:09Z";
    let renewed = client.set_expiry(&primary, &renewal(&keys[1..3], date), &secret).await.unwrap();
    assert_eq!(renewed.iter().map(|key| key.fingerprint).collect::<Vec<_>>(), keys[1..3]);
    let after = ends(&client, &primary).await;
    assert_eq!(after, [&before[0], "2037-05-06T07:08", "2037-05-06T07:08", &before[3]]);

    client.set_expiry(&primary, &renewal(&keys, "2038-01-02"), &secret).await.unwrap();
    assert_eq!(ends(&client, &primary).await, ["2038-01-02T12:00"; 4]);
    let never = Renewal { keys: vec![primary, keys[3]], expiry: Expiry::Never };
    client.set_expiry(&primary, &never, &secret).await.unwrap();
    let after = ends(&client, &primary).await;
    assert_eq!(after, ["never", "2038-01-02T12:00", "2038-01-02T12:00", "never"]);
    client.prove(&primary, &secret).await.unwrap();
}

#[tokio::test]
async fn a_span_counts_from_now_and_not_from_the_keys_creation() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = expired_set(&client).await;
    let old = client.certificate(&primary).await.unwrap().primary;
    let span = Renewal { keys: vec![primary], expiry: "3y".parse().unwrap() };
    let renewed = client.set_expiry(&primary, &span, &passphrase()).await.unwrap();
    let from_creation = span.expiry.counted_from(old.created).unwrap();
    assert!(renewed[0].expires.unwrap() > from_creation + jiff::SignedDuration::from_hours(24));
}

#[tokio::test]
async fn keys_that_have_ended_come_back_to_life() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = expired_set(&client).await;
    let old = client.certificate(&primary).await.unwrap();
    assert!(old.keys().all(|key| key.validity == Validity::Expired));
    let keys = keys(&client, &primary).await;
    let some = renewal(&keys[1..2], "2037-01-02");
    let renewed = client.set_expiry(&primary, &some, &passphrase()).await.unwrap();
    assert_eq!(renewed.len(), 1, "whether or not its primary key is still dead");
    client.set_expiry(&primary, &renewal(&keys, "2037-01-02"), &passphrase()).await.unwrap();
    assert!(client.certificate(&primary).await.unwrap().keys().all(gpgsmith_gpg::Key::is_live));
    let proof = client.prove(&primary, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (4, 1, 1));
}

#[tokio::test]
async fn nothing_is_renewed_unless_all_can_be() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let primary = full_set(&client).await;
    let keys = keys(&client, &primary).await;
    client.revoke_subkey(&keys[3], &Revocation::default(), &secret).await.unwrap();
    let before = client.list().await.unwrap();

    let revoked = client.set_expiry(&primary, &renewal(&keys, "2037-01-02"), &secret).await;
    assert!(matches!(revoked, Err(Error::Revoked { .. })), "{revoked:?}");
    let stranger = [keys[1], "AB".repeat(20).parse().unwrap()];
    let stranger = client.set_expiry(&primary, &renewal(&stranger, "1y"), &secret).await;
    assert!(matches!(stranger, Err(Error::NoSuchKey { .. })), "{stranger:?}");
    let past = client.set_expiry(&primary, &renewal(&keys[1..2], "2020-01-02"), &secret).await;
    assert!(matches!(past, Err(Error::Tool(_))), "{past:?}");
    let wrong = SecretString::from("wrong");
    let wrong = client.set_expiry(&primary, &renewal(&keys[..2], "1y"), &wrong).await;
    assert!(matches!(wrong, Err(Error::WrongPassphrase { .. })), "{wrong:?}");
    let nothing = client.set_expiry(&primary, &renewal(&[], "1y"), &secret).await.unwrap();
    assert!(nothing.is_empty());
    assert_eq!(client.list().await.unwrap(), before);
}
