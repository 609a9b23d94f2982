use std::{
    fmt::{self, Write as _},
    path::Path,
    string::FromUtf8Error,
};

use serde::{Deserialize, Deserializer};

use super::{Config, Entry, RegistryError};

/// What the registry with this text says; `path` is for errors.
pub(super) fn parse(text: &str, path: &Path) -> Result<Config, RegistryError> {
    let options = serde_saphyr::options! { with_snippet: false };
    let config = serde_saphyr::from_str_with_options::<Option<Config>>(text, options);
    config.map(Option::unwrap_or_default).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line(), at.column()));
        RegistryError::Syntax { path: path.to_owned(), line, column, source: Box::new(error) }
    })
}

pub(super) fn not_utf8(error: &FromUtf8Error, path: &Path) -> RegistryError {
    let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
    let valid = String::from_utf8_lossy(valid);
    let last = valid.rsplit('\n').next().unwrap_or_default();
    let line = valid.matches('\n').count() as u64 + 1;
    let column = last.chars().count() as u64 + 1;
    let source = Box::new(error.utf8_error());
    RegistryError::Syntax { path: path.to_owned(), line, column, source }
}

/// A text, or nothing at all.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Entries, or nothing at all, also in place of an entry.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    let list = Option::<Vec<Option<Entry>>>::deserialize(deserializer)?;
    Ok(list.unwrap_or_default().into_iter().map(Option::unwrap_or_default).collect())
}

/// The registry as the Go program writes it.
pub(super) fn render(config: &Config) -> String {
    let Config { vault_dir, identity, gpg_binary, vaults, default } = config.without_blanks();
    let top =
        |key, value: Option<String>| value.map(|value| format!("{key}: {}\n", Scalar(&value)));
    let mut text: String = [
        top("vault_dir", vault_dir),
        top("identity", identity),
        top("gpg_binary", gpg_binary),
        (!vaults.is_empty()).then(|| "vaults:\n".to_owned()),
    ]
    .into_iter()
    .flatten()
    .chain(vaults.iter().map(|entry| item(entry, 4)))
    .chain(top("default", default))
    .collect();
    if text.is_empty() {
        text.push_str("{}\n");
    }
    text
}

/// The lines of one entry whose dash stands in `column`.
pub(super) fn item(entry: &Entry, column: usize) -> String {
    let Entry { name, path, identity, gpg_binary, trusted_master_fp } = entry;
    let optional = [
        ("identity", identity),
        ("gpg_binary", gpg_binary),
        ("trusted_master_fp", trusted_master_fp),
    ];
    let optional = optional.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
    let fields = [("name", name), ("path", path)].into_iter().chain(optional);
    let lines = fields.filter(|(_, value)| !value.is_empty()).enumerate();
    let pad = " ".repeat(column);
    let lines = lines.map(|(number, (key, value))| {
        format!("{pad}{} {key}: {}\n", if number == 0 { '-' } else { ' ' }, Scalar(value))
    });
    let lines = lines.collect::<String>();
    if lines.is_empty() { format!("{pad}- {{}}\n") } else { lines }
}

/// A text as the Go program spells it: plain where it can be, in double quotes where it would be
/// misread or can't be printed, else in single quotes.
pub(super) struct Scalar<'a>(pub(super) &'a str);

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_misread(self.0) || self.0.chars().any(is_unprintable) {
            f.write_char('"')?;
            self.0.chars().try_for_each(|c| escaped(c, f))?;
            f.write_char('"')
        } else if is_plain(self.0) {
            f.write_str(self.0)
        } else {
            write!(f, "'{}'", self.0.replace('\'', "''"))
        }
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn escaped(c: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match c {
        '"' | '\\' => write!(f, "\\{c}"),
        c if is_unprintable(c) => write!(f, "\\u{:04X}", u32::from(c)),
        c => f.write_char(c),
    }
}

/// Whether a YAML reader, old or new, takes it for nothing, a truth, a number or a date.
fn is_misread(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<"];
    let number = text.trim_start_matches(['+', '-']).replace(['_', ':'], "").to_lowercase();
    let is_number = number.parse::<f64>().is_ok()
        || [".inf", ".nan"].contains(&number.as_str())
        || ["0x", "0o", "0b"].iter().any(|radix| number.starts_with(radix));
    let is_date = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || "-:TtZz. +".contains(c));
    WORDS.contains(&text.to_lowercase().as_str()) || is_number || is_date
}

fn is_plain(text: &str) -> bool {
    let is_start = |c: char| c.is_alphanumeric() || "/~._+$".contains(c);
    text.starts_with(is_start)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([' ', ':'])
        && !text.starts_with("...")
}
