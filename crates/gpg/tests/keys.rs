//! Master keys and subkeys, made and read back.

use std::time::Duration;

use gpgsmith_gpg::{Error, Reason, Revocation, Secret, SelfSignature, Usage, Usages, Validity};
use secrecy::SecretString;

use crate::sandbox::{Sandbox, full_set, master, passphrase, running, subkey, user_id};

#[tokio::test]
async fn w53_an_ed25519_master_gets_a_cv25519_subkey_for_encryption() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let certificate = client.certificate(&fingerprint).await.unwrap();
    let shown: Vec<_> =
        certificate.keys().map(|key| format!("{} {}", key.algorithm, key.usage)).collect();
    assert_eq!(shown, ["ed25519 c", "ed25519 s", "cv25519 e", "ed25519 a"]);
    assert!(certificate.keys().all(|key| key.secret == Secret::Present && key.is_live()));
    let proof = client.prove(&fingerprint, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (4, 1, 1));
}

#[tokio::test]
async fn every_algorithm_makes_every_kind_of_subkey() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("nistp256"), &passphrase()).await.unwrap();
    for algorithm in ["ed25519", "rsa2048", "nistp256", "brainpoolP384r1", "secp256k1"] {
        for usage in [Usage::Sign, Usage::Encrypt, Usage::Authenticate] {
            let spec = subkey(algorithm, usage);
            let key = client.add_subkey(&fingerprint, &spec, &passphrase()).await.unwrap();
            assert_eq!(key.usage, Usages::from(usage), "{algorithm}");
            assert_eq!(key.algorithm, spec.algorithm.for_usage(usage).unwrap());
        }
    }
    let proof = client.prove(&fingerprint, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (16, 5, 5));
}

#[tokio::test]
async fn expiries_are_those_that_were_asked_for() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let mut spec = master("ed25519");
    spec.expiry = "2035-01-31".parse().unwrap();
    let fingerprint = client.generate_master(&spec, &passphrase()).await.unwrap();
    let key = client.certificate(&fingerprint).await.unwrap().primary;
    assert_eq!(key.expires.unwrap().to_string(), "2035-01-31T12:00:00Z");
    for (text, expected) in [("never", None), ("2034-05-06T07:08:09Z", Some("2034-05-06T07:08"))] {
        let mut spec = subkey("ed25519", Usage::Sign);
        spec.expiry = text.parse().unwrap();
        let key = client.add_subkey(&fingerprint, &spec, &passphrase()).await.unwrap();
        let ends = key.expires.map(|time| time.to_string());
        assert_eq!(ends.as_deref().and_then(|time| time.get(..16)), expected);
    }
    for text in ["100d", "30w", "18m", "3y"] {
        let mut spec = subkey("ed25519", Usage::Sign);
        spec.expiry = text.parse().unwrap();
        let key = client.add_subkey(&fingerprint, &spec, &passphrase()).await.unwrap();
        assert!(key.expires.is_some(), "{text}: a span other than ours would have been an error");
    }
}

#[tokio::test]
async fn several_primary_keys_are_kept_apart() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let first = full_set(&client).await;
    let mut other = master("rsa2048");
    other.user_id = user_id("Bob");
    let second = client.generate_master(&other, &passphrase()).await.unwrap();
    let all = client.list().await.unwrap();
    assert_eq!(
        all.iter().map(gpgsmith_gpg::Certificate::fingerprint).collect::<Vec<_>>(),
        [first, second]
    );
    assert_eq!(all.iter().map(|certificate| certificate.subkeys.len()).collect::<Vec<_>>(), [3, 0]);
    assert!(matches!(
        client
            .add_subkey(
                &all[0].subkeys[0].fingerprint,
                &subkey("ed25519", Usage::Sign),
                &passphrase()
            )
            .await,
        Err(Error::NoSuchKey { .. })
    ));
}

#[tokio::test]
async fn a_wrong_passphrase_is_told_from_other_failures_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let before = client.list().await.unwrap();
    let wrong = SecretString::from("Correct horse battery staple");
    let spec = subkey("ed25519", Usage::Encrypt);
    let bob = user_id("Bob");
    for result in [
        client.add_subkey(&fingerprint, &spec, &wrong).await.map(drop),
        client.add_user_id(&fingerprint, &bob, &wrong).await,
        client.prove(&fingerprint, &wrong).await.map(drop),
    ] {
        assert!(matches!(result, Err(Error::WrongPassphrase { .. })), "{result:?}");
    }
    assert_eq!(client.list().await.unwrap(), before);
}

#[tokio::test]
async fn a_passphrase_that_gpg_would_not_take_whole_is_refused() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    for bad in [String::new(), "two\nlines".to_owned(), "nul\0".to_owned(), "x".repeat(256)] {
        let made = client.generate_master(&master("ed25519"), &SecretString::from(bad)).await;
        assert!(matches!(made, Err(Error::UnusablePassphrase)), "{made:?}");
    }
    assert!(client.list().await.unwrap().is_empty());
    let longest = SecretString::from("ü".repeat(127) + "x");
    let fingerprint = client.generate_master(&master("ed25519"), &longest).await.unwrap();
    client.prove(&fingerprint, &longest).await.unwrap();
}

#[tokio::test]
async fn one_subkey_is_revoked_and_no_other() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let subkey = client.certificate(&fingerprint).await.unwrap().subkeys[1].fingerprint;
    let why = Revocation {
        reason: Reason::Compromised,
        message: "lost: the läptop\n\nyesterday".to_owned(),
    };
    client.revoke_subkey(&subkey, &why, &passphrase()).await.unwrap();
    let certificate = client.certificate(&fingerprint).await.unwrap();
    let letters: String = certificate.keys().map(|key| key.validity.letter()).collect();
    assert_eq!(letters, "uuru");
    assert!(certificate.subkeys[1].revoked.is_some());
    client.revoke_subkey(&subkey, &why, &passphrase()).await.unwrap(); // once more does no harm
    let other = Revocation { reason: Reason::Retired, ..Revocation::default() };
    let again = client.revoke_subkey(&subkey, &other, &passphrase()).await;
    assert!(matches!(again, Err(Error::NotDone { .. })), "the first reason stays: {again:?}");
    let proof = client.prove(&fingerprint, &passphrase()).await.unwrap();
    assert_eq!((proof.signed.len(), proof.decrypted.len()), (1, 0));
}

#[tokio::test]
async fn a_master_key_is_not_revoked_as_a_subkey() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let revoked = client.revoke_subkey(&fingerprint, &Revocation::default(), &passphrase()).await;
    assert!(matches!(revoked, Err(Error::NoSuchKey { .. })), "{revoked:?}");
    let key = client.certificate(&fingerprint).await.unwrap().primary;
    assert_ne!(key.validity, Validity::Revoked);
}

#[tokio::test]
async fn a_new_key_offers_no_encryption_that_others_cannot_read() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    client.add_user_id(&fingerprint, &user_id("Alice at Work"), &passphrase()).await.unwrap();
    let armored = client.export_public(&fingerprint).await.unwrap();
    let file = sandbox.put("key.asc", armored);
    let packets =
        std::process::Command::new("gpg").arg("--list-packets").arg(file).output().unwrap();
    let text = String::from_utf8(packets.stdout).unwrap();
    assert_eq!(text.matches("pref-sym-algos").count(), 2, "one for each user id: {text}");
    assert!(!text.contains("aead"), "{text}");
    let features: Vec<_> = text.lines().filter(|line| line.contains("(features:")).collect();
    assert!(features.iter().all(|line| line.contains("(features: 01)")), "{features:?}");
    assert_eq!(features.len(), 2);
}

#[tokio::test]
async fn w52_a_dropped_step_leaves_no_gpg_behind_and_the_agent_alive() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let agent = client.agent_pid().unwrap();
    let (spec, secret) = (master("rsa4096"), passphrase());
    for pause in 0..30 {
        let step = client.generate_master(&spec, &secret);
        let watch = async {
            while running(&sandbox.home()).len() < 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        };
        tokio::select! { made = step => panic!("was done too early: {made:?}"), () = watch => {} }
        assert_eq!(running(&sandbox.home()), [agent], "after {pause} ms");
    }
    let made = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    client.prove(&made, &secret).await.unwrap();
}

#[tokio::test]
async fn good_keys_have_good_self_signatures() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let listed = client.certificate(&fingerprint).await.unwrap();
    assert_eq!(listed.user_ids[0].self_signature, SelfSignature::Unchecked);
    let checked = client.check_self_signatures().await.unwrap();
    assert_eq!(checked[0].user_ids[0].self_signature, SelfSignature::Good);
    assert!(checked[0].subkeys.iter().all(|key| key.binding == SelfSignature::Good));
}
