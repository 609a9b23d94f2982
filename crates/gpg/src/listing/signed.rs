//! Every signature of a listing with its subpackets, as `show-sig-subpackets` prints them.

use super::ListingError;
use super::record::{Record, user_id};
use super::signatures::judged;
use crate::assuan;
use crate::id::Fingerprint;
use crate::signature::{On, Signature, Subpacket};

/// All signatures of a listing made with `--list-options show-sig-subpackets`, in its order.
///
/// Those of certificates whose fingerprints are not version 4 are left out.
///
/// # Errors
///
/// [`ListingError::Field`] for a signature without class or key id.
pub fn signatures(text: &[u8]) -> Result<Vec<Signature>, ListingError> {
    let text = String::from_utf8_lossy(text);
    let mut place = Place::default();
    let mut found: Vec<Signature> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let record = Record::new(index, line);
        match record.field(1) {
            "sig" | "rev" => {
                place.open = place.signed().is_some();
                found.extend(place.signed().map(|on| signature(&record, on)).transpose()?);
            }
            "spk" if place.open => {
                found.last_mut().into_iter().for_each(|last| {
                    last.subpackets.extend(subpacket(&record));
                });
            }
            "spk" => {}
            _ => place.moved(&record),
        }
    }
    Ok(found)
}

/// Where in the listing the next signature will belong.
#[derive(Default)]
struct Place {
    certificate: Option<Fingerprint>,
    on: Option<On>,
    /// A key record came, and its fingerprint has not yet.
    key: Option<KeyRecord>,
    /// The last signature is one of ours to fill.
    open: bool,
}

#[derive(Clone, Copy)]
enum KeyRecord {
    Primary,
    Subkey,
}

impl Place {
    fn moved(&mut self, record: &Record<'_>) {
        match (record.field(1), self.key) {
            ("pub" | "sec", _) => *self = Self { key: Some(KeyRecord::Primary), ..Self::default() },
            ("sub" | "ssb", _) => (self.on, self.key) = (None, Some(KeyRecord::Subkey)),
            ("uid", _) => self.on = Some(On::UserId(user_id(record).text)),
            ("uat", _) => self.on = Some(On::Attribute),
            ("fpr", Some(kind)) => self.named(kind, record.field(10).parse().ok()),
            _ => {}
        }
    }

    fn named(&mut self, kind: KeyRecord, fingerprint: Option<Fingerprint>) {
        self.key = None;
        match kind {
            KeyRecord::Primary => {
                (self.certificate, self.on) = (fingerprint, Some(On::Primary));
            }
            KeyRecord::Subkey => self.on = fingerprint.map(On::Subkey),
        }
    }

    fn signed(&self) -> Option<(Fingerprint, On)> {
        self.certificate.zip(self.on.clone())
    }
}

/// The class is followed by `x` or `l` (exportable or local), and a revocation's by its reason.
fn signature(
    record: &Record<'_>,
    (certificate, on): (Fingerprint, On),
) -> Result<Signature, ListingError> {
    let class = record.field(11);
    let number = class.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let wrong =
        || ListingError::Field { line: record.line, field: "class", found: class.to_owned() };
    Ok(Signature {
        certificate,
        on,
        issuer: record.parsed(5, "key id")?,
        issuer_fingerprint: record.field(13).parse().ok(),
        class: number.ok_or_else(wrong)?,
        exportable: !class.get(2..).is_some_and(|rest| rest.starts_with('l')),
        verdict: judged(record.field(2)),
        created: record.time(6),
        expires: record.time(7),
        hash: record.field(16).parse().unwrap_or(0).into(),
        subpackets: Vec::new(),
    })
}

/// `spk:<type>:<flags>:<length>:<data>`, where flag 1 means "signed".
fn subpacket(record: &Record<'_>) -> Option<Subpacket> {
    let flags: u8 = record.field(3).parse().ok()?;
    let data = assuan::unescape(record.field(5).as_bytes());
    Some(Subpacket { kind: record.field(2).parse().ok()?, hashed: flags & 1 != 0, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Reason;
    use proptest::prelude::*;

    const PUB: &str = "pub:u:255:22:EB0DFC89681582D0:1795478308:::u:::cESCA:::+::ed25519:::0:";
    const FPR: &str = "fpr:::::::::358D090F42CDCD76118ACBFFEB0DFC89681582D0:";
    const SUB: [&str; 2] = [
        "sub:r:255:22:69C0F540F34C629D:1795478311:2051136000:::::s:::::ed25519::",
        "fpr:::::::::0830A7BEC6AD88319466A8E669C0F540F34C629D:",
    ];
    const REV: &str = "rev:!::22:EB0DFC89681582D0:1795478322::::A <a@a>:28x,02::358D090F42CDCD76118ACBFFEB0DFC89681582D0:::8:::::hello:";
    const LOCAL: &str = "sig:!::22:EB0DFC89681582D0:1795478322:1827014428:::A <a@a>:12l::358D090F42CDCD76118ACBFFEB0DFC89681582D0:::2:";

    #[test]
    fn each_signature_goes_to_what_it_is_on() {
        let reason = "spk:29:1:21:%02hello%0Aworld%3A l%C3%A4ptop";
        let lines = [
            PUB,
            FPR,
            "uid:u::::9::H::A\\x3a:",
            LOCAL,
            SUB[0],
            SUB[1],
            REV,
            reason,
            "spk:27:0:1: ",
        ];
        let found = signatures(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(found[0].on, On::UserId("A:".to_owned()));
        assert_eq!(
            (found[0].class, found[0].exportable, found[0].hash.to_string()),
            (0x12, false, "sha1".to_owned())
        );
        assert!(found[0].expires.is_some() && found[0].subpackets.is_empty());
        assert_eq!(
            found[1].on,
            On::Subkey("0830A7BEC6AD88319466A8E669C0F540F34C629D".parse().unwrap())
        );
        let why = found[1].reason().unwrap();
        assert_eq!(
            (why.reason, why.message.as_str()),
            (Reason::Compromised, "hello\nworld: läptop")
        );
        assert_eq!(found[1].subpackets[1].data, b" ");
        assert!(found[1].says(27).is_none() && found[1].is_revocation() && found[1].is_own());
    }

    #[test]
    fn subpackets_of_what_is_left_out_go_nowhere() {
        let long = format!("fpr:::::::::{}:", "AB".repeat(32));
        let lines = [PUB, FPR, LOCAL, PUB, &long, REV, "spk:29:1:1:%00"];
        let found = signatures(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].subpackets.is_empty());
    }

    #[test]
    fn a_signature_without_class_is_an_error() {
        let lines = [PUB, FPR, "sig:::22:EB0DFC89681582D0:1:::::x"];
        let error = signatures(lines.join("\n").as_bytes()).unwrap_err();
        insta::assert_snapshot!(error, @r#"line 3 of gpg's listing has "x" as class"#);
    }

    proptest! {
        #[test]
        fn no_listing_makes_the_parser_panic(
            lines in proptest::collection::vec("((pub|sub|uid|uat|sig|rev|spk|fpr):[-!ur0-9]?:[0-9]{0,4}:[0-9]{0,3}:[0-9A-F%]{0,16}:[0-9]{0,12})?(:\\PC{0,12}){0,12}", 0..12)
        ) {
            drop(signatures(lines.join("\n").as_bytes()));
        }
    }
}
