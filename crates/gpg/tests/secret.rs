//! Whether a secret key is there is decided by the key, not by a listing.

use std::fs;

use gpgsmith_gpg::{Client, Error, Fingerprint, Key, Secret, SecretState, SelfSignature, Usage};
use secrecy::SecretString;

use crate::sandbox::{Sandbox, full_set, master, passphrase, subkey};

fn file(sandbox: &Sandbox, key: &Key) -> std::path::PathBuf {
    sandbox.home().join(format!("private-keys-v1.d/{}.key", key.keygrip.unwrap()))
}

async fn keys(client: &Client, fingerprint: &Fingerprint) -> Vec<Key> {
    client.certificate(fingerprint).await.unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn w13_a_key_file_of_garbage_is_no_secret() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let key = &keys(&client, &fingerprint).await[0];
    assert_eq!(client.secret_of(key).await.unwrap(), SecretState::Protected);

    fs::write(file(&sandbox, key), "garbage").unwrap();
    let listed = &keys(&client, &fingerprint).await[0];
    assert_eq!(listed.secret, Secret::Stub, "as if the file were not there at all");
    assert_eq!(client.secret_of(key).await.unwrap(), SecretState::Garbage);
    assert!(!client.has_secret(&key.keygrip.unwrap()).await.unwrap());
    let proof = client.prove(&fingerprint, &passphrase()).await;
    assert!(
        matches!(proof, Err(Error::SecretUnusable { found: SecretState::Garbage, .. })),
        "{proof:?}"
    );
}

#[tokio::test]
async fn w13_the_file_of_another_key_is_no_secret() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let keys = keys(&client, &fingerprint).await;
    fs::copy(file(&sandbox, &keys[1]), file(&sandbox, &keys[0])).unwrap();
    assert_eq!(client.secret_of(&keys[0]).await.unwrap(), SecretState::Foreign);
}

#[tokio::test]
async fn w13_a_tampered_key_file_does_not_open() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let key = &keys(&client, &fingerprint).await[0];
    let path = file(&sandbox, key);
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.windows(15).rposition(|window| window == b"#)(protected-at").unwrap();
    bytes[end - 1] = if bytes[end - 1] == b'0' { b'1' } else { b'0' };
    fs::write(&path, bytes).unwrap();
    assert!(client.prove(&fingerprint, &passphrase()).await.is_err());
}

#[tokio::test]
async fn w13_a_forged_user_id_is_found_by_its_self_signature() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    full_set(&client).await;
    client.close().await.unwrap();
    let ring = sandbox.home().join("pubring.kbx");
    let bytes = fs::read(&ring).unwrap();
    let at = bytes.windows(5).position(|window| window == b"Alice").unwrap();
    let mut forged = bytes;
    forged[at..at + 5].copy_from_slice(b"Mallo");
    fs::write(&ring, forged).unwrap();

    let client = sandbox.open().await;
    let listed = client.list().await.unwrap();
    assert_eq!(listed[0].user_ids[0].text, "Mallo Example <alice@example.org>");
    assert_eq!(listed[0].user_ids[0].validity.letter(), 'u', "the listing alone believes it");
    let checked = client.check_self_signatures().await.unwrap();
    assert_eq!(checked[0].user_ids[0].self_signature, SelfSignature::Bad);
    assert_eq!(checked[0].user_ids[0].created, None, "a bad signature dates nothing");
    assert!(checked[0].subkeys.iter().all(|key| key.binding == SelfSignature::Good));
}

/// gpg 2.2.40 dies of `--no-sig-cache --check-sigs` here.
#[tokio::test]
async fn self_signatures_are_checked_beside_those_of_strangers() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    let signed = include_bytes!("../fixtures/signed-by-a-stranger.asc");
    other.open().await.import_public_into(&sandbox.home(), signed).await.unwrap();
    let client = sandbox.open().await;
    let checked = client.check_self_signatures().await.unwrap();
    let verdicts: Vec<_> = checked[0].user_ids.iter().map(|entry| entry.self_signature).collect();
    assert_eq!(verdicts, [SelfSignature::Good; 4]);
    let names = fs::read_dir(sandbox.home()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(
        names.into_iter().all(|name| !name.to_string_lossy().starts_with(".#")),
        "a copy stayed"
    );
}

#[tokio::test]
async fn passphrases_are_told_apart_without_gpg() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("rsa2048"), &passphrase()).await.unwrap();
    let keygrip = keys(&client, &fingerprint).await[0].keygrip.unwrap();
    assert!(client.unlocks(&keygrip, &passphrase()).await.unwrap());
    assert!(!client.unlocks(&keygrip, &SecretString::from("wrong")).await.unwrap());
    let nobody = "AB".repeat(20).parse().unwrap();
    assert!(!client.has_secret(&nobody).await.unwrap());
    assert!(client.unlocks(&nobody, &passphrase()).await.is_err());
}

#[tokio::test]
async fn a_secret_elsewhere_is_told_from_one_that_is_gone() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    let keys = keys(&client, &fingerprint).await;
    fs::remove_file(file(&sandbox, &keys[0])).unwrap();
    fs::write(file(&sandbox, &keys[1]), on_card(&keys[1])).unwrap();
    let shown = self::keys(&client, &fingerprint).await;
    assert_eq!(client.secret_of(&keys[0]).await.unwrap(), SecretState::Absent);
    let serial = "D2760001240103040006098765430000".parse().unwrap();
    assert_eq!(shown[1].secret, Secret::Card(serial));
    let serial = "D2760001240103040006098765430000".parse().unwrap();
    assert_eq!(client.secret_of(&keys[1]).await.unwrap(), SecretState::Card(serial));
    let proof = client.prove(&fingerprint, &passphrase()).await.unwrap();
    assert_eq!((proof.opened.len(), proof.signed.len(), proof.decrypted.len()), (2, 0, 1));
}

/// What gpg-agent leaves of a key that was moved to a card.
pub(crate) fn on_card(key: &Key) -> String {
    let digits = key.material[1].iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let point: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    let serial = "D2760001240103040006098765430000";
    format!(
        "Key: (shadowed-private-key (ecc (curve Ed25519)(flags eddsa)(q #{point}#)\n \
         (shadowed t1-v1 (#{serial}# OPENPGP.1))))\n"
    )
}

#[tokio::test]
async fn w28_the_agent_of_a_home_reaches_no_card() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let spec = subkey("ed25519", Usage::Sign);
    let key = client.add_subkey(&fingerprint, &spec, &passphrase()).await.unwrap();
    fs::write(file(&sandbox, &key), on_card(&key)).unwrap();
    let socket = std::os::unix::net::UnixStream::connect(sandbox.socket()).unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(&socket));
    let mut ask = |command: &str| {
        std::io::Write::write_all(&mut &socket, command.as_bytes()).unwrap();
        lines
            .find(|line| line.as_ref().is_ok_and(|line| !line.starts_with(['S', '#'])))
            .unwrap()
            .unwrap()
    };
    assert!(ask("").starts_with("OK"), "the greeting");
    assert!(ask("SCD SERIALNO\n").starts_with("ERR"), "no scdaemon is started for a card command");
    assert!(ask("SCD GETINFO version\n").starts_with("ERR"));
    assert!(crate::sandbox::running(&sandbox.home()).len() == 1, "only the agent");
}
