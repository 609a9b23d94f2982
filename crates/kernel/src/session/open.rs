//! Opening: a new vault, the newest snapshot (or another), or unfinished work.

use std::time::Duration;

use gpgsmith_vault::{Listing, OpenError, Snapshot, atomic::FileLock, registry::Entry};
use jiff::Timestamp;

use super::{
    Change, Home, OpenSessionResult, ReadOnly, SealedSnapshot, SealedStep, Session, SessionError,
    SessionOpts, Vault,
    ephemeral::{Ephemeral, delete_ephemeral_files},
    opening::Opening,
    pairs::{self, Owner},
    recall::{self, Recall},
};

/// A snapshot dated further ahead than this is never silently the newest.
const FUTURE: Duration = Duration::from_hours(48);

/// The newest snapshot that is not dated absurdly far ahead.
pub(super) fn newest_within_reason(snapshots: &[Snapshot], now: Timestamp) -> Option<&Snapshot> {
    snapshots.iter().rev().find(|snapshot| !is_future(snapshot, now))
}

fn is_future(snapshot: &Snapshot, now: Timestamp) -> bool {
    let ahead = Duration::try_from(snapshot.name.taken().duration_since(now));
    ahead.is_ok_and(|ahead| ahead > FUTURE)
}

/// Whether it is from the future, and the user has not said that this is right.
pub(super) fn is_unexpected(
    snapshot: &Snapshot,
    vault: &Vault,
    opts: &SessionOpts,
) -> Result<bool, SessionError> {
    if opts.accept.future || !is_future(snapshot, opts.clock.now()) {
        return Ok(false);
    }
    let accepted = recall::accepted_future(vault, opts)?;
    Ok(accepted.is_none_or(|accepted| is_future(snapshot, accepted)))
}

impl Session {
    /// Makes a vault: its directory, and a first snapshot `initial-import` that holds nothing
    /// but its lineage; and opens it.
    ///
    /// # Errors
    /// The directory holds snapshots already, or cannot be written.
    pub async fn create(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
    ) -> Result<OpenSessionResult, SessionError> {
        vault.store.create()?;
        let lock = hold(vault, entry, &opts)?;
        let opening = Opening::empty(vault, entry, opts, lock)?;
        let opened = opening.finish().await?;
        opened.session.checkpoint("initial-import").await?;
        Ok(opened)
    }

    /// Makes a vault whose first snapshot holds what `work` does: both are there, or neither is.
    ///
    /// # Errors
    /// As [`Session::create`], and `work` failed.
    pub async fn create_with<T, E: From<SessionError>>(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
        work: impl AsyncFnOnce(&Home<'_>) -> Result<Change<T>, E>,
    ) -> Result<(Self, SealedSnapshot, T), E> {
        vault.store.create().map_err(SessionError::from)?;
        let lock = hold(vault, entry, &opts)?;
        let opened = Opening::empty(vault, entry, opts, lock)?.finish().await?;
        let how = SealedStep { message: "initial-import", lock: None };
        let (value, sealed) = opened.session.sealed_step(how, work).await?;
        Ok((opened.session, sealed, value))
    }

    /// Opens the newest snapshot (or the one that the options name).
    ///
    /// # Errors
    /// The vault is open elsewhere on this machine, there is unfinished work of this machine
    /// (unless the options say what to do with it), the passphrase is wrong, the file is
    /// damaged, it is not what this machine has seen before or its successor, the master key is
    /// not the trusted one. Nothing is left behind then.
    pub async fn open(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
    ) -> Result<OpenSessionResult, SessionError> {
        let listing = vault.store.list()?;
        let (snapshot, read_only) = choose(&listing, vault, &opts)?;
        let lock = if read_only.is_none() { Some(hold(vault, entry, &opts)?) } else { None };
        let mut ours = if lock.is_some() { pairs::ours(vault, entry, &opts)? } else { Vec::new() };
        let name = snapshot.name.file_name();
        pairs::report(entry, &opts, &ours, &name)?;
        let mut opening = Opening::unpack(vault, entry, opts, &name)
            .await
            .map_err(|error| damaged(error, &listing, &snapshot))?;
        if opening.opts.snapshot.is_none() {
            let recall = Recall::judge(&opening, &snapshot, &listing).await?;
            let unexpected = matches!(read_only, Some(ReadOnly::Future(_)));
            opening.recall = Some(recall).filter(|_| !unexpected);
        }
        if lock.is_some() {
            ours.extend(opening.adopt_orphans(&listing).await?);
        }
        let left = pairs::sort(ours, &opening).await?;
        if !opening.opts.unfinished.confirms(&left.resumable) {
            let vault = entry.name.clone();
            return Err(SessionError::Unfinished { vault, found: left.resumable });
        }
        opening.based_on(&snapshot, &listing);
        opening.lock = lock;
        opening.read_only = read_only;
        let result = opening.finish().await?;
        for pair in left.finished.iter().chain(&left.resumable) {
            result.session.drop_pair(pair).await?;
        }
        Ok(result)
    }

    /// Goes on with unfinished work: its encrypted state stays on disk until a newer one is
    /// there, its session's id stays, and its generation is counted on.
    ///
    /// Another host's work goes on as a session of this one, with a pair of its own; the other
    /// pair stays, and is never taken for finished work: that host may have gone on with it.
    ///
    /// # Errors
    /// As [`Session::open`]; also when only the sidecar is there, or when there is unfinished work
    /// of this machine in the way of another host's. No file is touched then.
    pub async fn resume(
        vault: &Vault,
        entry: &Entry,
        ephemeral: &Ephemeral,
        opts: SessionOpts,
    ) -> Result<OpenSessionResult, SessionError> {
        let Some(state_name) = ephemeral.state_name() else {
            let info = ephemeral.info_path.clone();
            return Err(SessionError::NothingToResume { info });
        };
        let lock = hold(vault, entry, &opts)?;
        let (machine, now) = (opts.state.machine(), opts.clock.now());
        let is_ours = pairs::owner(ephemeral, &opts.host, machine, now) == Owner::Ours;
        if !is_ours {
            pairs::refuse_ours(vault, entry, &opts)?;
        }
        let listing = vault.store.list()?;
        let mut opening = Opening::unpack(vault, entry, opts, &state_name).await?;
        Recall::judge_resumed(&opening, &state_name, &listing).await?;
        opening.resumed(ephemeral, &listing, lock);
        if is_ours {
            return opening.finish().await;
        }
        opening.becomes_ours();
        let resumed = opening.finish().await?;
        resumed.session.flush_anew().await?;
        Ok(resumed)
    }

    /// Deletes a pair that is finished, or whose discard was confirmed.
    async fn drop_pair(&self, pair: &Ephemeral) -> Result<(), SessionError> {
        let sidecar = self.shared.sidecar.lock().await;
        let keep_info = sidecar.as_ref() == Some(&pair.info_path);
        let info = (!keep_info).then_some(pair.info_path.as_path());
        Ok(delete_ephemeral_files(pair.session_path.as_deref(), info)?)
    }
}

/// Which snapshot is opened, and whether only for reading.
fn choose(
    listing: &Listing,
    vault: &Vault,
    opts: &SessionOpts,
) -> Result<(Snapshot, Option<ReadOnly>), SessionError> {
    let newest = listing
        .snapshots
        .last()
        .ok_or_else(|| SessionError::NoSnapshots { dir: vault.store.dir().to_owned() })?;
    let asked = opts.read_only.then_some(ReadOnly::Asked);
    if let Some(name) = &opts.snapshot {
        let wanted = listing.snapshots.iter().find(|snapshot| snapshot.name == *name);
        let wanted = wanted.ok_or_else(|| SessionError::NoSuchSnapshot(name.file_name()))?;
        let older = ReadOnly::Older(name.file_name());
        let why = if wanted == newest { ReadOnly::Asked } else { older };
        return Ok((wanted.clone(), Some(why)));
    }
    let future = is_unexpected(newest, vault, opts)?;
    let why = future.then(|| ReadOnly::Future(newest.name.taken())).or(asked);
    Ok((newest.clone(), why))
}

pub(super) fn hold(
    vault: &Vault,
    entry: &Entry,
    opts: &SessionOpts,
) -> Result<FileLock, SessionError> {
    let lock = opts.state.lock_vault(vault.store.dir())?;
    lock.ok_or_else(|| SessionError::Busy { vault: entry.name.clone() })
}

/// A newest snapshot that is broken: say which one is before it.
fn damaged(error: SessionError, listing: &Listing, snapshot: &Snapshot) -> SessionError {
    match error {
        SessionError::Open {
            vault,
            source: source @ (OpenError::Damaged { .. } | OpenError::Archive { .. }),
        } => {
            let older = listing.snapshots.iter().rev().find(|s| s.name < snapshot.name);
            let before = older.map(|older| older.name.file_name());
            SessionError::Damaged { vault, before, source }
        }
        other => other,
    }
}
