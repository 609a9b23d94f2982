//! Where in the text of a log its entries begin and end.
//!
//! Both programs write an item as a line that starts with a dash in one column, followed by
//! lines that are indented further; so no line within an item looks like the start of one.

use crate::{Entry, yaml::Lines};

/// The column of the dashes in a log that has none yet.
const COLUMN: usize = 4;

/// The column of the first dash below `entries:`.
pub(crate) fn column(head: &[u8]) -> Option<usize> {
    let mut lines = head.split(|byte| *byte == b'\n');
    lines.find(|line| value_of_entries(line).is_some_and(<[u8]>::is_empty))?;
    let first = lines.find(|line| !is_idle(line))?;
    let column = first.iter().position(|byte| *byte != b' ')?;
    is_item(first, column).then_some(column)
}

/// What follows `entries:` on its line, without a comment.
fn value_of_entries(line: &[u8]) -> Option<&[u8]> {
    let value = line.strip_prefix(b"entries:")?;
    let comment = value.windows(2).position(|pair| pair == b" #").unwrap_or(value.len());
    value.get(..comment).map(<[u8]>::trim_ascii)
}

/// Whether there is nothing but space, or a comment.
fn is_idle(line: &[u8]) -> bool {
    matches!(line.trim_ascii_start().first(), None | Some(b'#'))
}

fn is_item(line: &[u8], column: usize) -> bool {
    let (Some(pad), Some(rest)) = (line.get(..column), line.get(column..)) else { return false };
    let after_dash = rest.strip_prefix(b"-").map(<[u8]>::first);
    pad.iter().all(|byte| *byte == b' ') && matches!(after_dash, Some(None | Some(b' ' | b'\n')))
}

/// The offset of the last line that starts an item; the first line does not count when it may
/// be the end of a line.
pub(crate) fn last_item(text: &[u8], column: usize, starts_inside: bool) -> Option<usize> {
    let mut offset = 0;
    let mut last = None;
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if is_item(line, column) && (number > 0 || !starts_inside) {
            last = Some(offset);
        }
        offset += line.len();
    }
    last
}

/// Whether everything after the item's first line still belongs to it.
pub(crate) fn is_one_item(text: &[u8], column: usize) -> bool {
    let belongs = |line: &[u8]| {
        line.trim_ascii().is_empty()
            || line.iter().take_while(|byte| **byte == b' ').count() > column
    };
    text.split(|byte| *byte == b'\n').skip(1).all(belongs)
}

/// Lengths to which a log that can't be read may be cut, the longest first: what a file system
/// filled with zeros, then the last item, then a first line that was not finished.
pub(crate) fn cuts(text: &[u8]) -> Vec<usize> {
    let zeros = text.iter().rev().take_while(|byte| **byte == 0).count();
    let written = text.get(..text.len() - zeros).unwrap_or_default();
    let item = column(written).and_then(|column| last_item(written, column, false));
    let is_start = b"entries:".starts_with(written);
    [(zeros > 0).then_some(written.len()), item, is_start.then_some(0)]
        .into_iter()
        .flatten()
        .collect()
}

/// Where the next item goes.
pub(crate) struct Place {
    /// What is behind it, if anything, says that there are no entries.
    pub(crate) offset: usize,
    prefix: &'static str,
    column: usize,
}

impl Place {
    /// Right at the end of a text of `len` bytes that has items in `column`.
    pub(crate) fn behind(len: usize, column: usize, last: Option<&u8>) -> Self {
        Self { offset: len, prefix: if last == Some(&b'\n') { "" } else { "\n" }, column }
    }

    /// At the end of `text`, which holds entries or not; `None` where it is not clear.
    pub(crate) fn of(text: &[u8], is_empty: bool) -> Option<Self> {
        if is_empty {
            return Self::first(text);
        }
        Some(Self::behind(text.len(), column(text)?, text.last()))
    }

    fn first(text: &[u8]) -> Option<Self> {
        let mut start = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if let Some(value) = value_of_entries(line) {
                let rest = text.get(start + line.len()..).unwrap_or_default();
                if value.is_empty() && rest.split(|byte| *byte == b'\n').all(is_idle) {
                    return Some(Self::behind(text.len(), COLUMN, text.last()));
                }
                let is_none = matches!(value, b"[]" | b"null" | b"~");
                return (is_none && rest.trim_ascii().is_empty()).then_some(Self {
                    offset: start + "entries:".len(),
                    prefix: "\n",
                    column: COLUMN,
                });
            }
            start += line.len();
        }
        let prefix =
            if matches!(text.last(), None | Some(b'\n')) { "entries:\n" } else { "\nentries:\n" };
        Some(Self { offset: text.len(), prefix, column: COLUMN })
    }

    /// What is written there.
    pub(crate) fn text(&self, entry: &Entry) -> String {
        let lines = Lines { entry, column: self.column };
        format!("{}{lines}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_is_that_of_the_first_dash() {
        assert_eq!(column(b"entries:\n    - a: 1\n"), Some(4));
        assert_eq!(column(b"version: 1\nentries: # all\n# one\n\n- a: 1\n"), Some(0));
        assert_eq!(column(b"entries:\n  -"), Some(2));
        assert_eq!(column(b"entries: [a]\n"), None);
        assert_eq!(column(b"entries:\n"), None);
        assert_eq!(column(b"entries:\n    a: 1\n"), None);
        assert_eq!(column(b"entries:\n    -5\n"), None);
    }

    #[test]
    fn the_last_item_starts_in_that_column_only() {
        let text = b"entries:\n    - a: |-\n          - b\n    - c:\n        - d\n";
        assert_eq!(last_item(text, 4, false), Some(35));
        assert_eq!(last_item(b"    - a\n", 4, true), None);
    }
}
