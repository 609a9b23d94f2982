//! What the user should know of the snapshots in a vault.

use std::fmt;

use super::{News, Origin, Verdict};
use crate::session::seen::Seen;

impl News {
    /// What the user should know, given what was seen `before`, and what is now.
    pub fn remarks(&self, before: Option<&Seen>, now: &Seen) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let newest = self.newest.name.clone();
        match &self.newest.origin {
            Origin::Ours => {}
            Origin::Copy { of } => remarks.push(Remark::Copy { name: newest, of: of.clone() }),
            Origin::Foreign { .. } if self.verdict == Verdict::Head => {}
            Origin::Foreign { base } if base.is_empty() => {}
            Origin::Foreign { .. } => remarks.push(Remark::WithoutLineage { name: newest }),
        }
        match before {
            None => remarks.extend(listed(self.lacking(), Remark::Lacking)),
            Some(before) => remarks.extend(self.changes(before)),
        }
        let heads = now.other_heads().into_iter().map(|head| head.name.clone()).collect();
        remarks.extend(listed(heads, Remark::OtherHeads));
        let nothing = Seen::default();
        let strangers = self.strangers(before.unwrap_or(&nothing));
        let strangers = strangers.map(|stranger| stranger.name.clone()).collect();
        remarks.extend(listed(strangers, Remark::Strangers));
        remarks.extend(listed(self.looked.unreadable.clone(), Remark::Unreadable));
        remarks.extend(listed(self.looked.locked.clone(), Remark::Locked));
        remarks.extend(listed(self.unknown.clone(), Remark::Unknown));
        remarks
    }

    /// Ancestors that the directory lacks.
    fn lacking(&self) -> Vec<String> {
        let there = |name: &String| self.files.contains_key(name);
        let names = self.newest.behind.iter().map(|ancestor| ancestor.name.clone());
        names.filter(|name| !there(name) && !name.contains(".session-")).collect()
    }

    /// Older ones that are gone or changed, and an audit log that does not go on.
    fn changes(&self, before: &Seen) -> Vec<Remark> {
        let older = before.seen.iter().filter(|entry| entry.name != self.newest.name);
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        for entry in older.filter(|_| self.verdict != Verdict::Accepted) {
            match (entry.size, self.files.get(&entry.name)) {
                (Some(_), None) => gone.push(entry.name.clone()),
                (Some(was), Some(is))
                    if was != *is || self.looked.changed.contains(&entry.name) =>
                {
                    changed.push(entry.name.clone());
                }
                _ => {}
            }
        }
        let log = self.rewritten(before).map(|head| Remark::LogRewritten { since: head });
        let gone = listed(gone, Remark::Gone);
        gone.into_iter().chain(listed(changed, Remark::Changed)).chain(log).collect()
    }

    /// The head whose audit log is not the beginning of the newest one's, though it should be.
    fn rewritten(&self, before: &Seen) -> Option<String> {
        let goes_on = self.verdict == Verdict::Advance && !self.newest.joins;
        let head = before.head().filter(|_| goes_on)?;
        let mark = head.audit.as_ref()?;
        (!self.newest.trail.contains(mark)).then(|| head.name.clone())
    }
}

fn listed(names: Vec<String>, remark: impl FnOnce(Vec<String>) -> Remark) -> Option<Remark> {
    (!names.is_empty()).then(|| remark(names))
}

/// Something that the user should know of the snapshots in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// First use, and these ancestors are not there.
    Lacking(Vec<String>),
    /// The newest is another one under a new name.
    Copy {
        /// The newest.
        name: String,
        /// Which one.
        of: String,
    },
    /// The newest was sealed by a program that keeps no lineage.
    WithoutLineage {
        /// The newest.
        name: String,
    },
    /// The audit log does not go on from what was seen.
    LogRewritten {
        /// The head in which it was seen.
        since: String,
    },
    /// Heads that the newest does not descend from.
    OtherHeads(Vec<String>),
    /// Older ones that are not there any more.
    Gone(Vec<String>),
    /// Older ones that are not what they were.
    Changed(Vec<String>),
    /// Of another vault, or by someone who has not read this one.
    Strangers(Vec<String>),
    /// They are damaged.
    Unreadable(Vec<String>),
    /// They open with something else than the newest.
    Locked(Vec<String>),
    /// Nobody has looked at them yet.
    Unknown(Vec<String>),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacking(names) => {
                write!(f, "the newest snapshot was made from {}, not in the directory", some(names))
            }
            Self::Copy { name, of } => write!(f, "{name} is a copy of {of}"),
            Self::WithoutLineage { name } => {
                write!(f, "{name} was sealed by a program that keeps no lineage")
            }
            Self::LogRewritten { since } => write!(
                f,
                "the audit log does not begin with that of {since}, which this machine has seen"
            ),
            Self::OtherHeads(names) => write!(
                f,
                "the newest snapshot does not hold the work in {}, sealed beside it",
                some(names)
            ),
            Self::Gone(names) => write!(f, "seen before, and gone: {}", some(names)),
            Self::Changed(names) => write!(f, "not what this machine has seen: {}", some(names)),
            Self::Strangers(names) => {
                write!(
                    f,
                    "not of this vault, or made by someone who has not read it: {}",
                    some(names)
                )
            }
            Self::Unreadable(names) => write!(f, "cannot be opened: {}", some(names)),
            Self::Locked(names) => write!(
                f,
                "the newest snapshot may not hold the work in {}, which cannot be looked into: \
                 sealed under another passphrase, or for others",
                some(names)
            ),
            Self::Unknown(names) => write!(f, "not looked at yet: {}", some(names)),
        }
    }
}

/// A few names, and how many more there are.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let shown = names.get(..SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
