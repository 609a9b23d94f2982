//! Reads `gpg --with-colons` (gnupg doc/DETAILS § Format of the colon listings).
//!
//! Each line is a record of fields between colons. A key record is followed by its fingerprint,
//! keygrip and numbers; a user id or subkey by the signatures on it.

mod record;
mod signatures;
mod signed;

pub use signed::signatures;

use record::{PartialKey, Record, partial_key, user_id};
use signatures::{Signatures, made_by};

use crate::certificate::{Certificate, Key, UserIdEntry};
use crate::id::{Fingerprint, bytes_of_hex};

/// A listing that can't be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// A field of a key record does not hold what it should.
    #[error("line {line} of gpg's listing has {found:?} as {field}")]
    Field {
        /// Counted from 1.
        line: usize,
        /// Which field.
        field: &'static str,
        /// What it holds.
        found: String,
    },
    /// A key was not followed by its fingerprint.
    #[error("line {line} of gpg's listing is a key without fingerprint")]
    NoFingerprint {
        /// Where the key's record is, counted from 1.
        line: usize,
    },
    /// A subkey or user id came before any primary key.
    #[error("line {line} of gpg's listing belongs to no key")]
    Stray {
        /// Counted from 1.
        line: usize,
    },
}

/// All certificates of a listing, several primary keys kept apart.
///
/// Certificates whose fingerprints are not version 4 are left out, with a warning in the log.
///
/// # Errors
///
/// [`ListingError`] with the line: a key record that is not one, or stands where none can.
pub fn parse(text: &[u8]) -> Result<Vec<Certificate>, ListingError> {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader::default();
    for (index, line) in text.lines().enumerate() {
        reader.record(&Record::new(index, line))?;
    }
    reader.finish_certificate()?;
    Ok(reader.done)
}

enum Block {
    Key(Box<PartialKey>),
    UserId(UserIdEntry, Signatures),
    /// A photo or whatever else: its signatures are of no interest.
    Other,
}

#[derive(Default)]
struct Reader {
    done: Vec<Certificate>,
    current: Option<Certificate>,
    block: Option<Block>,
    /// Inside a certificate that is left out.
    skipping: bool,
}

impl Reader {
    fn record(&mut self, record: &Record<'_>) -> Result<(), ListingError> {
        match record.field(1) {
            "pub" | "sec" => {
                self.finish_certificate()?;
                self.skipping = false;
                self.begin_key(record)
            }
            _ if self.skipping => Ok(()),
            "sub" | "ssb" => {
                self.begin_part(record)?;
                self.begin_key(record)
            }
            "uid" => {
                self.begin_part(record)?;
                self.block = Some(Block::UserId(user_id(record), Signatures::default()));
                Ok(())
            }
            "uat" => {
                self.begin_part(record)?;
                self.block = Some(Block::Other);
                Ok(())
            }
            "sig" | "rev" => {
                self.signature(record);
                Ok(())
            }
            kind => self.detail(kind, record),
        }
    }

    fn begin_part(&mut self, record: &Record<'_>) -> Result<(), ListingError> {
        self.finish_block()?;
        let inside = self.current.is_some() || self.skipping;
        if inside { Ok(()) } else { Err(ListingError::Stray { line: record.line }) }
    }

    fn begin_key(&mut self, record: &Record<'_>) -> Result<(), ListingError> {
        self.block = Some(Block::Key(Box::new(partial_key(record)?)));
        Ok(())
    }

    fn detail(&mut self, kind: &str, record: &Record<'_>) -> Result<(), ListingError> {
        let Some(Block::Key(key)) = &mut self.block else { return Ok(()) };
        match kind {
            "fpr" if key.fingerprint.is_none() => match record.field(10).parse() {
                Ok(fingerprint) => key.fingerprint = Some(fingerprint),
                Err(_) => {
                    self.skip(record);
                }
            },
            "grp" => key.key.keygrip = Some(record.parsed(10, "keygrip")?),
            "pkd" => key.key.material.extend(bytes_of_hex(record.field(4))),
            _ => {}
        }
        Ok(())
    }

    fn skip(&mut self, record: &Record<'_>) {
        tracing::warn!(
            fingerprint = record.field(10),
            "a key that is not of version 4 is left out"
        );
        self.skipping = self.current.is_none();
        self.block = None;
    }

    fn signature(&mut self, record: &Record<'_>) {
        let Some(issuer) = self.issuer() else { return };
        if !made_by(record, issuer) {
            return;
        }
        match &mut self.block {
            Some(Block::Key(key)) => key.signatures.add(record),
            Some(Block::UserId(_, signatures)) => signatures.add(record),
            Some(Block::Other) | None => {}
        }
    }

    /// The primary key that the current block belongs to.
    fn issuer(&self) -> Option<Fingerprint> {
        match (&self.current, &self.block) {
            (Some(certificate), _) => Some(certificate.fingerprint()),
            (None, Some(Block::Key(key))) => key.fingerprint,
            _ => None,
        }
    }

    fn finish_block(&mut self) -> Result<(), ListingError> {
        match self.block.take() {
            Some(Block::Key(key)) => self.attach(key.whole()?),
            Some(Block::UserId(entry, signatures)) => {
                let entry = signatures.onto(entry);
                self.current
                    .iter_mut()
                    .for_each(|certificate| certificate.user_ids.push(entry.clone()));
            }
            Some(Block::Other) | None => {}
        }
        Ok(())
    }

    fn attach(&mut self, key: Key) {
        if let Some(certificate) = &mut self.current {
            certificate.subkeys.push(key);
        } else {
            let (user_ids, subkeys) = (Vec::new(), Vec::new());
            self.current = Some(Certificate { primary: key, user_ids, subkeys });
        }
    }

    fn finish_certificate(&mut self) -> Result<(), ListingError> {
        self.finish_block()?;
        self.done.extend(self.current.take());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PUB: &str = "pub:u:255:22:173B326E414D95E9:1795474367:::u:::cESCA:::+::ed25519:::0:";
    const FPR: &str = "fpr:::::::::A04116D7102279BB4CB8DC80173B326E414D95E9:";

    fn error(lines: &[&str]) -> String {
        parse(lines.join("\n").as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_record_that_is_cut_off_is_an_error_with_its_line() {
        insta::assert_snapshot!(error(&["tru:", "pub:u:255:22"]), @r#"line 2 of gpg's listing has "" as creation time"#);
        insta::assert_snapshot!(error(&[PUB]), @"line 1 of gpg's listing is a key without fingerprint");
        insta::assert_snapshot!(error(&["uid:u::::1::H::A:"]), @"line 1 of gpg's listing belongs to no key");
    }

    #[test]
    fn records_of_no_interest_are_passed_over() {
        let lines =
            ["", "tru", "cfg:version:2.2.40", PUB, "rvk:::1", FPR, "spk:2:1:1:x", "xyz", "sig"];
        assert_eq!(parse(lines.join("\n").as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn a_key_of_another_version_is_left_out_with_its_parts() {
        let long = format!("fpr:::::::::{}:", "AB".repeat(32));
        let lines = [PUB, &long, "uid:u::::1::H::A:", PUB, FPR];
        let found = parse(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].user_ids.is_empty());
    }

    #[test]
    fn a_photo_is_no_user_id_and_keeps_its_signatures_to_itself() {
        let sig = "sig:::22:173B326E414D95E9:1795474375::::A:13x::A04116D7102279BB4CB8DC80173B326E414D95E9:";
        let lines = [PUB, FPR, "uid:u::::1::H::A:", "uat:u::::1::H::1 2:", sig];
        let found = parse(lines.join("\n").as_bytes()).unwrap();
        assert_eq!(found[0].user_ids.len(), 1);
        assert_eq!(found[0].user_ids[0].created, None);
    }

    #[test]
    fn an_older_signature_of_a_stranger_dates_nothing() {
        let lines = [
            PUB,
            FPR,
            "uid:u::::9::H::A:",
            "sig:::1:28BCB7CCFD8AF026:1::::B:10x::D501F5D1040AEB783CB1758028BCB7CCFD8AF026:",
            "rev:::1:28BCB7CCFD8AF026:2::::B:30x::D501F5D1040AEB783CB1758028BCB7CCFD8AF026:",
            "sig:::22:173B326E414D95E9:3::::forged key id:13x::D501F5D1040AEB783CB1758028BCB7CCFD8AF026:",
            "sig:::22:173B326E414D95E9:8::::A:13x::A04116D7102279BB4CB8DC80173B326E414D95E9:",
            "sig:::22:173B326E414D95E9:7::::of old, without fingerprint:13x:::",
        ];
        let entry = &parse(lines.join("\n").as_bytes()).unwrap()[0].user_ids[0];
        assert_eq!(entry.created.unwrap().as_second(), 7);
        assert_eq!(entry.revoked, None);
    }

    proptest! {
        #[test]
        fn no_listing_makes_the_parser_panic(
            lines in proptest::collection::vec("((pub|sec|sub|uid|uat|sig|rev|fpr|grp|pkd):[-!ur]?:[0-9]{0,4}:[0-9]{0,3}:[0-9A-F]{0,16}:[0-9]{0,12})?(:\\PC{0,12}){0,12}", 0..12)
        ) {
            drop(parse(lines.join("\n").as_bytes()));
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes: Vec<u8>) {
            drop(parse(&bytes));
        }
    }
}
