//! Keys for logging in.

use gpgsmith_gpg::{Client, Error, Expiry, Fingerprint, Revocation, SubkeySpec, Usage};

use crate::sandbox::{Sandbox, expired_set, full_set, master, passphrase, subkey};

async fn add(client: &Client, primary: &Fingerprint, spec: &SubkeySpec) -> Fingerprint {
    client.add_subkey(primary, spec, &passphrase()).await.unwrap().fingerprint
}

#[tokio::test]
async fn w54_the_key_that_was_named_is_the_key_that_comes() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let mut keys = Vec::new();
    for algorithm in ["ed25519", "ed25519", "rsa2048", "nistp256", "nistp521"] {
        let spec = subkey(algorithm, Usage::Authenticate);
        keys.push(add(&client, &primary, &spec).await);
    }
    for key in &keys {
        let ssh = client.ssh_key(key).await.unwrap();
        assert_eq!(ssh.key, *key);
        let id = key.key_id().to_string();
        assert!(ssh.line.ends_with(&format!("openpgp:0x{}", &id[8..])), "{}", ssh.line);
        assert!(ssh.line.starts_with("ssh-") || ssh.line.starts_with("ecdsa-"), "{}", ssh.line);
    }
}

#[tokio::test]
async fn w54_what_can_not_log_in_is_not_exported() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let keys = client.certificate(&primary).await.unwrap().subkeys;
    let spec = SubkeySpec { expiry: Expiry::Never, ..subkey("ed25519", Usage::Authenticate) };
    let revoked = add(&client, &primary, &spec).await;
    client.revoke_subkey(&revoked, &Revocation::default(), &passphrase()).await.unwrap();
    let mut told = Vec::new();
    for key in [keys[0].fingerprint, keys[1].fingerprint, primary, revoked] {
        match client.ssh_key(&key).await {
            Err(Error::Unfit { found, .. }) => told.push(found),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told[..3], ["made for something else"; 3]);
    assert_eq!(told[3], "revoked");
    assert!(client.ssh_key(&keys[2].fingerprint).await.is_ok());
    let nobody = client.ssh_key(&"AB".repeat(20).parse().unwrap()).await;
    assert!(matches!(nobody, Err(Error::NoSuchKey { .. })), "{nobody:?}");
}

#[tokio::test]
async fn w54_an_expired_key_is_not_exported() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = expired_set(&client).await;
    let key = client.certificate(&primary).await.unwrap().subkeys[2].fingerprint;
    let ssh = client.ssh_key(&key).await;
    assert!(matches!(ssh, Err(Error::Unfit { found: "expired", .. })), "{ssh:?}");
}
