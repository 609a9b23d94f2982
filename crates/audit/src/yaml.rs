//! Entries from and to YAML.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    path::Path,
};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_saphyr::MergeKeyPolicy;

use crate::{Entry, LoadError, entry::CHAIN};

#[derive(Deserialize)]
struct Document {
    entries: Option<Items>,
}

/// The entries, or the first that is none; what follows it is read and not kept, so that a list
/// of nothings takes no memory.
struct Items(Result<Vec<Entry>, (usize, Fault)>);

/// Why an item is no entry.
enum Fault {
    Missing(&'static str),
    Timestamp(String, jiff::Error),
}

/// Everything optional: what is missing gets an error of its own.
#[derive(Default, Deserialize)]
struct Item {
    timestamp: Option<String>,
    action: Option<String>,
    details: Option<String>,
    metadata: Option<BTreeMap<String, Option<String>>>,
}

/// All entries of the log that has these bytes; `path` is for errors.
pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Vec<Entry>, LoadError> {
    let text = str::from_utf8(bytes).map_err(|error| {
        let (line, column) = position(bytes.get(..error.valid_up_to()).unwrap_or_default());
        LoadError::Syntax { path: path.to_owned(), line, column, source: Box::new(error) }
    })?;
    let document = serde_saphyr::from_str_with_options::<Option<Document>>(text, options(text));
    let document = document.map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        LoadError::Syntax { path: path.to_owned(), line, column, source: Box::new(error) }
    })?;
    let items = document.and_then(|document| document.entries);
    items.map_or(Ok(Vec::new()), |Items(items)| items).map_err(|(entry, fault)| {
        let path = path.to_owned();
        match fault {
            Fault::Missing(key) => LoadError::Incomplete { path, entry, key },
            Fault::Timestamp(text, source) => LoadError::Timestamp { path, entry, text, source },
        }
    })
}

/// As many nodes as the text has bytes, and no repetition: a log of any length, but no bomb.
fn options(text: &str) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: text.len() + 64,
            max_nodes: text.len() + 64,
            max_aliases: 0,
        },
        merge_keys: MergeKeyPolicy::AsOrdinary,
        with_snippet: false,
    }
}

/// Line and column, counted from 1, after these bytes.
fn position(before: &[u8]) -> (u64, u64) {
    let lines = before.split(|byte| *byte == b'\n');
    let last = lines.clone().next_back().unwrap_or_default();
    (lines.count() as u64, String::from_utf8_lossy(last).chars().count() as u64 + 1)
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items, A::Error> {
        let mut entries = Vec::new();
        while let Some(item) = list.next_element::<Option<Item>>()? {
            match item.unwrap_or_default().entry() {
                Ok(entry) => entries.push(entry),
                Err(fault) => {
                    while list.next_element::<IgnoredAny>()?.is_some() {}
                    return Ok(Items(Err((entries.len() + 1, fault))));
                }
            }
        }
        Ok(Items(Ok(entries)))
    }
}

impl Item {
    fn entry(self) -> Result<Entry, Fault> {
        let timestamp = self.timestamp.ok_or(Fault::Missing("timestamp"))?;
        let timestamp = time(&timestamp).map_err(|source| Fault::Timestamp(timestamp, source))?;
        let action = self.action.ok_or(Fault::Missing("action"))?;
        let details = self.details.ok_or(Fault::Missing("details"))?;
        let metadata = self.metadata.unwrap_or_default().into_iter();
        let mut metadata = metadata.map(|(key, value)| (key, value.unwrap_or_default())).collect();
        let chain = BTreeMap::remove(&mut metadata, CHAIN);
        Ok(Entry { timestamp, action, details, metadata, chain })
    }
}

/// RFC 3339; like YAML's own timestamps, in UTC where nothing else is said, and dates alone.
fn time(text: &str) -> Result<Timestamp, jiff::Error> {
    text.parse().or_else(|error| {
        let civil = text.parse::<DateTime>().map_err(|_civil| error)?;
        TimeZone::UTC.to_timestamp(civil)
    })
}

/// The lines of one item whose dash stands in `column`.
///
/// `details` comes last and is always in quotes: a file that was cut within this text does not
/// parse, or has an item without details, so that no cut goes unseen.
pub(crate) struct Lines<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) column: usize,
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Entry { timestamp, action, details, metadata, chain }, pad) =
            (self.entry, " ".repeat(self.column));
        writeln!(f, "{pad}- timestamp: {timestamp}")?;
        writeln!(f, "{pad}  action: {}", Scalar(action))?;
        let facts = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let link = chain.iter().map(|link| (CHAIN, link.as_str()));
        let metadata = facts.chain(link).collect::<BTreeMap<_, _>>();
        if !metadata.is_empty() {
            writeln!(f, "{pad}  metadata:")?;
        }
        for (key, value) in metadata {
            writeln!(f, "{pad}    {}: {}", Scalar(key), Scalar(value))?;
        }
        writeln!(f, "{pad}  details: {}", Quoted(details))
    }
}

/// Plain when no YAML reader could take it for anything else than this text.
struct Scalar<'a>(&'a str);

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [&str; 11] =
            ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf"];
        let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_plain = self.0.starts_with(|c: char| c.is_ascii_alphabetic())
            && self.0.chars().all(is_letter)
            && !WORDS.contains(&self.0.to_ascii_lowercase().as_str());
        if is_plain { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}' => {
                    write!(f, "\\u{:04X}", u32::from(c))?;
                }
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Entry>, LoadError> {
        parse(text.as_bytes(), Path::new("log"))
    }

    fn times(text: &str) -> String {
        let text = format!("entries:\n- timestamp: {text}\n  action: a\n  details: b\n");
        parsed(&text).unwrap().remove(0).timestamp.to_string()
    }

    #[test]
    fn every_way_to_write_a_time_is_read() {
        assert_eq!(times("2026-05-14T08:20:05.123456789Z"), "2026-05-14T08:20:05.123456789Z");
        assert_eq!(times("2026-05-14T10:20:05+02:00"), "2026-05-14T08:20:05Z");
        assert_eq!(times("'2026-05-14T08:20:05Z'"), "2026-05-14T08:20:05Z");
        assert_eq!(times("2026-05-14 08:20:05"), "2026-05-14T08:20:05Z");
        assert_eq!(times("2026-05-14"), "2026-05-14T00:00:00Z");
        assert_eq!(times("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
    }

    #[test]
    fn nothing_is_an_empty_log() {
        for text in ["", "\n", "# none\n", "---\n", "entries:\n", "entries: []\n", "entries: ~\n"] {
            assert_eq!(parsed(text).unwrap(), [], "{text:?}");
        }
    }

    #[test]
    fn errors_say_where_and_quote_nothing() {
        let head = "entries:\n    - timestamp: 2026-05-14\n      action: a\n";
        insta::assert_snapshot!(failure(&format!("{head}      details: \"secret\n")), @"log is not an audit log at line 4, column 16: unclosed quote at line 4, column 16");
        insta::assert_snapshot!(failure(head), @"entry 1 in log has no details: ");
        insta::assert_snapshot!(failure(&head.replace("2026", "x2026")), @r#"entry 1 in log has the timestamp "x2026-05-14": failed to parse four digit integer as year: invalid digit, expected 0-9 but got x"#);
        insta::assert_snapshot!(failure("entries: secret\n"), @"log is not an audit log at line 1, column 10: expected sequence start at line 1, column 10");
    }

    fn failure(text: &str) -> String {
        let error = parsed(text).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    }

    #[test]
    fn bytes_that_are_no_text_have_a_position() {
        let error = parse(b"entries:\n    - \xff", Path::new("log")).unwrap_err();
        assert!(matches!(error, LoadError::Syntax { line: 2, column: 7, .. }), "{error}");
    }

    #[test]
    fn an_entry_is_plain_where_it_can_be() {
        let metadata = [("no", "on"), ("label", "green"), ("0x1", "1\"2\\3\u{feff}")];
        let metadata = metadata.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let time = "2026-05-14T08:20:05.5Z".parse().unwrap();
        let entry = Entry::new(time, "create-key", "é: #", metadata);
        insta::assert_snapshot!(Lines { entry: &entry, column: 0 }, @r#"
        - timestamp: 2026-05-14T08:20:05.5Z
          action: create-key
          metadata:
            "0x1": "1\"2\\3\uFEFF"
            label: green
            "no": "on"
          details: "é: #"
        "#);
    }
}
