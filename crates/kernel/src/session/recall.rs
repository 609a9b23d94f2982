//! What this machine has seen, brought to bear on what is there now: before anything is trusted
//! or written, and again when it is a fact.

use gpgsmith_vault::{ForeignKind, Listing, Snapshot};
use jiff::Timestamp;

use super::{
    SessionError, SessionOpts, Vault,
    heads::{
        self, Facts, Files, HeadFile, Looked, News, Refusal, Verdict, judge, judge_resumed,
        to_look_at,
    },
    look::{is_locked, look, trail},
    opening::Opening,
    seen::{Seen, SeenFiles, SeenSnapshot},
};
use crate::id::hex;

/// The news of an opening, until they are recorded.
#[derive(Debug)]
pub(super) struct Recall {
    before: Option<Seen>,
    news: News,
    /// A date ahead that the user has accepted.
    future: Option<Timestamp>,
}

impl Recall {
    /// Judges the newest snapshot, which `opening` has decrypted, and looks at those that the
    /// judgement needs.
    ///
    /// # Errors
    /// [`SessionError::Refused`]; nothing has been written then.
    pub(super) async fn judge(
        opening: &Opening,
        snapshot: &Snapshot,
        listing: &Listing,
    ) -> Result<Self, SessionError> {
        let (vault, opts) = (&opening.vault, &opening.opts);
        let files = files(listing);
        let mut newest = opening.facts(&snapshot.name.file_name());
        let before = remembered(vault, opts, newest.vault.as_deref())?;
        let unknown = to_look_at(before.as_ref(), &newest, &files);
        let head = before.as_ref().and_then(Seen::head);
        if head.is_some_and(|head| head.id != newest.id) || !unknown.is_empty() {
            newest.trail = trail(opening.tree.main());
        }
        let head_file = head_file((vault, opts), before.as_ref(), Some(&newest), &files).await?;
        let verdict = match judge(before.as_ref(), &newest, head_file, opts.accept.rollback) {
            Ok(verdict) => verdict,
            Err(why) => return Err(refused(opening, why, before.as_ref(), listing).await),
        };
        let mut looked = look_at((vault, opts), heads::looks(&unknown)).await?;
        let unknown = unknown.get(heads::looks(&unknown).len()..).unwrap_or_default().to_vec();
        let before = before.filter(|before| {
            // Another vault, which was accepted: nothing of the one before matters any more.
            before.vault.is_none() || before.vault == newest.vault
        });
        compare(vault, (before.as_ref(), &newest), &mut looked).await?;
        let future = opts.accept.future.then(|| snapshot.name.taken());
        let news = News { newest, verdict, looked, unknown, files };
        Ok(Self { before, news, future })
    }

    /// Judges unfinished work, which `opening` has decrypted from `name`.
    pub(super) async fn judge_resumed(
        opening: &Opening,
        name: &str,
        listing: &Listing,
    ) -> Result<(), SessionError> {
        let (vault, opts) = (&opening.vault, &opening.opts);
        let state = opening.facts(name);
        let seen = remembered(vault, opts, state.vault.as_deref())?;
        let head_file = head_file((vault, opts), seen.as_ref(), None, &files(listing)).await?;
        match judge_resumed(seen.as_ref(), &state, head_file, opts.accept.rollback) {
            Ok(()) => Ok(()),
            Err(why) => Err(refused(opening, why, seen.as_ref(), listing).await),
        }
    }

    /// What this machine had seen.
    pub(super) fn before(&self) -> Option<&Seen> {
        self.before.as_ref()
    }

    /// What it will have seen once this is recorded.
    pub(super) fn now(&self) -> Seen {
        let mut now = self.before.clone().unwrap_or_default();
        self.news.record(&mut now);
        now
    }

    /// Takes note, and says what the user should know.
    pub(super) fn record(
        &self,
        vault: &Vault,
        opts: &SessionOpts,
    ) -> Result<Vec<String>, SessionError> {
        let mut now = Seen::default();
        let id = self.news.newest.vault.as_deref();
        SeenFiles::new(&opts.state).update(id, vault.store.dir(), |seen| {
            self.news.record(seen);
            seen.future = seen.future.max(self.future);
            now.clone_from(seen);
        })?;
        let remarks = self.news.remarks(self.before.as_ref(), &now);
        Ok(remarks.iter().map(ToString::to_string).collect())
    }
}

/// Takes note of a snapshot that this machine has just sealed.
pub(super) fn record_sealed(
    vault: &Vault,
    opts: &SessionOpts,
    sealed: Facts,
) -> Result<(), SessionError> {
    let id = sealed.vault.clone();
    let news = News {
        files: [(sealed.name.clone(), sealed.size)].into(),
        newest: sealed,
        verdict: Verdict::Advance,
        looked: Looked::default(),
        unknown: Vec::new(),
    };
    let files = SeenFiles::new(&opts.state);
    Ok(files.update(id.as_deref(), vault.store.dir(), |seen| news.record(seen))?)
}

/// What was seen in this directory; of a vault that has moved, what was seen where it was.
fn remembered(
    vault: &Vault,
    opts: &SessionOpts,
    id: Option<&str>,
) -> Result<Option<Seen>, SessionError> {
    let files = SeenFiles::new(&opts.state);
    let here = files.in_dir(vault.store.dir())?;
    if here.as_ref().is_some_and(|here| here.vault.is_some()) {
        return Ok(here);
    }
    let moved = id.map(|id| files.of_vault(id)).transpose()?.flatten();
    Ok(moved.or(here))
}

/// Up to when snapshots are not from the future, because the user has said so.
pub(super) fn accepted_future(
    vault: &Vault,
    opts: &SessionOpts,
) -> Result<Option<Timestamp>, SessionError> {
    let seen = SeenFiles::new(&opts.state).in_dir(vault.store.dir())?;
    Ok(seen.and_then(|seen| seen.future))
}

/// The snapshots that hold something else than when this machine saw them, as far as they open.
pub(super) async fn replaced(
    vault: &Vault,
    opts: &SessionOpts,
    listing: &Listing,
) -> Result<Vec<Facts>, SessionError> {
    let seen = SeenFiles::new(&opts.state).in_dir(vault.store.dir())?;
    let files = files(listing);
    let mut replaced = Vec::new();
    for entry in seen.iter().flat_map(|seen| &seen.seen) {
        let is_known = entry.sha256.is_some() && files.contains_key(&entry.name);
        if !is_known || is_as_before(vault, entry).await? {
            continue;
        }
        match look(vault, opts, &entry.name).await {
            Ok(found) => replaced.push(found),
            Err(SessionError::Open { .. } | SessionError::Lineage(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(replaced)
}

/// Whether it has not been written to since it was seen, or with the same content.
async fn is_as_before(vault: &Vault, entry: &SeenSnapshot) -> Result<bool, SessionError> {
    let stamp = vault.store.stamp(&entry.name).ok();
    Ok(stamp.is_some() && stamp == entry.stamp || is_unchanged(vault, entry, None).await?)
}

/// The error for a refusal; where a sync service has kept the head under another name, it is looked
/// for.
async fn refused(
    opening: &Opening,
    mut why: Refusal,
    seen: Option<&Seen>,
    listing: &Listing,
) -> SessionError {
    if let (Refusal::Rollback { kept, .. }, Some(head)) = (&mut why, seen.and_then(Seen::head)) {
        let copies = listing.foreign.iter().filter(|file| file.kind == ForeignKind::ConflictCopy);
        for foreign in copies {
            let entry = SeenSnapshot { name: foreign.file_name.clone(), ..head.clone() };
            match is_unchanged(&opening.vault, &entry, None).await {
                Ok(false) => {}
                Ok(true) => {
                    *kept = Some(entry.name);
                    break;
                }
                Err(error) => return error,
            }
        }
    }
    SessionError::Refused { vault: opening.entry.name.clone(), why }
}

fn files(listing: &Listing) -> Files {
    listing.snapshots.iter().map(|s| (s.name.file_name(), s.size)).collect()
}

/// What is left of the head: any file of its id that is still what it was will do.
async fn head_file(
    (vault, opts): (&Vault, &SessionOpts),
    seen: Option<&Seen>,
    newest: Option<&Facts>,
    files: &Files,
) -> Result<HeadFile, SessionError> {
    let Some((seen, head)) = seen.and_then(|seen| Some((seen, seen.head()?))) else {
        return Ok(HeadFile::Same);
    };
    if newest.is_some_and(|newest| head.sha256.as_ref() == Some(&newest.sha256)) {
        return Ok(HeadFile::Same);
    }
    let mut changed = None;
    for entry in seen.seen.iter().filter(|entry| entry.id == head.id) {
        if !files.contains_key(&entry.name) {
            continue;
        }
        let newest = newest.filter(|newest| newest.name == entry.name);
        if is_unchanged(vault, entry, newest).await? {
            return Ok(HeadFile::Same);
        }
        changed = Some((entry.name.clone(), newest.is_some()));
    }
    Ok(match changed {
        None => HeadFile::Gone,
        Some((_, true)) => HeadFile::Replaced,
        Some((name, false)) => match look(vault, opts, &name).await {
            Ok(_) => HeadFile::Replaced,
            Err(SessionError::Open { .. }) => HeadFile::Damaged,
            Err(error) => return Err(error),
        },
    })
}

async fn is_unchanged(
    vault: &Vault,
    entry: &SeenSnapshot,
    newest: Option<&Facts>,
) -> Result<bool, SessionError> {
    if let Some(newest) = newest {
        return Ok(entry.sha256.as_ref() == Some(&newest.sha256));
    }
    let (store, name) = (vault.store.clone(), entry.name.clone());
    // A file that cannot be read is not what it was.
    let sha256 = tokio::task::spawn_blocking(move || store.sha256(&name)).await?.ok();
    Ok(sha256.is_some() && entry.sha256 == sha256.map(|sha256| hex(&sha256)))
}

/// Finds older snapshots that are as long as they were and have another content. Only those are read
/// whose stamp says that they may have.
async fn compare(
    vault: &Vault,
    (seen, newest): (Option<&Seen>, &Facts),
    looked: &mut Looked,
) -> Result<(), SessionError> {
    for entry in seen.iter().flat_map(|seen| &seen.seen) {
        let is_known = entry.sha256.is_some() && entry.name != newest.name;
        let Some(stamp) = vault.store.stamp(&entry.name).ok().filter(|_| is_known) else {
            continue;
        };
        if entry.stamp.as_ref() == Some(&stamp) {
            continue;
        }
        if is_unchanged(vault, entry, None).await? {
            looked.unchanged.insert(entry.name.clone(), stamp);
        } else {
            looked.changed.push(entry.name.clone());
        }
    }
    Ok(())
}

/// Decrypts others, the newest of them first.
async fn look_at(
    (vault, opts): (&Vault, &SessionOpts),
    names: &[String],
) -> Result<Looked, SessionError> {
    let mut looked = Looked::default();
    for name in names {
        match look(vault, opts, name).await {
            Ok(found) => looked.others.push(found),
            Err(SessionError::Open { source, .. }) if is_locked(&source) => {
                looked.locked.push(name.clone());
            }
            Err(SessionError::Open { .. } | SessionError::Lineage(_)) => {
                looked.unreadable.push(name.clone());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(looked)
}
