//! Old self-signatures, made anew.

use std::process::Command;

use gpgsmith_gpg::{Client, Fingerprint, HashAlgorithm, On, Resigning, Signature, Usage};
use secrecy::ExposeSecret;

use crate::sandbox::{Sandbox, master, passphrase, subkey, user_id};

/// Runs gpg by hand, as an old one would have signed.
fn gpg(client: &Client, args: &[&str]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, passphrase().expose_secret()).unwrap();
    let mut command = Command::new(client.program().path());
    command.arg("--homedir").arg(client.home()).args(["--batch", "--no-autostart"]);
    command.args(["--pinentry-mode=loopback", "--passphrase-file"]).arg(file.path());
    let output = command.arg("--cert-digest-algo=SHA1").args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    output.stdout
}

async fn newest(client: &Client, primary: &Fingerprint, on: &On) -> Signature {
    let all = client.signatures(primary).await.unwrap();
    Signature::newest_own(&all, on).unwrap().clone()
}

#[tokio::test]
async fn signatures_over_sha1_are_made_anew_and_nothing_else_changes() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let primary = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    let (name, second) = (primary.to_string(), "Alice of Old");
    gpg(&client, &["--quick-add-uid", &name, second]);
    gpg(&client, &["--quick-add-key", &name, "cv25519", "encr", "1y"]);
    gpg(&client, &["--quick-add-key", &name, "cv25519", "encr", "0"]);
    client.add_user_id(&primary, &user_id("Alice Gone"), &secret).await.unwrap();
    client.revoke_user_id(&primary, &user_id("Alice Gone"), &secret).await.unwrap();
    let before = client.certificate(&primary).await.unwrap();
    let subkeys: Vec<_> = before.subkeys.iter().map(|key| key.fingerprint).collect();
    let old = [On::UserId(second.to_owned()), On::Subkey(subkeys[0]), On::Subkey(subkeys[1])];
    for on in &old {
        assert_eq!(newest(&client, &primary, on).await.hash, HashAlgorithm::Sha1, "{on:?}");
    }
    let what = Resigning { user_ids: true, subkeys, cross_certify: false };
    client.resign(&primary, &what, &secret).await.unwrap();
    for on in &old {
        let new = newest(&client, &primary, on).await;
        assert_eq!(new.hash, HashAlgorithm::Sha512, "{on:?}");
    }
    let after = client.certificate(&primary).await.unwrap();
    let told = |certificate: &gpgsmith_gpg::Certificate| -> Vec<_> {
        let ends = certificate.keys().map(|key| (key.fingerprint, key.usage, key.validity));
        ends.collect()
    };
    assert_eq!(told(&after), told(&before));
    assert_eq!(after.user_id("Alice Gone").unwrap().validity, gpgsmith_gpg::Validity::Revoked);
    client.prove(&primary, &secret).await.unwrap();
}

/// The certificate with signing subkeys that have not signed it.
fn without_cross_certification(packets: &[u8]) -> Vec<u8> {
    let (mut kept, mut rest) = (Vec::new(), packets);
    while let [tag, length @ ..] = rest {
        // Old format, with one or two octets of length: all that gpg writes here.
        let size = 1 + usize::from(tag & 3);
        let long = length[..size].iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let (body, after) = length[size..].split_at(long);
        let is_binding = tag >> 2 & 15 == 2 && body[1] == 0x18;
        let body = if is_binding { without_embedded(body) } else { body.to_vec() };
        kept.push(0x80 | tag & 0x3c | 1);
        kept.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        kept.extend(body);
        rest = after;
    }
    kept
}

/// A version 4 signature without the signature in its uncovered area.
fn without_embedded(body: &[u8]) -> Vec<u8> {
    let number = |at: usize| usize::from(body[at]) << 8 | usize::from(body[at + 1]);
    let start = 6 + number(4);
    let end = start + 2 + number(start);
    let (mut area, mut kept) = (&body[start + 2..end], Vec::new());
    while let [length, ..] = area {
        let (subpacket, after) = area.split_at(1 + usize::from(*length));
        kept.extend_from_slice(if subpacket[1] == 32 { &[] } else { subpacket });
        area = after;
    }
    let length = u16::try_from(kept.len()).unwrap().to_be_bytes();
    [&body[..start], &length, &kept, &body[end..]].concat()
}

#[tokio::test]
async fn a_subkey_that_has_not_signed_its_master_does_so() {
    let sandbox = Sandbox::new();
    let (client, secret) = (sandbox.open().await, passphrase());
    let primary = client.generate_master(&master("ed25519"), &secret).await.unwrap();
    let key = client.add_subkey(&primary, &subkey("ed25519", Usage::Sign), &secret).await.unwrap();
    let on = On::Subkey(key.fingerprint);
    assert!(newest(&client, &primary, &on).await.cross_certified().is_some());
    let stripped = without_cross_certification(&gpg(&client, &["--export"]));
    let file = sandbox.put("stripped.gpg", stripped);
    std::fs::remove_file(sandbox.home().join("pubring.kbx")).unwrap();
    gpg(&client, &["--import", file.to_str().unwrap()]);
    assert!(newest(&client, &primary, &on).await.cross_certified().is_none());
    let what = Resigning { cross_certify: true, ..Resigning::default() };
    client.resign(&primary, &what, &secret).await.unwrap();
    assert!(!newest(&client, &primary, &on).await.cross_certified().unwrap().is_weak());
    client.prove(&primary, &secret).await.unwrap();
}
