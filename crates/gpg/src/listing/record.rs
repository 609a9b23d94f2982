//! One line of a listing, and what the records of keys and user ids say.

use jiff::Timestamp;

use super::ListingError;
use super::signatures::Signatures;
use crate::algo::Algorithm;
use crate::assuan;
use crate::certificate::{Key, Secret, SelfSignature, UserIdEntry, Validity};
use crate::id::{Fingerprint, KeyId, Keygrip};
use crate::usage::Usages;

/// One line; fields are counted from 1, as gpg's documentation does.
pub(super) struct Record<'a> {
    pub(super) line: usize,
    fields: Vec<&'a str>,
}

impl<'a> Record<'a> {
    pub(super) fn new(index: usize, line: &'a str) -> Self {
        Self { line: index + 1, fields: line.split(':').collect() }
    }

    pub(super) fn field(&self, number: usize) -> &'a str {
        self.fields.get(number - 1).copied().unwrap_or_default()
    }

    pub(super) fn parsed<T: std::str::FromStr>(
        &self,
        number: usize,
        field: &'static str,
    ) -> Result<T, ListingError> {
        let found = self.field(number);
        let wrong = |_| ListingError::Field { line: self.line, field, found: found.to_owned() };
        found.parse().map_err(wrong)
    }

    /// Seconds since 1970; empty or nonsense is no time.
    pub(super) fn time(&self, number: usize) -> Option<Timestamp> {
        Timestamp::from_second(self.field(number).parse().ok()?).ok()
    }
}

/// A key, until the records after it have been seen.
pub(super) struct PartialKey {
    line: usize,
    key_id: KeyId,
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) key: KeyFields,
    pub(super) signatures: Signatures,
}

/// What the key's own record says.
pub(super) struct KeyFields {
    algorithm: Algorithm,
    usage: Usages,
    validity: Validity,
    created: Timestamp,
    expires: Option<Timestamp>,
    secret: Secret,
    disabled: bool,
    pub(super) keygrip: Option<Keygrip>,
    pub(super) material: Vec<Vec<u8>>,
}

impl PartialKey {
    pub(super) fn whole(self) -> Result<Key, ListingError> {
        let fingerprint =
            self.fingerprint.ok_or(ListingError::NoFingerprint { line: self.line })?;
        let KeyFields {
            algorithm,
            usage,
            validity,
            created,
            expires,
            secret,
            disabled,
            keygrip,
            material,
        } = self.key;
        Ok(Key {
            fingerprint,
            key_id: self.key_id,
            keygrip,
            algorithm,
            usage,
            validity,
            created,
            expires,
            revoked: self.signatures.revoked,
            secret,
            disabled,
            binding: self.signatures.verdict(),
            material,
        })
    }
}

pub(super) fn partial_key(record: &Record<'_>) -> Result<PartialKey, ListingError> {
    let bits = record.field(3).parse().unwrap_or(0);
    let wrong = || ListingError::Field {
        line: record.line,
        field: "creation time",
        found: record.field(6).to_owned(),
    };
    let capabilities = record.field(12);
    let key = KeyFields {
        algorithm: Algorithm::listed(record.parsed(4, "algorithm")?, bits, record.field(17)),
        usage: Usages::of_letters(capabilities),
        validity: Validity::of(record.field(2)),
        created: record.time(6).ok_or_else(wrong)?,
        expires: record.time(7),
        secret: secret(record.field(15), record.field(1)),
        disabled: capabilities.contains('D'),
        keygrip: None,
        material: Vec::new(),
    };
    let key_id = record.parsed(5, "key id")?;
    Ok(PartialKey {
        line: record.line,
        key_id,
        fingerprint: None,
        key,
        signatures: Signatures::default(),
    })
}

/// In a secret listing an old gpg leaves the field empty for a key that is there.
fn secret(field: &str, kind: &str) -> Secret {
    match (field, kind) {
        ("+", _) | ("", "sec" | "ssb") => Secret::Present,
        ("", _) => Secret::Absent,
        (serial, _) => serial.parse().map_or(Secret::Stub, Secret::Card),
    }
}

pub(super) fn user_id(record: &Record<'_>) -> UserIdEntry {
    UserIdEntry {
        text: unescape(record.field(10)),
        hash: record.field(8).to_owned(),
        validity: Validity::of(record.field(2)),
        created: None,
        revoked: None,
        self_signature: SelfSignature::Missing,
    }
}

/// gpg writes `\x3a` for a colon, and likewise backslashes and control characters.
fn unescape(text: &str) -> String {
    String::from_utf8_lossy(&assuan::undo(text.as_bytes(), b"\\x")).into_owned()
}
