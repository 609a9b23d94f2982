//! Public keys leave the home.

use std::fs;

use gpgsmith_gpg::{Error, Secret};

use crate::sandbox::{Sandbox, full_set, running};

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
