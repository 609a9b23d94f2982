//! Public keys leave the home.

use std::fs;

use gpgsmith_gpg::{Error, Key, Secret, Validity};

use crate::sandbox::{Sandbox, full_set, running};
use crate::secret::on_card;

#[tokio::test]
async fn a_public_key_goes_to_another_home() {
    let (sandbox, user) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let armored = client.export_public(&fingerprint).await.unwrap();
    assert!(armored.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    for _again in 0..2 {
        let imported = client.import_public_into(&user.home(), &armored).await.unwrap();
        assert_eq!(imported, [fingerprint]);
        assert!(running(&user.home()).is_empty(), "an agent was started there");
    }
    let other = user.open().await;
    let certificate = other.certificate(&fingerprint).await.unwrap();
    assert!(certificate.keys().all(|key| key.secret == Secret::Absent));
    assert_eq!(certificate.subkeys.len(), 3);
}

#[tokio::test]
async fn nothing_is_exported_for_a_key_that_is_not_there() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = "AB".repeat(20).parse().unwrap();
    let exported = client.export_public(&fingerprint).await;
    assert!(matches!(exported, Err(Error::EmptyExport { .. })), "{exported:?}");
    let imported = client.import_public_into(&sandbox.home(), b"no key at all").await;
    assert!(matches!(imported, Err(Error::Tool(_))), "{imported:?}");
}

#[tokio::test]
async fn the_users_own_options_are_obeyed_on_import() {
    let (sandbox, user) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let armored = client.export_public(&fingerprint).await.unwrap();
    user.put(
        "gpg.conf",
        format!("no-default-keyring\nkeyring {}/own.kbx\n", user.home().display()),
    );
    client.import_public_into(&user.home(), &armored).await.unwrap();
    assert!(fs::metadata(user.home().join("own.kbx")).is_ok_and(|meta| meta.len() > 100));
}

#[tokio::test]
async fn another_home_hears_that_a_key_is_its_users_own() {
    let (sandbox, user) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let armored = client.export_public(&fingerprint).await.unwrap();
    client.import_public_into(&user.home(), &armored).await.unwrap();
    let other = user.open().await;
    let validity = async || other.certificate(&fingerprint).await.unwrap().user_ids[0].validity;
    assert_ne!(validity().await, Validity::Ultimate);
    for _again in 0..2 {
        client.trust_ultimately_in(&user.home(), &fingerprint).await.unwrap();
        assert_eq!(validity().await, Validity::Ultimate);
    }
}

/// A placeholder goes, a secret key never does, and what is there already stays.
#[tokio::test]
async fn another_home_hears_on_which_card_a_key_is() {
    let (sandbox, user) = (Sandbox::new(), Sandbox::new());
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let keys = client.certificate(&fingerprint).await.unwrap().subkeys;
    let name = |key: &Key| format!("private-keys-v1.d/{}.key", key.keygrip.unwrap());
    let (stub, other) = (on_card(&keys[0]), on_card(&keys[2]));
    sandbox.put(&name(&keys[0]), &stub);
    sandbox.put(&name(&keys[2]), &other);
    user.put(&name(&keys[2]), "mine");
    let certificate = client.certificate(&fingerprint).await.unwrap();
    for _again in 0..2 {
        let copied = client.copy_stubs_into(&user.home(), &certificate).unwrap();
        assert_eq!(copied, [keys[0].fingerprint]);
    }
    let there = fs::read_dir(user.home().join("private-keys-v1.d")).unwrap().count();
    assert_eq!(there, 2, "nothing of the keys whose secret part is here");
    assert_eq!(fs::read_to_string(user.home().join(name(&keys[0]))).unwrap(), stub);
    assert_eq!(fs::read_to_string(user.home().join(name(&keys[2]))).unwrap(), "mine");
    // The listing was taken when this key was on a card; its secret part came back meanwhile.
    let secret = fs::read(sandbox.home().join(name(&keys[1]))).unwrap();
    fs::write(sandbox.home().join(name(&keys[0])), secret).unwrap();
    fs::remove_file(user.home().join(name(&keys[0]))).unwrap();
    assert!(client.copy_stubs_into(&user.home(), &certificate).unwrap().is_empty());
    assert!(!user.home().join(name(&keys[0])).exists());
}
