//! What the Go program does with a log: it reads all, and writes all anew, with its own spelling.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Scratch;

#[derive(Deserialize)]
struct Log {
    entries: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Item {
    timestamp: String,
    action: String,
    details: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

/// Rewrites the log as it is.
pub(crate) fn rewrite(scratch: &Scratch) {
    write(scratch, &read(scratch));
}

/// Adds an entry, which has no link.
pub(crate) fn append(scratch: &Scratch, action: &str, details: &str) {
    let mut log = read(scratch);
    log.push(Item {
        timestamp: "2026-11-23T17:11:24.656709191+01:00".to_owned(),
        action: action.to_owned(),
        details: details.to_owned(),
        metadata: BTreeMap::new(),
    });
    write(scratch, &log);
}

fn read(scratch: &Scratch) -> Vec<Item> {
    if !scratch.path().exists() {
        return Vec::new();
    }
    let log = serde_saphyr::from_str::<Option<Log>>(&scratch.text()).unwrap();
    log.and_then(|log| log.entries).unwrap_or_default()
}

fn write(scratch: &Scratch, log: &[Item]) {
    if log.is_empty() {
        return scratch.write("entries: []\n");
    }
    scratch.write(log.iter().map(lines).fold("entries:\n".to_owned(), |text, e| text + &e));
}

fn lines(item: &Item) -> String {
    let Item { timestamp, action, details, metadata } = item;
    let mut lines = vec![
        format!("    - timestamp: {timestamp}"),
        format!("      action: {}", scalar(action, 10)),
        format!("      details: {}", scalar(details, 10)),
    ];
    lines.extend((!metadata.is_empty()).then(|| "      metadata:".to_owned()));
    let pair = |(key, value): (&String, &String)| {
        format!("        {}: {}", scalar(key, 12), scalar(value, 12))
    };
    lines.extend(metadata.iter().map(pair));
    lines.join("\n") + "\n"
}

/// Plain where it can be, then in single quotes, then in double quotes; several lines as a block.
fn scalar(text: &str, column: usize) -> String {
    if text.contains('\n') {
        let pad = " ".repeat(column);
        return format!("|-\n{pad}{}", text.replace('\n', &format!("\n{pad}")));
    }
    if text.chars().any(is_unprintable) || would_be_misread(text) {
        return format!("\"{}\"", text.chars().map(escaped).collect::<String>());
    }
    let starts_badly = text.starts_with(|c: char| " -?:,[]{}#&*!|>'\"%@`".contains(c));
    if starts_badly || text.contains(": ") || text.contains(" #") || text.ends_with([' ', ':']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    text.to_owned()
}

/// By yaml.v3's own definition.
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{10000}'..)
}

fn escaped(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        c if is_unprintable(c) => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    }
}

fn would_be_misread(text: &str) -> bool {
    const WORDS: [&str; 13] =
        ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", ".inf"];
    let is_date = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    WORDS.contains(&text.to_lowercase().as_str())
        || ["0x", "0o", "0b"].iter().any(|radix| text.starts_with(radix))
        || text.replace('_', "").parse::<f64>().is_ok()
        || is_date
}
