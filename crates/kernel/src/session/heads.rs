//! What a snapshot is to a machine that has seen others of its vault: the newest as it should be,
//! a fork, a rollback, a replay, a forgery. Nothing here reads or writes a file.
//!
//! L is the newest snapshot by name, H the head that this machine saw last:
//!
//! | finding | judgement |
//! |---|---|
//! | no state yet | [`Verdict::FirstUse`] |
//! | L is H, or a copy of H | [`Verdict::Head`] |
//! | H is behind L by lineage; or L was sealed without lineage, on what H stands on, and its audit log goes on from H's | [`Verdict::Advance`] |
//! | H is not behind L | [`Verdict::Fork`] |
//! | H is gone, replaced or damaged | [`Refusal::Rollback`] |
//! | L was seen before, and is not H | [`Refusal::Replay`] |
//! | L carries no lineage though the vault has one | [`Refusal::LineageLost`] |
//! | L is another vault's | [`Refusal::OtherVault`] |
//! | the pinned secret is not among L's | [`Refusal::Forged`] |

mod news;
mod remark;

use std::{collections::BTreeMap, fmt};

pub use self::{
    news::{Looked, News, looks, to_look_at},
    remark::Remark,
};
use super::seen::{Seen, SeenSnapshot};
use crate::home::lineage::{Ancestor, AuditMark};

/// The snapshots in a directory: sizes by file name.
pub type Files = BTreeMap<String, u64>;

/// A snapshot that was decrypted, as far as a judgement goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its file name.
    pub name: String,
    /// SHA-256 of the encrypted file, in hex.
    pub sha256: String,
    /// The size of the encrypted file.
    pub size: u64,
    /// The vault's id; `None` without a lineage.
    pub vault: Option<String>,
    /// Its id, or one that every machine derives from the file.
    pub id: String,
    /// Its place in the order.
    pub seq: u64,
    /// Who sealed it, as it looks.
    pub origin: Origin,
    /// What is behind it, newest first.
    pub behind: Vec<Ancestor>,
    /// Whether it takes the place of several heads, of which it can go on with one log only.
    pub joins: bool,
    /// What its secrets hash to, newest first.
    pub pins: Vec<String>,
    /// How far its audit log has come.
    pub audit: AuditMark,
    /// How far its audit log had come after each entry; empty where nobody will ask.
    pub trail: Vec<AuditMark>,
}

/// What a lineage says of the file that it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It describes this file.
    Ours,
    /// It describes another file with the same content.
    Copy {
        /// That file's name.
        of: String,
    },
    /// Its content is another: a program without lineage has carried it along.
    Foreign {
        /// The id of what it describes; empty when there is no lineage at all.
        base: String,
    },
}

/// What is left of the head that this machine saw last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFile {
    /// It is there, unchanged.
    Same,
    /// It is not there.
    Gone,
    /// Something else is there that decrypts.
    Replaced,
    /// Something else is there that does not decrypt.
    Damaged,
}

/// What may be done with the newest snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This machine has seen nothing of the vault.
    FirstUse,
    /// It is the head.
    Head,
    /// It descends from the head, and takes its place.
    Advance,
    /// It does not descend from the head: both are heads.
    Fork,
    /// The user accepted it as the only head.
    Accepted,
}

/// Why the newest snapshot is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What this machine saw last is not there any more.
    #[error(
        "{head}, which this machine saw last, {how}{}{}",
        now_in(kept.as_deref()),
        instead(head, newest)
    )]
    Rollback {
        /// The file name of the head.
        head: String,
        /// What has become of it.
        how: Lost,
        /// The file that it is in now, which is no snapshot by its name: a conflict copy.
        kept: Option<String>,
        /// The newest snapshot.
        newest: String,
    },
    /// An older snapshot came back under a newer name.
    #[error("{newest} is the older snapshot {of} again, under a newer name")]
    Replay {
        /// The newest snapshot.
        newest: String,
        /// What it is.
        of: String,
        /// The file name of the head.
        head: String,
    },
    /// Whoever made it has never read this vault.
    #[error("{newest} was made by someone who has not read this vault before")]
    Forged {
        /// The newest snapshot.
        newest: String,
        /// The file name of the head.
        head: String,
    },
    /// It is another vault's.
    #[error("{newest} belongs to another vault than the one that this machine has seen there")]
    OtherVault {
        /// The newest snapshot.
        newest: String,
    },
    /// It carries no lineage, though the vault has one.
    #[error("{newest} does not say what it was made from, as every snapshot of this vault should")]
    LineageLost {
        /// The newest snapshot.
        newest: String,
    },
}

fn now_in(kept: Option<&str>) -> String {
    kept.map(|kept| format!(", and is now in {kept}")).unwrap_or_default()
}

fn instead(head: &str, newest: &str) -> String {
    if head == newest { String::new() } else { format!("; {newest} would be opened instead") }
}

/// What has become of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// It is not there.
    Gone,
    /// Another file has its name.
    Replaced,
    /// It does not decrypt.
    Damaged,
}

impl Refusal {
    /// Whether the user may say that this is as it should be.
    pub fn is_acceptable(&self) -> bool {
        !matches!(self, Self::Forged { .. })
    }
}

impl Facts {
    /// What is remembered of it.
    pub fn entry(&self) -> SeenSnapshot {
        let base = match &self.origin {
            Origin::Foreign { base } => Some(base.clone()),
            Origin::Ours | Origin::Copy { .. } => None,
        };
        SeenSnapshot {
            name: self.name.clone(),
            id: self.id.clone(),
            seq: self.seq,
            sha256: Some(self.sha256.clone()),
            size: Some(self.size),
            stamp: None,
            base,
            audit: Some(self.audit.clone()),
        }
    }

    /// Whether it descends from the snapshot `id`, or is that one, by its lineage.
    fn descends_from(&self, id: &str) -> bool {
        self.id == id || self.behind.iter().any(|ancestor| ancestor.id == id)
    }

    /// Whether `older` was sealed without lineage on something that is behind this one, and this
    /// one's audit log begins with all of it: then its work is in here.
    fn goes_on_from(&self, older: &SeenSnapshot) -> bool {
        let (Some(base), Some(mark)) = (&older.base, &older.audit) else { return false };
        let shared = match &self.origin {
            Origin::Foreign { base: own } if own == base => true,
            _ => base.is_empty() || self.descends_from(base),
        };
        shared && self.trail.contains(mark)
    }

    /// Whether it holds the work of `older`.
    pub fn holds(&self, older: &SeenSnapshot) -> bool {
        self.descends_from(&older.id) || self.goes_on_from(older)
    }
}

/// Judges the newest snapshot by what this machine has seen and what is left of its head. If the
/// user has `accepted` it, only a forgery is refused.
///
/// # Errors
/// The refusal that weighs most.
pub fn judge(
    seen: Option<&Seen>,
    newest: &Facts,
    head_file: HeadFile,
    accepted: bool,
) -> Result<Verdict, Refusal> {
    let Some((seen, head)) = seen.and_then(|seen| Some((seen, seen.head()?))) else {
        return Ok(Verdict::FirstUse);
    };
    match refusal(seen, head, newest, head_file) {
        Some(refusal) if !(accepted && refusal.is_acceptable()) => Err(refusal),
        Some(_) => Ok(Verdict::Accepted),
        None if newest.id == head.id => Ok(Verdict::Head),
        None if newest.holds(head) => Ok(Verdict::Advance),
        None => Ok(Verdict::Fork),
    }
}

/// Judges unfinished work, which carries the lineage of a session on its way.
///
/// # Errors
/// As [`judge`], but for a replay: unfinished work may be old, and begun before a secret was added.
pub fn judge_resumed(
    seen: Option<&Seen>,
    state: &Facts,
    head_file: HeadFile,
    accepted: bool,
) -> Result<(), Refusal> {
    let Some((seen, head)) = seen.and_then(|seen| Some((seen, seen.head()?))) else {
        return Ok(());
    };
    // Work that waits for the user is not the place to tell of a damaged snapshot.
    let lost = lost(head_file).filter(|how| *how != Lost::Damaged);
    let refusal = identity(seen, head, state, &seen.earlier_pins())
        .or_else(|| lost.map(|how| rolled_back(head, state, how)))
        .or_else(|| lineage_lost(seen, state));
    match refusal {
        Some(refusal) if !(accepted && refusal.is_acceptable()) => Err(refusal),
        _ => Ok(()),
    }
}

fn refusal(
    seen: &Seen,
    head: &SeenSnapshot,
    newest: &Facts,
    head_file: HeadFile,
) -> Option<Refusal> {
    identity(seen, head, newest, seen.pinned.as_slice())
        .or_else(|| lost(head_file).map(|how| rolled_back(head, newest, how)))
        .or_else(|| lineage_lost(seen, newest))
        .or_else(|| replay(seen, head, newest))
}

/// Another vault, or a maker who knows none of the secrets that were `pinned`. A file that this
/// machine has seen is no forgery, though newer secrets may have come since.
fn identity(
    seen: &Seen,
    head: &SeenSnapshot,
    newest: &Facts,
    pinned: &[String],
) -> Option<Refusal> {
    let (Some(expected), Some(found)) = (&seen.vault, &newest.vault) else { return None };
    let name = newest.name.clone();
    if expected != found {
        return Some(Refusal::OtherVault { newest: name });
    }
    let familiar = seen.seen.iter().any(|entry| entry.sha256.as_ref() == Some(&newest.sha256));
    let knows = pinned.is_empty() || newest.pins.iter().any(|pin| pinned.contains(pin));
    let proven = familiar || knows;
    (!proven).then(|| Refusal::Forged { newest: name, head: head.name.clone() })
}

fn lost(head_file: HeadFile) -> Option<Lost> {
    match head_file {
        HeadFile::Same => None,
        HeadFile::Gone => Some(Lost::Gone),
        HeadFile::Replaced => Some(Lost::Replaced),
        HeadFile::Damaged => Some(Lost::Damaged),
    }
}

fn rolled_back(head: &SeenSnapshot, newest: &Facts, how: Lost) -> Refusal {
    Refusal::Rollback { head: head.name.clone(), how, kept: None, newest: newest.name.clone() }
}

fn lineage_lost(seen: &Seen, newest: &Facts) -> Option<Refusal> {
    let lost = seen.vault.is_some() && newest.vault.is_none();
    lost.then(|| Refusal::LineageLost { newest: newest.name.clone() })
}

/// An older one that is back. A head of a fork is none: it was never behind the head.
fn replay(seen: &Seen, head: &SeenSnapshot, newest: &Facts) -> Option<Refusal> {
    if newest.descends_from(&head.id) || seen.heads.contains(&newest.id) {
        return None;
    }
    let of = seen.by_id(&newest.id)?.name.clone();
    Some(Refusal::Replay { newest: newest.name.clone(), of, head: head.name.clone() })
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gone => "is gone",
            Self::Replaced => "was replaced",
            Self::Damaged => "is damaged",
        })
    }
}

#[cfg(test)]
mod tests;
