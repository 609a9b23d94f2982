//! The running hash over the entries, and the links that record it.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

use crate::Entry;

/// A SHA-256 value; prints as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest, which has 64 lower-case hex digits")]
pub struct BadDigest(String);

impl FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        unhex(text.as_bytes()).map(Self).ok_or_else(|| BadDigest(text.to_owned()))
    }
}

fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let bytes = pairs.iter().map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?));
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// What an entry records: which one it is, and the digest of all before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Counted from 1.
    pub index: u64,
    /// Rᵢ₋₁ for the entry i.
    pub digest: Digest,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.digest)
    }
}

/// A text that is no link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a link of the chain, which is a number, a colon and a digest")]
pub struct BadLink(String);

impl FromStr for Link {
    type Err = BadLink;

    fn from_str(text: &str) -> Result<Self, BadLink> {
        let parse = || {
            let (index, digest) = text.split_once(':')?;
            let is_canonical = index.starts_with(|c: char| matches!(c, '1'..='9'));
            let index = index.parse().ok().filter(|_| is_canonical)?;
            Some(Self { index, digest: digest.parse().ok()? })
        };
        parse().ok_or_else(|| BadLink(text.to_owned()))
    }
}

/// How many entries a log has, and the digest over them all.
///
/// Who remembers one notices later that the log was cut or written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// By the last link, if there is one: the number of entries that there should be.
    pub count: u64,
    /// R of the last entry.
    pub digest: Digest,
}

impl Head {
    /// The head of an empty log.
    pub(crate) fn origin(seed: &str) -> Self {
        let digest = Sha256::new().chain_update("gpgsmith-audit-v1").chain_update(seed);
        Self { count: 0, digest: Digest(digest.finalize().into()) }
    }

    /// The head before the entry that carries `link`.
    pub(crate) fn before(link: Link) -> Self {
        Self { count: link.index.saturating_sub(1), digest: link.digest }
    }

    /// The head once `entry` is added.
    pub(crate) fn after(&self, entry: &Entry) -> Self {
        let digest = Sha256::new().chain_update(self.digest.0).chain_update(canonical(entry));
        Self { count: self.count.saturating_add(1), digest: Digest(digest.finalize().into()) }
    }

    /// The head once `entries` are added, where the last link among them is believed.
    pub(crate) fn after_all(self, entries: &[Entry]) -> Self {
        let start = entries.iter().rposition(|entry| entry.chain().is_some()).unwrap_or(0);
        let rest = entries.get(start..).unwrap_or_default();
        let link = rest.first().and_then(Entry::chain);
        rest.iter().fold(link.map_or(self, Self::before), |head, entry| head.after(entry))
    }

    /// What the next entry records.
    pub(crate) fn link(&self) -> Link {
        Link { index: self.count.saturating_add(1), digest: self.digest }
    }
}

/// The bytes that are hashed: values and nothing of their spelling.
fn canonical(entry: &Entry) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    put(&format!("{:.9}", entry.timestamp));
    put(&entry.action);
    put(&entry.details);
    for (key, value) in &entry.metadata {
        put(key);
        put(value);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn entry(metadata: &[(&str, &str)]) -> Entry {
        let metadata = metadata.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let timestamp = "2026-05-14T08:40:11Z".parse().unwrap();
        Entry::new(timestamp, "publish", "to 2", metadata.collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn canonical_bytes_are_length_prefixed() {
        let expected = [
            b"\0\0\0\0\0\0\0\x1e2026-05-14T08:40:11.000000000Z".as_slice(),
            b"\0\0\0\0\0\0\0\x07publish",
            b"\0\0\0\0\0\0\0\x04to 2",
            b"\0\0\0\0\0\0\0\x01k",
            b"\0\0\0\0\0\0\0\0",
        ];
        assert_eq!(canonical(&entry(&[("k", "")])), expected.concat());
    }

    #[test]
    fn the_digests_are_those_of_another_implementation() {
        let origin = Head::origin("0123456789abcdef0123456789abcdef");
        insta::assert_snapshot!(origin.link(), @"1:27320b1a2c96c8bd8f6ffba2d571e1b3e1276562f79db81e6f572d019aab6621");
        let first = origin.after(&entry(&[])).link();
        insta::assert_snapshot!(first, @"2:85fa560b6a04a7f096fd5704119413232fd009c0e7ebf7fc27266d090de04cb3");
    }

    #[test]
    fn links_print_as_they_parse() {
        let text = format!("12:{}", "0a".repeat(32));
        assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
        let bad = ["", ":", "0:", "01:", "+1:", " 1:", "18446744073709551616:"];
        for start in bad {
            assert!(format!("{start}{}", "0a".repeat(32)).parse::<Link>().is_err(), "{start}");
        }
        for digest in ["0a".repeat(31), "0A".repeat(32), "é".repeat(32), "0a".repeat(32) + "0"] {
            assert!(format!("1:{digest}").parse::<Link>().is_err(), "{digest}");
        }
    }
}
