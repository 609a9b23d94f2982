//! Other people's keys, certified.

use gpgsmith_gpg::{Care, Certification, Client, Error, Expiry, Fingerprint, On, Revocation};
use secrecy::SecretString;

use crate::sandbox::{Sandbox, expired_set, full_set, master, passphrase, user_id};

const WORK: &str = "Bob at Work (a: colon, *) <bob@work.example>";
const ODD: &str = "Zoë = Bob <zoe@example.org>";
const GONE: &str = "Bob of old";

/// Somebody else's certificate, with a user id that he took back.
async fn bob(sandbox: &Sandbox) -> (Fingerprint, Vec<u8>) {
    let (client, secret) = (sandbox.open().await, passphrase());
    let mut spec = master("rsa2048");
    spec.user_id = user_id(WORK);
    let key = client.generate_master(&spec, &secret).await.unwrap();
    for name in [ODD, GONE] {
        client.add_user_id(&key, &user_id(name), &secret).await.unwrap();
    }
    client.revoke_user_id(&key, &user_id(GONE), &secret).await.unwrap();
    (key, client.export_public(&key).await.unwrap())
}

fn certification(key: Fingerprint) -> Certification {
    let (user_ids, care, expiry) = (Vec::new(), Care::Unsaid, Expiry::Never);
    Certification { key, user_ids, care, expiry, exportable: true }
}

async fn alice(sandbox: &Sandbox) -> (Client, Fingerprint) {
    let client = sandbox.open().await;
    let key = full_set(&client).await;
    (client, key)
}

#[tokio::test]
async fn a_certification_is_seen_before_and_travels_afterwards() {
    let (sandbox, theirs, third) = (Sandbox::new(), Sandbox::new(), Sandbox::new());
    let ((client, by), (key, text)) = (alice(&sandbox).await, bob(&theirs).await);
    let preview = client.preview(&text).await.unwrap();
    assert_eq!((preview.len(), preview[0].fingerprint()), (1, key));
    assert_eq!(preview[0].user_ids.iter().filter(|entry| entry.is_bound()).count(), 2);
    assert_eq!(client.list().await.unwrap().len(), 1, "only looked at");

    assert_eq!(client.import_public(&text).await.unwrap(), [key]);
    let names = client.certifiable(&certification(key)).await.unwrap();
    assert!(names.len() == 2 && names.contains(&user_id(WORK)) && names.contains(&user_id(ODD)));
    let made = client.certify(&by, &certification(key), &passphrase()).await.unwrap();
    assert_eq!(made.len(), 2);

    let public = client.export_public(&by).await.unwrap();
    let signed = client.export_public(&key).await.unwrap();
    let third = third.open().await;
    third.import_public(&public).await.unwrap();
    third.import_public(&signed).await.unwrap();
    let there = third.signatures(&key).await.unwrap();
    assert!(made.iter().all(|signature| there.contains(signature)), "verified there too");
}

#[tokio::test]
async fn level_end_and_reach_are_those_that_were_asked_for() {
    let (sandbox, theirs) = (Sandbox::new(), Sandbox::new());
    let ((client, by), (key, text)) = (alice(&sandbox).await, bob(&theirs).await);
    client.import_public(&text).await.unwrap();
    let user_ids = vec![user_id(WORK)];
    let plain = certification(key);
    for (care, class) in
        [(Care::None, 0x11), (Care::Casual, 0x12), (Care::Thorough, 0x13), (Care::Unsaid, 0x10)]
    {
        let what = Certification { care, user_ids: user_ids.clone(), ..plain.clone() };
        let made = client.certify(&by, &what, &passphrase()).await.unwrap();
        assert_eq!((made.len(), made[0].class), (1, class), "also a second time");
        assert_eq!(made[0].on, On::UserId(WORK.to_owned()));
    }
    for expiry in ["1y", "2037-01-02", "2036-05-06T07:08:09Z"] {
        let what = Certification { expiry: expiry.parse().unwrap(), ..plain.clone() };
        let made = client.certify(&by, &what, &passphrase()).await.unwrap();
        assert!(made.len() == 2 && made.iter().all(|signature| signature.expires.is_some()));
    }
}

#[tokio::test]
async fn a_local_certification_stays_at_home() {
    let (sandbox, theirs) = (Sandbox::new(), Sandbox::new());
    let ((client, by), (key, text)) = (alice(&sandbox).await, bob(&theirs).await);
    client.import_public(&text).await.unwrap();
    let what = Certification { exportable: false, ..certification(key) };
    let made = client.certify(&by, &what, &passphrase()).await.unwrap();
    assert!(made.iter().all(|signature| !signature.exportable));
    let export = client.export_public(&key).await.unwrap();
    let there = theirs.open().await;
    there.import_public(&export).await.unwrap();
    assert!(there.signatures(&key).await.unwrap().iter().all(|signature| !signature.made_by(&by)));
}

#[tokio::test]
async fn what_can_not_be_certified_is_refused() {
    let (sandbox, theirs) = (Sandbox::new(), Sandbox::new());
    let ((client, by), (key, text)) = (alice(&sandbox).await, bob(&theirs).await);
    let secret = passphrase();
    let absent = client.certify(&by, &certification(key), &secret).await;
    assert!(matches!(absent, Err(Error::NoSuchKey { .. })), "{absent:?}");
    client.import_public(&text).await.unwrap();
    for name in [GONE, "Bob"] {
        let what = Certification { user_ids: vec![user_id(name)], ..certification(key) };
        let made = client.certify(&by, &what, &secret).await;
        assert!(matches!(made, Err(Error::NoSuchUserId { .. })), "{made:?}");
    }
    let wrong = SecretString::from("wrong");
    let made = client.certify(&by, &certification(key), &wrong).await;
    assert!(matches!(made, Err(Error::WrongPassphrase { .. })), "{made:?}");

    let old = Sandbox::new();
    let other = old.open().await;
    let expired = expired_set(&other).await;
    client.import_public(&other.export_public(&expired).await.unwrap()).await.unwrap();
    let made = client.certify(&by, &certification(expired), &secret).await;
    assert!(made.is_err(), "{made:?}");
    let made = client.certify(&expired, &certification(key), &secret).await;
    assert!(matches!(made, Err(Error::Unfit { found: "expired", .. })), "{made:?}");

    let there = theirs.open().await;
    there.revoke_master(&key, &Revocation::default(), &secret).await.unwrap();
    client.import_public(&there.export_public(&key).await.unwrap()).await.unwrap();
    let made = client.certify(&by, &certification(key), &secret).await;
    assert!(matches!(made, Err(Error::Revoked { .. })), "{made:?}");
}

#[tokio::test]
async fn only_public_keys_are_taken_for_public_keys() {
    let (sandbox, theirs) = (Sandbox::new(), Sandbox::new());
    let ((client, _), there) = (alice(&sandbox).await, theirs.open().await);
    let key = full_set(&there).await;
    let secret = there.export_secret(&key, &passphrase()).await.unwrap().armored;
    let secret = secrecy::ExposeSecret::expose_secret(&secret).as_bytes();
    for bad in [b"no key at all".as_slice(), secret] {
        assert!(client.import_public(bad).await.is_err());
    }
    assert_eq!(client.list().await.unwrap().len(), 1);
}
