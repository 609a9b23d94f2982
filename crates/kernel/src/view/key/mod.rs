//! Keys.

mod lint;
mod paper;

use jiff::Timestamp;

use super::{Cell, Section, Table, Tone, date, expiry, text::noted, vault::sealed, visible};
use crate::api::key::{
    Certificate, CreatedKeys, Key, Keys, KeysPlan, NewEnd, PlannedKey, Reason, RenewedKeys,
    RevokedKeys, RevokedMaster, SecretPart,
};

pub(in crate::view) use self::paper::grouped;
pub use self::{
    lint::{NO_FINDINGS, findings, fixed},
    paper::{certified, exported, exported_subkeys, other_ssh_keys, revocation, revocation_sheet},
};

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

/// Keys that would be made, a line for the identity and one for each key.
pub fn plan(plan: &KeysPlan) -> Vec<String> {
    let ends = |key: &PlannedKey| match key.expiry.as_str() {
        "0" => "does not expire".to_owned(),
        expiry => format!("expires {expiry}"),
    };
    let line = |what: &str, key: &PlannedKey| {
        format!("{what} ({}, {}), {}", key.usage, key.algorithm, ends(key))
    };
    let identity = format!("for {}:", visible(&plan.identity));
    let master = line("master", &plan.master);
    let subkeys = plan.subkeys.iter().map(|key| line("  subkey", key));
    [identity, master].into_iter().chain(subkeys).collect()
}

/// New keys: the master's fingerprint first where `with_master` says that it is new too.
pub fn created(created: &CreatedKeys, with_master: bool) -> Vec<String> {
    let master = with_master.then(|| format!("master: {}", created.master_fp));
    let subkey = |key: &Key| format!("  subkey {}", named(key));
    let mut lines: Vec<_> = master.into_iter().chain(created.subkeys.iter().map(subkey)).collect();
    lines.extend(created.checkpoint.iter().flat_map(sealed));
    lines.extend(noted(&created.notes));
    lines
}

/// A key as sentences name it: `33DC8F1EEE57B934 (s, ed25519)`.
pub(super) fn named(key: &Key) -> String {
    format!("{} ({}, {})", key.key_id, key.usage, key.algorithm)
}

/// Keys with the ends that they have and those that they get.
pub(super) fn ends(keys: &[NewEnd]) -> Table {
    let end = |time: Option<_>| time.map_or_else(|| "never".to_owned(), date);
    let row = |NewEnd { key, until }: &NewEnd| {
        [
            Cell::code(&key.key_id),
            Cell::plain(&key.algorithm),
            Cell::plain(&key.usage),
            Cell::toned(end(key.expires), tone(&key.validity)),
            Cell::plain(end(*until)),
        ]
    };
    Table::new(["KEY ID", "ALGO", "USAGE", "EXPIRES", "NEW"], keys.iter().map(row))
}

/// Keys got new ends.
pub fn renewed(renewed: &RenewedKeys) -> Vec<String> {
    let end = |time: Option<_>| time.map_or_else(|| "never".to_owned(), date);
    let line = |NewEnd { key, until }: &NewEnd| {
        format!("renewed {}: {} → {}", named(key), end(key.expires), end(*until))
    };
    let mut lines: Vec<_> = renewed.keys.iter().map(line).collect();
    lines.extend(noted(&renewed.notes));
    lines.push(CHANGED.to_owned());
    lines
}

/// Subkeys were revoked.
pub fn revoked(revoked: &RevokedKeys) -> Vec<String> {
    let mut lines: Vec<_> =
        revoked.keys.iter().map(|key| format!("revoked {}", key.key_id)).collect();
    lines.push(CHANGED.to_owned());
    lines
}

/// The master key was revoked.
pub fn revoked_master(revoked: &RevokedMaster) -> Vec<String> {
    let mut lines = vec![format!("revoked the master key {}", revoked.master_fp)];
    lines.extend(revoked.checkpoint.iter().flat_map(sealed));
    lines.extend(noted(&revoked.notes));
    lines.push("nobody knows of it yet: publish the revoked key, and tell people".to_owned());
    lines.push("a new key goes into a vault of its own: `gpgsmith setup --vault-name new`".into());
    lines
}

/// After every change that other people have to hear of.
const CHANGED: &str = "others learn of it from the new public key: `gpgsmith keys export`";

/// A reason as it ends a sentence.
pub(super) fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Compromised => ", as compromised",
        Reason::Superseded => ", as superseded",
        Reason::Retired => ", as retired",
        Reason::None => "",
    }
}

#[cfg(test)]
mod tests;
