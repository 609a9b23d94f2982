//! Listings that real gpgs printed, told in short.

use std::fmt::Write;
use std::fs;

use gpgsmith_gpg::{Certificate, Key, Secret, listing};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

fn printed_by(version: &str, name: &str) -> Vec<Certificate> {
    listing::parse(&fs::read(format!("{FIXTURES}/{version}/{name}.colons")).unwrap()).unwrap()
}

fn captured(name: &str) -> Vec<Certificate> {
    printed_by("2.2.40", name)
}

fn told(name: &str) -> String {
    captured(name).iter().fold(String::new(), |mut text, certificate| {
        for key in certificate.keys() {
            writeln!(text, "{}", key_line(key)).unwrap();
        }
        for entry in &certificate.user_ids {
            let (created, revoked) = (time(entry.created), time(entry.revoked));
            let (validity, bound) = (entry.validity, entry.self_signature);
            writeln!(text, "  {validity} {bound:?} {created} {revoked} {:?}", entry.text).unwrap();
        }
        text
    })
}

fn key_line(key: &Key) -> String {
    let secret = match &key.secret {
        Secret::Card(serial) => format!("card {serial}"),
        other => format!("{other:?}"),
    };
    let (created, expires) = (time(Some(key.created)), time(key.expires));
    let (id, usage, validity, binding) = (key.key_id, key.usage, key.validity, key.binding);
    format!(
        "{id} {:15} {usage:2} {validity} {created} {expires} {secret} {binding:?}",
        key.algorithm.to_string()
    )
}

fn time(time: Option<jiff::Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%H:%M:%S").to_string())
}

#[test]
fn an_empty_home() {
    assert_eq!(captured("empty"), []);
}

#[test]
fn a_master_key_with_three_subkeys() {
    insta::assert_snapshot!(told("standard"));
    let key = &captured("standard")[0].primary;
    assert_eq!(key.fingerprint.to_string(), "E237C0E15B33168CF41DFB31B64D970AF14F15A2");
    assert_eq!(key.fingerprint.key_id(), key.key_id);
    assert_eq!(key.keygrip.unwrap().to_string(), "D46524D8673D892578E1937569E7CE9F3AE7C57D");
    assert_eq!(key.material[1].len(), 33, "a point with its prefix");
}

#[test]
fn the_secret_listing_of_the_same_tells_the_same() {
    insta::assert_snapshot!(told("secret"));
}

#[test]
fn an_expired_subkey() {
    insta::assert_snapshot!(told("expired"));
}

#[test]
fn a_revoked_subkey() {
    insta::assert_snapshot!(told("revoked"));
    let revoked = &captured("revoked")[0].subkeys[0];
    assert!(revoked.revoked > Some(revoked.created) && !revoked.is_live());
}

#[test]
fn user_ids_are_dated_by_self_signatures_and_not_by_strangers() {
    insta::assert_snapshot!(told("user-ids"));
}

#[test]
fn verified_self_signatures() {
    insta::assert_snapshot!(told("user-ids-checked"));
}

#[test]
fn a_forged_user_id_among_good_ones() {
    insta::assert_snapshot!(told("forged"));
}

#[test]
fn a_stranger_whose_key_is_not_there() {
    insta::assert_snapshot!(told("stranger-unknown"));
}

#[test]
fn several_primary_keys_of_all_sorts() {
    insta::assert_snapshot!(told("several"));
}

#[test]
fn a_missing_master_secret_and_a_subkey_on_a_card() {
    insta::assert_snapshot!(told("card"));
    insta::assert_snapshot!(told("card-secret"));
}

/// What two captures of the same steps have in common: all but names and times.
fn shape(certificate: &Certificate) -> Vec<String> {
    let key = |key: &Key| {
        let dates = (key.expires.is_some(), key.revoked.is_some(), key.material.len());
        format!(
            "{} {} {} {:?} {:?} {dates:?}",
            key.algorithm, key.usage, key.validity, key.secret, key.binding
        )
    };
    let user_id = |entry: &gpgsmith_gpg::UserIdEntry| {
        let dates = (entry.created.is_some(), entry.revoked.is_some());
        format!("{} {} {:?} {dates:?}", entry.text, entry.validity, entry.self_signature)
    };
    certificate.keys().map(key).chain(certificate.user_ids.iter().map(user_id)).collect()
}

#[test]
fn two_versions_of_gpg_tell_the_same() {
    let mut cases = 0;
    for entry in fs::read_dir(format!("{FIXTURES}/2.2.40")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let name = file.strip_suffix(".colons").unwrap();
        let shapes = |version| printed_by(version, name).iter().map(shape).collect::<Vec<_>>();
        assert_eq!(shapes("2.2.40"), shapes("2.4.7"), "{name}");
        cases += 1;
    }
    assert_eq!(cases, 12);
}
