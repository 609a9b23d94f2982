//! What the primary key's own signatures say; everybody else's are passed over.

use jiff::Timestamp;

use super::record::Record;
use crate::certificate::{SelfSignature, UserIdEntry};
use crate::id::Fingerprint;

/// What the primary key's signatures on one thing say.
#[derive(Default)]
pub(super) struct Signatures {
    bound: Option<Timestamp>,
    pub(super) revoked: Option<Timestamp>,
    seen: Option<SelfSignature>,
}

impl Signatures {
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let (time, good) = (record.time(6), judged(record.field(2)));
        if good != SelfSignature::Bad {
            let date = if record.field(1) == "rev" { &mut self.revoked } else { &mut self.bound };
            *date = [*date, time].into_iter().flatten().min();
        }
        self.seen = Some(better(self.seen, good));
    }

    pub(super) fn verdict(&self) -> SelfSignature {
        self.seen.unwrap_or(SelfSignature::Missing)
    }

    pub(super) fn onto(&self, entry: UserIdEntry) -> UserIdEntry {
        let self_signature = self.verdict();
        UserIdEntry { created: self.bound, revoked: self.revoked, self_signature, ..entry }
    }
}

fn better(old: Option<SelfSignature>, new: SelfSignature) -> SelfSignature {
    match (old, new) {
        (Some(SelfSignature::Good), _) => SelfSignature::Good,
        (Some(old), SelfSignature::Bad) => old,
        (_, new) => new,
    }
}

/// Anything but "good" and "was not looked at" is bad: no key, an error, an unknown algorithm.
pub(super) fn judged(field: &str) -> SelfSignature {
    match field.chars().next() {
        Some('!') => SelfSignature::Good,
        None => SelfSignature::Unchecked,
        Some(_) => SelfSignature::Bad,
    }
}

/// By its fingerprint where the signature names one, else by the key id.
pub(super) fn made_by(record: &Record<'_>, issuer: Fingerprint) -> bool {
    match record.field(13) {
        "" => record.field(5).parse() == Ok(issuer.key_id()),
        named => named.parse() == Ok(issuer),
    }
}
