//! What an opening has found out, taken note of.

use std::collections::BTreeMap;

use super::{Facts, Files, Verdict};
use crate::session::seen::{Seen, SeenSnapshot};

/// No more snapshots than this are decrypted at one opening besides the newest; the next one goes
/// on.
const MOST_LOOKS: usize = 8;

/// The snapshots besides the newest that have to be decrypted once, newest first: those that this
/// machine has never seen and that are not behind the newest, for one of them may be a fork. A
/// machine that sees a vault for the first time passes over what is older than its lineage.
pub fn to_look_at(seen: Option<&Seen>, newest: &Facts, files: &Files) -> Vec<String> {
    let behind = |name: &str| newest.behind.iter().any(|ancestor| ancestor.name == name);
    let oldest = newest.behind.iter().map(|ancestor| ancestor.name.as_str()).min();
    let since = match seen {
        Some(_) => "",
        None => oldest.unwrap_or(&newest.name),
    };
    let new = files.iter().rev().filter(|(name, size)| {
        let known = seen.and_then(|seen| seen.by_name(name));
        let known = known.is_some_and(|entry| !entry.id.is_empty() || entry.size == Some(**size));
        **name != newest.name && name.as_str() >= since && !known && !behind(name)
    });
    new.map(|(name, _)| name.clone()).collect()
}

/// How many of [`to_look_at`] are looked at now.
pub fn looks(names: &[String]) -> &[String] {
    names.get(..MOST_LOOKS).unwrap_or(names)
}

/// Snapshots besides the newest that were looked at.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    /// They were decrypted.
    pub others: Vec<Facts>,
    /// They are damaged.
    pub unreadable: Vec<String>,
    /// They open with something else: a passphrase of before, another's identity.
    pub locked: Vec<String>,
    /// They are as long as they were, and have another content.
    pub changed: Vec<String>,
    /// They are what they were: their stamps.
    pub unchanged: BTreeMap<String, String>,
}

/// What an opening has found out.
#[derive(Clone, Debug)]
pub struct News {
    /// The newest snapshot.
    pub newest: Facts,
    /// What the judgement was.
    pub verdict: Verdict,
    /// Others that were looked at.
    pub looked: Looked,
    /// Others that nobody has looked at yet.
    pub unknown: Vec<String>,
    /// What is in the directory.
    pub files: Files,
}

impl News {
    /// Others that belong to another vault, or whose maker has not read this one.
    pub(super) fn strangers<'a>(&'a self, seen: &'a Seen) -> impl Iterator<Item = &'a Facts> {
        self.looked.others.iter().filter(|other| self.is_strange(other, seen))
    }

    fn is_strange(&self, other: &Facts, seen: &Seen) -> bool {
        let pinned = seen.pinned.as_ref().filter(|_| seen.vault == other.vault);
        match (&self.newest.vault, &other.vault) {
            (Some(ours), Some(theirs)) => {
                ours != theirs || pinned.is_some_and(|pinned| !other.pins.contains(pinned))
            }
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Takes note of it all in `seen`.
    pub fn record(&self, seen: &mut Seen) {
        if self.verdict == Verdict::Accepted {
            seen.heads.clear();
            let there = |entry: &SeenSnapshot| entry.size.as_ref() == self.files.get(&entry.name);
            seen.seen.retain(|entry| entry.size.is_none() || there(entry));
            seen.seen.retain(|entry| !self.looked.changed.contains(&entry.name));
        }
        let strangers: Vec<String> =
            self.strangers(seen).map(|stranger| stranger.name.clone()).collect();
        let mut heads = std::mem::take(&mut seen.heads);
        heads.retain(|id| seen.by_id(id).is_some_and(|head| !self.newest.holds(head)));
        heads.push(self.newest.id.clone());
        seen.heads = heads;
        if let Some(pin) = self.newest.pins.first() {
            seen.pin(pin);
        }
        put_behind(seen, &self.newest);
        put(seen, self.newest.entry());
        for other in &self.looked.others {
            if strangers.contains(&other.name) {
                put(seen, SeenSnapshot { id: String::new(), ..other.entry() });
            } else {
                self.record_other(seen, other);
            }
        }
        self.record_files(seen);
        for entry in &mut seen.seen {
            if let Some(stamp) = self.looked.unchanged.get(&entry.name) {
                entry.stamp = Some(stamp.clone());
            }
        }
    }

    /// Another snapshot that came: a head, unless something that was seen holds it.
    fn record_other(&self, seen: &mut Seen, other: &Facts) {
        let entry = other.entry();
        let held = seen.by_id(&other.id).is_some()
            || self.newest.holds(&entry)
            || self.looked.others.iter().any(|third| third.id != other.id && third.holds(&entry));
        if !held {
            let newest = seen.heads.pop();
            let mut heads = std::mem::take(&mut seen.heads);
            heads.retain(|id| seen.by_id(id).is_none_or(|head| !other.holds(head)));
            heads.push(other.id.clone());
            heads.extend(newest);
            seen.heads = heads;
        }
        put_behind(seen, other);
        put(seen, entry);
    }

    /// What is there counts as seen, but for what has still to be looked at.
    fn record_files(&self, seen: &mut Seen) {
        for (name, size) in &self.files {
            match seen.seen.iter_mut().find(|entry| entry.name == *name) {
                Some(entry) if entry.size.is_none() => entry.size = Some(*size),
                Some(_) => {}
                None if self.unknown.contains(name) => {}
                None => seen.seen.push(SeenSnapshot {
                    name: name.clone(),
                    size: Some(*size),
                    ..SeenSnapshot::default()
                }),
            }
        }
    }
}

/// By name: a snapshot that was seen again is known better now.
fn put(seen: &mut Seen, entry: SeenSnapshot) {
    match seen.seen.iter_mut().find(|known| known.name == entry.name) {
        Some(known) => *known = entry,
        None => seen.seen.push(entry),
    }
}

/// What a lineage names is known from then on, whether it is there or not.
fn put_behind(seen: &mut Seen, of: &Facts) {
    for ancestor in &of.behind {
        match seen.seen.iter_mut().find(|entry| entry.name == ancestor.name) {
            Some(entry) if entry.id.is_empty() => {
                (entry.id, entry.seq) = (ancestor.id.clone(), ancestor.seq);
            }
            Some(_) => {}
            None => seen.seen.push(SeenSnapshot {
                name: ancestor.name.clone(),
                id: ancestor.id.clone(),
                seq: ancestor.seq,
                ..SeenSnapshot::default()
            }),
        }
    }
}
