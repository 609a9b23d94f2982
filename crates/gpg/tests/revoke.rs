//! Revocations, with what they tell the world.

use gpgsmith_gpg::{Client, Error, Fingerprint, On, Reason, Revocation, Signature, Validity};

use crate::sandbox::{Sandbox, full_set, passphrase};

async fn revocations(client: &Client, primary: &Fingerprint) -> Vec<Signature> {
    let all = client.signatures(primary).await.unwrap();
    all.into_iter().filter(Signature::is_revocation).collect()
}

#[tokio::test]
async fn a_reason_and_its_message_are_read_back_as_they_were_given() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let subkeys = client.certificate(&primary).await.unwrap().subkeys;
    let long = "a word or two, ".repeat(60);
    let given = [
        (
            Reason::Compromised,
            "lost: the läptop\n\n \t100 % sure\n",
            "lost: the läptop\n100 % sure",
        ),
        (Reason::Unspecified, "", ""),
        (Reason::Superseded, long.as_str(), long.trim_end()),
    ];
    for (key, (reason, message, _)) in subkeys.iter().zip(given) {
        let why = Revocation { reason, message: message.to_owned() };
        client.revoke_subkey(&key.fingerprint, &why, &passphrase()).await.unwrap();
    }
    let found = revocations(&client, &primary).await;
    for ((revocation, key), (reason, _, message)) in found.iter().zip(&subkeys).zip(given) {
        assert_eq!(revocation.on, On::Subkey(key.fingerprint));
        let said = Revocation { reason, message: message.to_owned() };
        assert_eq!(revocation.reason(), Some(said));
    }
    assert_eq!(found.len(), 3);
}

/// What `gpg --import` in somebody's own home makes of it.
async fn elsewhere(client: &Client, texts: &[&[u8]]) -> Vec<Validity> {
    let user = Sandbox::new();
    for text in texts {
        let imported = client.import_public_into(&user.home(), text).await;
        drop(imported.unwrap());
    }
    let all = user.open().await.list().await.unwrap();
    all.iter().map(|certificate| certificate.primary.validity).collect()
}

#[tokio::test]
async fn the_certificate_that_gpg_made_revokes_the_key_wherever_it_is() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let paper = client.stored_revocation(&primary).await.unwrap();
    assert!(paper.armored.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert_eq!(paper.why, Revocation::default());
    let public = client.export_public(&primary).await.unwrap();
    let found = elsewhere(&client, &[&public, paper.armored.as_bytes()]).await;
    assert_eq!(found, [Validity::Revoked]);
    assert!(client.certificate(&primary).await.unwrap().primary.is_live(), "only tried");
    let names = std::fs::read_dir(sandbox.home()).unwrap().flatten().map(|entry| entry.file_name());
    let copies = names.filter(|name| name.to_string_lossy().starts_with(".#"));
    assert_eq!(copies.collect::<Vec<_>>(), Vec::<std::ffi::OsString>::new());
}

#[tokio::test]
async fn another_revocation_certificate_gives_its_reason() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    for reason in [Reason::Compromised, Reason::Superseded, Reason::Retired, Reason::Unspecified] {
        let why = Revocation { reason, message: "see\nmy new key: ABC".to_owned() };
        let paper = client.make_revocation(&primary, &why, &passphrase()).await.unwrap();
        assert_eq!(paper.why, why);
    }
    let wrong = secrecy::SecretString::from("wrong");
    let made = client.make_revocation(&primary, &Revocation::default(), &wrong).await;
    assert!(matches!(made, Err(Error::WrongPassphrase { .. })), "{made:?}");
    assert!(client.certificate(&primary).await.unwrap().primary.is_live());
}

#[tokio::test]
async fn a_key_that_lost_its_revocation_certificate_says_so() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let file = sandbox.home().join("openpgp-revocs.d").join(format!("{primary}.rev"));
    std::fs::write(&file, "nothing of use").unwrap();
    let found = client.stored_revocation(&primary).await;
    assert!(matches!(found, Err(Error::NoRevocation { .. })), "{found:?}");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    let found = client.stored_revocation(&primary).await;
    assert!(matches!(found, Err(Error::Path { .. })), "{found:?}");
}

#[tokio::test]
async fn a_master_key_is_revoked_once_and_for_all() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let why = Revocation { reason: Reason::Retired, message: "no longer used".to_owned() };
    client.revoke_master(&primary, &why, &passphrase()).await.unwrap();
    let certificate = client.certificate(&primary).await.unwrap();
    assert!(certificate.keys().all(|key| !key.is_live()), "no subkey outlives its primary key");
    let found = revocations(&client, &primary).await;
    assert_eq!((found[0].on.clone(), found[0].reason()), (On::Primary, Some(why.clone())));
    let public = client.export_public(&primary).await.unwrap();
    assert_eq!(elsewhere(&client, &[&public]).await, [Validity::Revoked]);

    let again = client.revoke_master(&primary, &why, &passphrase()).await;
    assert!(matches!(again, Err(Error::Revoked { .. })), "{again:?}");
    let paper = client.stored_revocation(&primary).await;
    assert!(matches!(paper, Err(Error::Revoked { .. })), "{paper:?}");
}

#[tokio::test]
async fn a_master_key_is_revoked_by_its_paper_and_by_no_other() {
    let (sandbox, other) = (Sandbox::new(), Sandbox::new());
    let (client, stranger) = (sandbox.open().await, other.open().await);
    let (primary, theirs) = (full_set(&client).await, full_set(&stranger).await);
    let paper = client.stored_revocation(&primary).await.unwrap().armored;
    let foreign = stranger.stored_revocation(&theirs).await.unwrap().armored;
    let public = String::from_utf8(stranger.export_public(&theirs).await.unwrap()).unwrap();
    let own = String::from_utf8(client.export_public(&primary).await.unwrap()).unwrap();
    let broken = paper.replacen('A', "B", 1);
    for bad in [foreign.as_str(), &public, &own, &broken, "no armor at all"] {
        let revoked = client.revoke_master_by(&primary, bad).await;
        assert!(matches!(revoked, Err(Error::NoRevocation { .. })), "{bad}: {revoked:?}");
    }
    let all = client.list().await.unwrap();
    assert!(all.len() == 1 && all[0].primary.is_live(), "nothing of that came in");
    client.revoke_master_by(&primary, &format!("By post:\n:{paper}\n")).await.unwrap();
    assert_eq!(client.certificate(&primary).await.unwrap().primary.validity, Validity::Revoked);
}

#[tokio::test]
async fn a_certificate_that_is_kept_is_the_one_that_is_found() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let primary = full_set(&client).await;
    let file = sandbox.home().join("openpgp-revocs.d").join(format!("{primary}.rev"));
    let why = Revocation { reason: Reason::Retired, message: String::new() };
    let made = client.make_revocation(&primary, &why, &passphrase()).await.unwrap();
    let taken = client.keep_revocation(&primary, &made);
    assert!(matches!(taken, Err(Error::Path { .. })), "gpg's own is there: {taken:?}");
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    client.keep_revocation(&primary, &made).unwrap();
    assert_eq!(client.stored_revocation(&primary).await.unwrap(), made);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("\n:-----BEGIN"), "not to be imported by mistake: {text}");
}
