//! What differs from run to run, taken out of what programs print.

/// A part of a pattern.
#[derive(Clone, Copy, Debug)]
enum Piece {
    /// So many decimal digits.
    Digits(usize),
    /// So many lower-case hex digits.
    Lower(usize),
    /// So many upper-case hex digits.
    Upper(usize),
    /// So many lower-case letters or digits.
    Name(usize),
    /// This text.
    Text(&'static str),
}

use Piece::{Digits, Lower, Name, Text, Upper};

/// What is replaced by what, tried in this order at the beginning of each word.
const PATTERNS: [(&[Piece], &str); 10] = [
    (&[Digits(8), Text("T"), Digits(6), Text("Z")], "[time]"),
    (&moment("T"), "[time]"),
    (&moment(" "), "[time]"),
    (&[Digits(4), Text("-"), Digits(2), Text("-"), Digits(2)], "[date]"),
    (&[Lower(64)], "[64 hex digits]"),
    (&[Upper(40)], "[fingerprint]"),
    (&[Lower(32)], "[32 hex digits]"),
    (&[Upper(16)], "[key id]"),
    (&[Text("gpgsmith-"), Name(16)], "[random name]"),
    (&[Text("gpgsmith-"), Lower(8), Text("-"), Name(16)], "[random name]"),
];

/// `2026-11-23T17:11:05`, with this between date and time of day.
const fn moment(between: &'static str) -> [Piece; 11] {
    let [dash, colon] = [Text("-"), Text(":")];
    let [two, four] = [Digits(2), Digits(4)];
    [four, dash, two, dash, two, Text(between), two, colon, two, colon, two]
}

/// `text` without the times, ids, fingerprints and random names in it, with `[dir]` for `dir` and
/// `[host]` for the system's name in the names of files.
pub fn redact(text: &str, dir: &str) -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let text = text.replace(dir, "[dir]");
    let text = text.replace(&format!(".session-{}", host.to_string_lossy()), ".session-[host]");
    let text = text.replace("(just now)", "(some time ago)");
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let inside = redacted.ends_with(char::is_alphanumeric);
        if let Some((length, replacement)) = found(rest).or_else(|| age(rest)).filter(|_| !inside) {
            redacted.push_str(replacement);
            rest = rest.get(length..).unwrap_or_default();
        } else {
            redacted.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    redacted
}

/// The first pattern that `text` begins with, and how much of it that is.
fn found(text: &str) -> Option<(usize, &'static str)> {
    PATTERNS.iter().find_map(|(pieces, replacement)| {
        let mut length = 0;
        for piece in *pieces {
            length += piece.begins(text.get(length..)?)?;
        }
        if *replacement == "[time]" {
            length += fraction_and_zone(text.get(length..)?);
        }
        let ends = !text.get(length..)?.starts_with(char::is_alphanumeric);
        ends.then_some((length, *replacement))
    })
}

/// `3 days ago` at the beginning of `text`.
fn age(text: &str) -> Option<(usize, &'static str)> {
    let (number, rest) = text.split_once(' ')?;
    let (unit, rest) = rest.split_once(' ')?;
    let units = ["minute", "hour", "day", "month", "year"];
    let is_age = number.bytes().all(|byte| byte.is_ascii_digit())
        && units.contains(&unit.trim_end_matches('s'))
        && rest.starts_with("ago");
    let length = number.len() + unit.len() + " ".len() * 2;
    (is_age && !number.is_empty()).then_some((length, "some time "))
}

/// How long `.123Z` is at the beginning of `text`.
fn fraction_and_zone(text: &str) -> usize {
    let digits = text.strip_prefix('.').map_or(0, |rest| {
        1 + rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len()
    });
    let fraction = if digits > 1 { digits } else { 0 };
    fraction + usize::from(text.get(fraction..).is_some_and(|rest| rest.starts_with('Z')))
}

impl Piece {
    /// How long it is at the beginning of `text`, if it is there.
    fn begins(self, text: &str) -> Option<usize> {
        let (count, fits): (usize, fn(u8) -> bool) = match self {
            Digits(count) => (count, |byte| byte.is_ascii_digit()),
            Lower(count) => (count, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
            Upper(count) => (count, |byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')),
            Name(count) => (count, |byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()),
            Text(expected) => return text.starts_with(expected).then_some(expected.len()),
        };
        let bytes = text.as_bytes().get(..count)?;
        bytes.iter().all(|&byte| fits(byte)).then_some(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_is_taken_out_and_the_rest_stays() {
        for (text, expected) in [
            ("sealed: 20261123T171105Z_setup-2026.tar.age", "sealed: [time]_setup-2026.tar.age"),
            ("at 2026-11-23T17:11:05.123Z.", "at [time]."),
            ("at 2026-11-23T17:11:05Z", "at [time]"),
            ("2026-11-23 17:11:05  x", "[time]  x"),
            ("C  2026-11-23  -", "C  [date]  -"),
            ("(12 days ago), 3 days (just now)", "(some time ago), 3 days (some time ago)"),
            ("master 203E92AA7E59B62AFB0632831BAD42B9D3EB840E", "master [fingerprint]"),
            ("33DC8F1EEE57B934 ed25519", "[key id] ed25519"),
            ("/dev/shm/gpgsmith-abcdefghij234567/home", "/dev/shm/[random name]/home"),
            ("/tmp/x1/vault", "[dir]/vault"),
            ("x2026-11-23 12345678901234567", "x2026-11-23 12345678901234567"),
        ] {
            assert_eq!(redact(text, "/tmp/x1"), expected);
        }
    }
}
