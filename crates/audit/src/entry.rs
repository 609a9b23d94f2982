//! One entry of the log, and what may not be in one.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::Link;

/// Longest entry, in bytes of its texts taken together.
const LONGEST: usize = 64 << 10;
/// Longest metadata key, in bytes.
const LONGEST_KEY: usize = 128;
/// The metadata key that holds an entry's link.
pub(crate) const CHAIN: &str = "chain";

/// What was done, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// To the nanosecond; written in UTC.
    pub timestamp: Timestamp,
    /// A word for programs: `publish`.
    pub action: String,
    /// A phrase for people: `published to 2 servers`.
    pub details: String,
    /// The values of that phrase by name, without the link of the chain.
    pub metadata: BTreeMap<String, String>,
    /// As it is in the file.
    pub(crate) chain: Option<String>,
}

impl Entry {
    /// An entry that is in no log yet.
    pub fn new(
        timestamp: Timestamp,
        action: impl Into<String>,
        details: impl Into<String>,
        metadata: BTreeMap<String, String>,
    ) -> Self {
        let (action, details) = (action.into(), details.into());
        Self { timestamp, action, details, metadata, chain: None }
    }

    /// The link that it was appended with; `None` when it is not ours, or the link is spoilt.
    pub fn chain(&self) -> Option<Link> {
        self.chain.as_deref()?.parse().ok()
    }

    pub(crate) fn linked(self, link: Link) -> Self {
        Self { chain: Some(link.to_string()), ..self }
    }

    /// Refuses what must not be appended.
    pub(crate) fn check(&self) -> Result<(), BadEntry> {
        if self.metadata.contains_key(CHAIN) {
            return Err(BadEntry::Reserved);
        }
        if let Some(key) = self.metadata.keys().find(|key| !is_key(key)) {
            return Err(BadEntry::Key(key.clone()));
        }
        let year = year(self.timestamp);
        if !(0..=9999).contains(&year) {
            return Err(BadEntry::Year(year));
        }
        let bytes = self.texts().map(|(_, text)| text.len()).sum();
        if bytes > LONGEST {
            return Err(BadEntry::TooLong { bytes, allowed: LONGEST });
        }
        self.texts().try_for_each(|(field, text)| match text.chars().find(|c| is_refused(*c)) {
            Some(character) => Err(BadEntry::Control { field, character }),
            None => Ok(()),
        })
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let pairs = self.metadata.iter().flat_map(|(key, value)| [key, value]);
        [("action", self.action.as_str()), ("details", self.details.as_str())]
            .into_iter()
            .chain(pairs.map(|text| ("metadata", text.as_str())))
    }
}

/// Separators of lines and paragraphs count: Go's YAML writer puts a line break after them.
fn is_refused(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

fn is_key(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (1..=LONGEST_KEY).contains(&text.len()) && text.chars().all(is_letter)
}

fn year(time: Timestamp) -> i16 {
    Date::from(TimeZone::UTC.to_datetime(time)).year()
}

/// Why an entry can't be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// Line feeds, escape sequences and their kin.
    #[error("control character {character:?} in the {field} of an audit entry")]
    Control {
        /// `action`, `details` or `metadata`.
        field: &'static str,
        /// The first one.
        character: char,
    },
    /// The metadata has a key of the log's own.
    #[error("the metadata key \"chain\" of an audit entry is the log's own")]
    Reserved,
    /// The name of a value is none that every YAML reader takes for a plain key.
    #[error(
        "{0:?} is no metadata key, which has 1 to 128 ASCII letters, digits, dashes or underscores"
    )]
    Key(String),
    /// The texts are too long.
    #[error("an audit entry has {bytes} bytes, {allowed} are allowed")]
    TooLong {
        /// Of all texts together.
        bytes: usize,
        /// The limit.
        allowed: usize,
    },
    /// RFC 3339 has four digits for the year.
    #[error("the year {0} of an audit entry has not four digits")]
    Year(i16),
}
