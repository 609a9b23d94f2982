use super::*;
use crate::api::{
    identity::Identity,
    key::{Certificate, Level},
};

fn certificate(subkeys: Vec<Key>) -> Certificate {
    let named = |uid: &str, validity: &str| Identity {
        index: 1,
        validity: validity.to_owned(),
        status: String::new(),
        created: None,
        revoked: None,
        hash: String::new(),
        uid: uid.to_owned(),
    };
    let fingerprint = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E".to_owned();
    Certificate {
        primary: Key { fingerprint, ..key("1BAD42B9D3EB840E", "C") },
        subkeys,
        identities: vec![named("Bob\x1b[A <bob@example.org>", "-"), named("Bob", "-")],
    }
}

#[test]
fn certifying() {
    let certificate = certificate(Vec::new());
    let ask = |level, expiry: &str, local| {
        let (key, expiry) = (Box::new(certificate.clone()), expiry.to_owned());
        let identities = vec![certificate.identities[0].uid.clone()];
        shown(About::Certify { key, identities, level, expiry, local })
    };
    assert_snapshot!(ask(Level::Unsaid, "0", false), @r"
    This signs, with your master key, the key
      203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E
    as that of
      Bob\u{1b}[A <bob@example.org>
      but not of Bob
    It does not say how well you checked that, does not expire, and is for all who see it.
    Compare the fingerprint with what its owner tells you, by another way.
    Sign it? [y/N]: (dangerous)
    ");
    assert_snapshot!(ask(Level::Thorough, "2y", true), @r"
    This signs, with your master key, the key
      203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E
    as that of
      Bob\u{1b}[A <bob@example.org>
      but not of Bob
    It says that you checked that thoroughly, expires 2y, and is for this vault only.
    Compare the fingerprint with what its owner tells you, by another way.
    Sign it? [y/N]: (dangerous)
    ");
}

#[test]
fn how_well_it_was_checked() {
    let all = [Level::Unsaid, Level::None, Level::Casual, Level::Thorough];
    let said = all.map(|level| {
        let key = Box::new(certificate(Vec::new()));
        let expiry = "0".to_owned();
        shown(About::Certify { key, identities: Vec::new(), level, expiry, local: false })
    });
    let said: Vec<_> = said.iter().filter_map(|text| text.lines().nth(5)).collect();
    assert_snapshot!(said.join("\n"), @"
    It does not say how well you checked that, does not expire, and is for all who see it.
    It says that you did not check that, does not expire, and is for all who see it.
    It says that you checked that a little, does not expire, and is for all who see it.
    It says that you checked that thoroughly, does not expire, and is for all who see it.
    ");
}

#[test]
fn revoking_the_master_key_names_all_that_ends() {
    let revoked = |key: Key| Key { validity: "r".to_owned(), ..key };
    let subkeys = vec![
        key("7DDEA0A9B2C81248", "s"),
        revoked(key("33DC8F1EEE57B934", "s")),
        key("08E7762F32236F0B", "e"),
        key("5BB68749CE021A24", "a"),
        key("5104605F3DEFDA24", "a"),
        revoked(key("AD91E718CBC6DA41", "a")),
    ];
    let mut of = certificate(subkeys);
    of.identities[1].validity = "r".to_owned();
    let ask = |key: &Certificate, reason, message: &str| {
        let (key, message) = (Box::new(key.clone()), message.to_owned());
        shown(About::RevokeMaster { key, reason, message })
    };
    assert_snapshot!(ask(&of, Reason::Compromised, "laptop\n \u{1b}stolen"), @r#"
    This revokes the master key
      203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E
    for good, as compromised, "laptop \\u{1b}stolen". It ends for
      Bob\u{1b}[A <bob@example.org>
    and takes along
      7DDEA0A9B2C81248 (s, rsa4096)
      08E7762F32236F0B (e, rsa4096)
      5BB68749CE021A24 (a, rsa4096)
      5104605F3DEFDA24 (a, rsa4096)
    Nobody will believe what you sign, encrypt to you, or go by your word on other people's keys. What was encrypted to you stays readable.
    Servers that know the ssh key of 5BB68749CE021A24, 5104605F3DEFDA24 go on letting it in, so take it away there.
    Whatever it has signed, at any time, is in doubt from then on.
    Others learn of it when you publish the revoked key; nothing takes it back then. What remains is to tell people, and to make a new key: `gpgsmith setup --vault-name new`.
    Type the key id 1BAD42B9D3EB840E to revoke it: (dangerous)
    "#);
    of.subkeys.clear();
    assert_snapshot!(ask(&of, Reason::Superseded, ""), @r"
    This revokes the master key
      203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E
    for good, as superseded. It ends for
      Bob\u{1b}[A <bob@example.org>
    Nobody will believe what you sign, encrypt to you, or go by your word on other people's keys. What was encrypted to you stays readable.
    Others learn of it when you publish the revoked key; nothing takes it back then. What remains is to tell people, and to make a new key: `gpgsmith setup --vault-name new`.
    Type the key id 1BAD42B9D3EB840E to revoke it: (dangerous)
    ");
}

#[test]
fn what_is_typed_to_revoke_the_master_key_is_no_choice() {
    let key = Box::new(certificate(Vec::new()));
    let prompt = ask(About::RevokeMaster { key, reason: Reason::None, message: String::new() });
    assert!(matches!(prompt.understand(" y\n"), Answer::Text(typed) if typed == "y"));
    assert!(matches!(prompt.understand("\n"), Answer::Cancel));
}
