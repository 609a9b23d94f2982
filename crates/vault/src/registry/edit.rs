//! Changes to the text of a registry that leave the rest of it as it is.
//!
//! Only the usual form is understood: one key a line, the vaults one below the other. Whoever
//! calls parses the result and sees whether it says what it should.

use std::ops::Range;

use super::{
    Config, Entry,
    yaml::{Scalar, item},
};

/// `text`, which says `old`, changed so that it says `new`; `None` where its form is not the
/// usual one.
pub(super) fn edited(text: &str, old: &Config, new: &Config) -> Option<String> {
    let mut lines = Lines::of(text);
    lines.change_entries(&old.vaults, &new.vaults)?;
    let top = [
        ("vault_dir", &old.vault_dir, &new.vault_dir),
        ("identity", &old.identity, &new.identity),
        ("gpg_binary", &old.gpg_binary, &new.gpg_binary),
        ("default", &old.default, &new.default),
    ];
    for (key, old, new) in top {
        if old != new {
            lines.set_top(key, new.as_deref())?;
        }
    }
    Some(lines.0.concat())
}

/// With their line feeds.
struct Lines(Vec<String>);

/// One vault's entry.
struct Item {
    /// From the dash to the last line that says something.
    lines: Range<usize>,
    /// Of the dash.
    column: usize,
}

impl Lines {
    fn of(text: &str) -> Self {
        let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        if let Some(last) = lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push('\n');
        }
        Self(lines)
    }

    fn line(&self, number: usize) -> &str {
        self.0.get(number).map_or("", String::as_str)
    }

    /// The line of a key at the left edge.
    fn top(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|line| is_key(line, key))
    }

    /// The end of what belongs to the key in line `start`, without comments that follow it.
    fn end(&self, start: usize) -> usize {
        let mut end = start + 1;
        for (number, line) in self.0.iter().enumerate().skip(start + 1) {
            if is_idle(line) {
                continue;
            }
            if indent(line) == 0 && !is_dash(line, 0) {
                break;
            }
            end = number + 1;
        }
        end
    }

    fn set_top(&mut self, key: &str, value: Option<&str>) -> Option<()> {
        match (self.top(key), value) {
            (Some(at), _) if self.end(at) != at + 1 => return None,
            (Some(at), Some(value)) => self.set_value(at, key.len(), value)?,
            (Some(at), None) => drop(self.0.remove(at)),
            (None, Some(value)) => self.0.push(format!("{key}: {}\n", Scalar(value))),
            (None, None) => {}
        }
        Some(())
    }

    /// Puts `value` behind the colon at byte `colon`, and keeps a comment behind it.
    fn set_value(&mut self, at: usize, colon: usize, value: &str) -> Option<()> {
        let line = self.0.get_mut(at)?;
        let (key, rest) = line.split_at_checked(colon + 1)?;
        let comment = rest.get(value_len(rest)..)?;
        *line = format!("{key} {}{comment}", Scalar(value));
        Some(())
    }

    /// The entries below `vaults:`; none where there is no such key, or nothing below it.
    fn items(&self) -> Option<Vec<Item>> {
        let Some(start) = self.top("vaults") else { return Some(Vec::new()) };
        let end = self.end(start);
        let says_something = |number: &usize| !is_idle(self.line(*number));
        let Some(first) = (start + 1..end).find(says_something) else { return Some(Vec::new()) };
        let column = indent(self.line(first));
        let dashes: Vec<_> = (first..end).filter(|n| is_dash(self.line(*n), column)).collect();
        let ends = dashes.iter().skip(1).copied().chain([end]);
        let items = dashes.iter().copied().zip(ends).map(|(start, end)| {
            let last = (start..end).rev().find(says_something)?;
            Some(Item { lines: start..last + 1, column })
        });
        items.collect()
    }

    fn change_entries(&mut self, old: &[Entry], new: &[Entry]) -> Option<()> {
        let items = self.items()?;
        if items.len() != old.len() {
            return None;
        }
        let mut rest = new.iter().peekable();
        let mut pairs = Vec::new();
        for (item, old) in items.into_iter().zip(old) {
            pairs.push((item, old, rest.next_if(|new| new.name == old.name)));
        }
        for (item, old, new) in pairs.into_iter().rev() {
            match new {
                Some(new) => self.change_entry(&item, old, new)?,
                None => drop(self.0.drain(item.lines)),
            }
        }
        rest.try_for_each(|entry| self.push(entry))?;
        self.name_emptiness(old, new)
    }

    /// `vaults:` alone would be read as nothing, too, but looks unfinished.
    fn name_emptiness(&mut self, old: &[Entry], new: &[Entry]) -> Option<()> {
        if let Some(at) = self.top("vaults").filter(|_| new.is_empty() && !old.is_empty()) {
            let line = self.0.get_mut(at)?;
            line.insert_str("vaults:".len(), " []");
        }
        Some(())
    }

    fn change_entry(&mut self, item: &Item, old: &Entry, new: &Entry) -> Option<()> {
        let path = (old.path != new.path).then_some(("path", Some(new.path.as_str())));
        let fields = [
            ("identity", &old.identity, &new.identity),
            ("gpg_binary", &old.gpg_binary, &new.gpg_binary),
            ("trusted_master_fp", &old.trusted_master_fp, &new.trusted_master_fp),
        ];
        let changed = fields.into_iter().filter(|(_, old, new)| old != new);
        let changed = changed.map(|(key, _, new)| (key, new.as_deref()));
        let mut item = Item { lines: item.lines.clone(), column: item.column };
        for (key, value) in path.into_iter().chain(changed) {
            self.set_field(&mut item, key, value)?;
        }
        Some(())
    }

    fn set_field(&mut self, item: &mut Item, key: &str, value: Option<&str>) -> Option<()> {
        let first = self.line(item.lines.start);
        let after_dash = first.get(item.column + 1..)?;
        let column = item.column + 1 + indent(after_dash);
        let found = item.lines.clone().find(|number| {
            let line = self.line(*number);
            let is_own = *number == item.lines.start || indent(line) == column;
            is_own && line.get(column..).is_some_and(|field| is_key(field, key))
        });
        let is_long = |at: usize| {
            at + 1 < item.lines.end && {
                let next = self.line(at + 1);
                !is_idle(next) && indent(next) > column
            }
        };
        match (found, value) {
            (Some(at), _) if is_long(at) => return None,
            (Some(at), Some(value)) => self.set_value(at, column + key.len(), value)?,
            (Some(at), None) if at == item.lines.start => return None,
            (Some(at), None) => {
                self.0.remove(at);
                item.lines.end -= 1;
            }
            (None, Some(value)) => {
                let line = format!("{}{key}: {}\n", " ".repeat(column), Scalar(value));
                self.0.insert(item.lines.end, line);
                item.lines.end += 1;
            }
            (None, None) => {}
        }
        Some(())
    }

    /// Adds an entry below the last one.
    fn push(&mut self, entry: &Entry) -> Option<()> {
        let (at, column) = match (self.items()?.pop(), self.top("vaults")) {
            (Some(last), _) => (last.lines.end, last.column),
            (None, Some(start)) => {
                let line = self.0.get_mut(start)?;
                let rest = line.get("vaults:".len()..)?;
                let comment = rest.get(value_len(rest)..)?;
                *line = format!("vaults:{comment}");
                (start + 1, 4)
            }
            (None, None) => {
                self.0.push("vaults:\n".to_owned());
                (self.0.len(), 4)
            }
        };
        self.0.insert(at, item(entry, column));
        Some(())
    }
}

fn indent(line: &str) -> usize {
    line.bytes().take_while(|byte| *byte == b' ').count()
}

/// Whether a line says nothing, or is a comment.
fn is_idle(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn is_dash(line: &str, column: usize) -> bool {
    indent(line) == column
        && line
            .get(column..)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
}

fn is_key(line: &str, key: &str) -> bool {
    let rest = line.strip_prefix(key).and_then(|rest| rest.strip_prefix(':'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
}

/// How much of what follows a colon is the value, without a comment and the space before it.
fn value_len(rest: &str) -> usize {
    let start = indent(rest);
    let value = rest.get(start..).unwrap_or_default();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = quote.and_then(|quote| value.rfind(quote)).map_or(start, |last| start + last + 1);
    let tail = rest.get(from..).unwrap_or_default();
    let comment = tail.find(" #").unwrap_or(tail.len());
    from + tail.get(..comment).unwrap_or_default().trim_end().len()
}
