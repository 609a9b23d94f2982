//! Keys.

use jiff::Timestamp;

use super::{Cell, Section, Table, Tone, date, expiry, vault::sealed, visible};
use crate::api::key::{Certificate, CreatedKeys, ExportedKeys, Key, Keys, SecretPart};

/// When there are none.
pub const NO_KEYS: &str = "No keys.";

/// The keys, a section for each primary key; headed where there are several.
pub fn keys(keys: &Keys) -> Vec<Section> {
    let several = keys.certificates.len() > 1;
    let section = |certificate: &Certificate| Section {
        heading: several.then(|| heading(certificate, keys.master_fp.as_deref())),
        table: table(certificate),
    };
    keys.certificates.iter().map(section).collect()
}

fn heading(certificate: &Certificate, master: Option<&str>) -> String {
    let fingerprint = certificate.primary.fingerprint.as_str();
    let role = if master == Some(fingerprint) { "master key" } else { "another primary key" };
    let name =
        certificate.identities.first().map(|identity| format!(", {}", visible(&identity.uid)));
    format!("{role} {fingerprint}{}", name.unwrap_or_default())
}

fn table(certificate: &Certificate) -> Table {
    let row = |key: &Key| {
        [
            Cell::code(&key.key_id),
            Cell::plain(&key.algorithm),
            Cell::plain(&key.usage),
            Cell::toned(&key.validity, tone(&key.validity)),
            Cell::plain(date(key.created)),
            key.expires.map_or_else(Cell::none, |time| Cell::plain(date(time))),
            secret(&key.secret),
        ]
    };
    Table::new(
        ["KEY ID", "ALGO", "USAGE", "VALIDITY", "CREATED", "EXPIRES", "CARD"],
        all(certificate).map(row),
    )
}

fn all(certificate: &Certificate) -> impl Iterator<Item = &Key> {
    std::iter::once(&certificate.primary).chain(&certificate.subkeys)
}

/// `r`, `e`, `i`, `n`, `d`: revoked, expired, invalid, not to be trusted, disabled (gnupg
/// doc/DETAILS § colons, field 2).
pub(super) fn tone(validity: &str) -> Tone {
    match validity {
        "u" | "f" => Tone::Good,
        "r" | "e" | "i" | "n" | "d" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// The serial number of the card, a dash for a key in the vault, or what is missing.
fn secret(part: &SecretPart) -> Cell {
    match part {
        SecretPart::Present => Cell::none(),
        SecretPart::Card { serial } => Cell::code(serial),
        SecretPart::Stub => Cell::toned("stub", Tone::Warn),
        SecretPart::Absent => Cell::toned("absent", Tone::Warn),
    }
}

/// The state of the keys: one line for each, with what will become of it.
pub fn status(keys: &Keys, now: Timestamp) -> Vec<String> {
    let line = |key: &Key| {
        let (id, algorithm, usage) = (&key.key_id, &key.algorithm, &key.usage);
        format!("  {id}  {algorithm}  {usage}  {}", fate(key, now))
    };
    let lines = keys.certificates.iter().flat_map(all).map(line);
    std::iter::once("=== Keys ===".to_owned()).chain(lines).collect()
}

fn fate(key: &Key, now: Timestamp) -> String {
    match key.validity.as_str() {
        "r" => "revoked".to_owned(),
        "d" => "disabled".to_owned(),
        "i" => "invalid".to_owned(),
        _ => expiry(key.expires, now),
    }
}

/// New keys: the master's fingerprint first where `with_master` says that it is new too.
pub fn created(created: &CreatedKeys, with_master: bool) -> Vec<String> {
    let master = with_master.then(|| format!("master: {}", created.master_fp));
    let subkey = |key: &Key| format!("  subkey {} ({}, {})", key.key_id, key.usage, key.algorithm);
    let mut lines: Vec<_> = master.into_iter().chain(created.subkeys.iter().map(subkey)).collect();
    lines.extend(created.checkpoint.as_ref().map(sealed));
    lines.extend(created.notes.iter().map(|note| format!("note: {}", visible(note))));
    lines
}

/// Where a public key went.
pub fn exported(exported: &ExportedKeys) -> Option<String> {
    let home = exported.imported_into.as_ref()?;
    let place = home.to_string_lossy();
    Some(format!("exported {} to {}", exported.master_fp, visible(&place)))
}

#[cfg(test)]
mod tests {
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
    fn w37_an_export_names_its_target() {
        let done = ExportedKeys {
            master_fp: "203E".to_owned(),
            armored: String::new(),
            imported_into: Some("/home/ann/.gnupg".into()),
        };
        assert_eq!(exported(&done).unwrap(), "exported 203E to /home/ann/.gnupg");
    }
}
