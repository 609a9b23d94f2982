//! The ephemeral pairs that lie in a vault directory when it is opened: ours, finished, others'.

use std::path::Path;

use gpgsmith_vault::{Foreign, Listing, atomic::PathError, registry::Entry};
use jiff::Timestamp;

use super::{
    OnUnfinished, SessionError, SessionOpts, Vault,
    ephemeral::{Ephemeral, EphemeralStatus, list_ephemerals, list_strays},
    host::HostName,
    opening::Opening,
};
use crate::{
    home::{journal, lineage::Lineage},
    id::MachineId,
};

/// Whose a pair is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This machine's; nobody holds it, for its lock is free.
    Ours,
    /// A live session of a program that writes no machine id, on a host of this name.
    Live,
    /// Another host's, or another machine's of the same name.
    Other,
}

/// Whose `pair` is, from `host` on `machine`.
pub fn owner(pair: &Ephemeral, host: &HostName, machine: &MachineId, now: Timestamp) -> Owner {
    match &pair.info.machine {
        Some(id) if id == machine => Owner::Ours,
        Some(_) => Owner::Other,
        None if pair.info.hostname != host.as_str() => Owner::Other,
        None if pair.info.status == EphemeralStatus::Active && !pair.info.is_stale(now) => {
            Owner::Live
        }
        None => Owner::Ours,
    }
}

/// This machine's pairs, the one with the newest base first.
pub(super) fn ours(
    vault: &Vault,
    entry: &Entry,
    opts: &SessionOpts,
) -> Result<Vec<Ephemeral>, SessionError> {
    let mut ours = Vec::new();
    for pair in list_ephemerals(vault.store.dir())? {
        match owner(&pair, &opts.host, opts.state.machine(), opts.clock.now()) {
            Owner::Ours => ours.push(pair),
            Owner::Other => {}
            Owner::Live => {
                let (vault, host) = (entry.name.clone(), pair.info.hostname.clone());
                let heartbeat = pair.info.last_heartbeat;
                return Err(SessionError::Live { vault, host, heartbeat });
            }
        }
    }
    ours.sort_by(|a, b| b.canonical_base.cmp(&a.canonical_base));
    Ok(ours)
}

/// Refuses while there is unfinished work of this machine: another host's would take its place.
pub(super) fn refuse_ours(
    vault: &Vault,
    entry: &Entry,
    opts: &SessionOpts,
) -> Result<(), SessionError> {
    let mut found = ours(vault, entry, opts)?;
    found.retain(|pair| pair.session_path.is_some());
    if found.is_empty() {
        return Ok(());
    }
    Err(SessionError::Unfinished { vault: entry.name.clone(), found })
}

/// Reports unfinished work before anything is decrypted, where it cannot be finished work: its
/// base is still the newest snapshot.
pub(super) fn report(
    entry: &Entry,
    opts: &SessionOpts,
    ours: &[Ephemeral],
    newest: &str,
) -> Result<(), SessionError> {
    let found: Vec<Ephemeral> =
        ours.iter().filter(|pair| pair.session_path.is_some()).cloned().collect();
    let surely = found.iter().any(|pair| pair.canonical_base.as_str() >= newest);
    if surely && opts.unfinished == OnUnfinished::Report {
        return Err(SessionError::Unfinished { vault: entry.name.clone(), found });
    }
    Ok(())
}

/// Pairs of this machine, sorted.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Work that the newest snapshot holds, and sidecars without a state: of no use.
    pub(super) finished: Vec<Ephemeral>,
    /// Work that only the pair holds.
    pub(super) resumable: Vec<Ephemeral>,
}

/// Sorts pairs by what their state files say of themselves, since a sidecar may be older than its
/// state, or another's: a state is finished work when the newest snapshot, which `opening` has
/// decrypted, is of that session and no earlier generation, and its audit log goes on from the
/// state's. Where the user discards unfinished work, another machine's state under our sidecar is
/// left alone.
pub(super) async fn sort(ours: Vec<Ephemeral>, opening: &Opening) -> Result<Left, SessionError> {
    let newest = opening.lineage.as_ref();
    let discards = opening.opts.unfinished != OnUnfinished::Report;
    let mut left = Left::default();
    for pair in ours {
        let Some(state) = pair.state_name() else {
            left.finished.push(pair);
            continue;
        };
        let maybe =
            newest.is_some_and(|newest| pair.info.session.as_ref() == Some(&newest.this.session));
        let state = if maybe || discards { opening.look_into(&state).await? } else { None };
        let is_done =
            |state: &Lineage| newest.is_some_and(|newest| is_finished(state, newest, opening));
        let is_others = |state: &Lineage| state.this.machine != *opening.opts.state.machine();
        match state {
            Some(state) if is_done(&state) => left.finished.push(pair),
            Some(state) if discards && is_others(&state) => {}
            _ => left.resumable.push(pair),
        }
    }
    Ok(left)
}

fn is_finished(state: &Lineage, snapshot: &Lineage, opening: &Opening) -> bool {
    let log = journal::log(opening.tree.main(), &snapshot.vault);
    let is_mark = |head: &gpgsmith_audit::Head| {
        head.count == state.audit.count && head.digest.to_string() == state.audit.head
    };
    state.this.session == snapshot.this.session
        && state.this.generation <= snapshot.this.generation
        && log.heads().is_ok_and(|heads| heads.iter().any(is_mark))
}

/// What the user should know of unfinished work (their own where a session only `reads`, for it
/// was not asked about then) and of files that do not belong here.
pub(super) fn notes(
    vault: &Vault,
    opts: &SessionOpts,
    reads: bool,
) -> Result<Vec<String>, SessionError> {
    let now = opts.clock.now();
    let mut notes = Vec::new();
    for pair in list_ephemerals(vault.store.dir())? {
        let (host, heard) = (&pair.info.hostname, pair.info.last_heartbeat);
        match owner(&pair, &opts.host, opts.state.machine(), now) {
            Owner::Ours if reads && pair.session_path.is_some() => {
                notes.push(format!("this machine has unfinished work on this vault, of {heard}"));
                continue;
            }
            Owner::Ours | Owner::Live => continue,
            Owner::Other => {}
        }
        notes.push(if pair.info.is_stale(now) || pair.info.is_idle_sealed() {
            format!("{host} has unfinished work on this vault, last heard of {heard}")
        } else {
            format!("{host} is working on this vault right now, last heard of {heard}")
        });
    }
    let strangers = strangers(vault.store.dir(), &vault.store.list()?)?;
    notes.extend(strangers.iter().map(|(name, what)| format!("{name} is {what}")));
    Ok(notes)
}

/// Files in a vault's directory that are no part of it, and what each looks like.
///
/// # Errors
/// The directory cannot be read.
pub fn strangers(dir: &Path, listing: &Listing) -> Result<Vec<(String, String)>, PathError> {
    let named = |foreign: &Foreign| (foreign.file_name.clone(), foreign.kind.to_string());
    let mut found: Vec<_> = listing.foreign.iter().map(named).collect();
    let mut strays = list_strays(dir)?;
    strays.retain(|stray| found.iter().all(|(name, _)| name != stray));
    found.extend(strays.into_iter().map(|stray| (stray, STRAY.to_owned())));
    found.sort();
    Ok(found)
}

/// What a file is that only looks like a part of a pair.
const STRAY: &str = "a part of unfinished work without the rest";
