use insta::assert_snapshot;

use super::*;
use crate::api::identity::Identity;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(key_id: &str, algorithm: &str, usage: &str, validity: &str) -> Key {
    Key {
        key_id: key_id.to_owned(),
        fingerprint: format!("203E92AA7E59B62AFB063283{key_id}"),
        keygrip: None,
        algorithm: algorithm.to_owned(),
        usage: usage.to_owned(),
        primary: usage.starts_with('C'),
        validity: validity.to_owned(),
        created: at("2026-11-23T17:11:05Z"),
        expires: None,
        secret: SecretPart::Present,
    }
}

fn certificate() -> Certificate {
    let later = Some(at("2028-11-22T17:11:05Z"));
    let card = SecretPart::Card { serial: "12345678".to_owned() };
    let identity = Identity {
        index: 1,
        validity: "u".to_owned(),
        status: "ultimate".to_owned(),
        created: None,
        revoked: None,
        hash: String::new(),
        uid: "Alice <alice@example.org>".to_owned(),
    };
    Certificate {
        primary: key("1BAD42B9D3EB840E", "ed25519", "C", "u"),
        subkeys: vec![
            Key { expires: later, ..key("33DC8F1EEE57B934", "ed25519", "s", "r") },
            Key { expires: later, ..key("AD91E718CBC6DA41", "cv25519", "e", "u") },
            Key { secret: card, ..key("5104605F3DEFDA24", "rsa4096", "a", "u") },
            Key { secret: SecretPart::Stub, ..key("7DDEA0A9B2C81248", "rsa2048", "s", "-") },
        ],
        identities: vec![identity],
    }
}

fn with(certificates: Vec<Certificate>) -> Keys {
    let master_fp = certificates.first().map(|c| c.primary.fingerprint.clone());
    Keys { vault: "pass".to_owned(), master_fp, certificates }
}

#[test]
fn keys_as_in_the_go_program_with_curve_and_size() {
    let sections = keys(&with(vec![certificate()]));
    let [Section { heading: None, table }] = sections.as_slice() else {
        panic!("one certificate needs no heading: {sections:?}")
    };
    assert_snapshot!(table, @"
    KEY ID            ALGO     USAGE  VALIDITY  CREATED     EXPIRES     CARD
    1BAD42B9D3EB840E  ed25519  C      u         2026-11-23  -           -
    33DC8F1EEE57B934  ed25519  s      r         2026-11-23  2028-11-22  -
    AD91E718CBC6DA41  cv25519  e      u         2026-11-23  2028-11-22  -
    5104605F3DEFDA24  rsa4096  a      u         2026-11-23  -           12345678
    7DDEA0A9B2C81248  rsa2048  s      -         2026-11-23  -           stub
    ");
}

#[test]
fn several_primary_keys_are_kept_apart() {
    let mut other = certificate();
    other.primary.fingerprint = "F".repeat(40);
    other.identities.clear();
    let headings: Vec<_> = keys(&with(vec![certificate(), other]))
        .into_iter()
        .map(|section| section.heading.unwrap())
        .collect();
    assert_snapshot!(headings.join("\n"), @"
    master key 203E92AA7E59B62AFB0632831BAD42B9D3EB840E, Alice <alice@example.org>
    another primary key FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF
    ");
}

#[test]
fn the_state_says_what_will_become_of_each_key() {
    let lines = status(&with(vec![certificate()]), at("2028-11-10T18:00:00Z"));
    assert_snapshot!(lines.join("\n"), @"
    === Keys ===
      1BAD42B9D3EB840E  ed25519  C  does not expire
      33DC8F1EEE57B934  ed25519  s  revoked
      AD91E718CBC6DA41  cv25519  e  expires in 11 days
      5104605F3DEFDA24  rsa4096  a  does not expire
      7DDEA0A9B2C81248  rsa2048  s  does not expire
    ");
}

#[test]
fn only_new_keys_are_told_of() {
    let new = CreatedKeys {
        master_fp: "203E92AA7E59B62AFB0632831BAD42B9D3EB840E".to_owned(),
        subkeys: vec![key("33DC8F1EEE57B934", "ed25519", "s", "u")],
        checkpoint: None,
        notes: vec!["another machine has sealed S".to_owned()],
    };
    assert_snapshot!(created(&new, true).join("\n"), @"
    master: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
      subkey 33DC8F1EEE57B934 (s, ed25519)
    note: another machine has sealed S
    ");
    assert_eq!(created(&new, false).len(), 2);
}

#[test]
fn a_revoked_master_key_is_not_revoked_for_others_yet() {
    let revoked = RevokedMaster {
        master_fp: "203E92AA7E59B62AFB0632831BAD42B9D3EB840E".to_owned(),
        armored: String::new(),
        checkpoint: None,
        notes: vec!["another machine has sealed S".to_owned()],
    };
    assert_snapshot!(revoked_master(&revoked).join("\n"), @"
    revoked the master key 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
    note: another machine has sealed S
    nobody knows of it yet: publish the revoked key, and tell people
    a new key goes into a vault of its own: `gpgsmith setup --vault-name new`
    ");
}
