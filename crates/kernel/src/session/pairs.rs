//! The ephemeral pairs that lie in a vault directory when it is opened: ours, finished, others'.

use std::path::Path;

use gpgsmith_vault::{Foreign, Listing, atomic::PathError, registry::Entry};
use jiff::Timestamp;

use super::{
    OnUnfinished, SessionError, SessionOpts, Vault,
    ephemeral::{Ephemeral, EphemeralStatus, list_ephemerals, list_strays},
    host::HostName,
};
use crate::{home::lineage::Lineage, id::MachineId};

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

/// A pair whose session is that of the snapshot is finished work, unless it has gone on since.
pub(super) fn unfinished(ours: Vec<Ephemeral>, newest: Option<&Lineage>) -> Left {
    let mut left = Left::default();
    for pair in ours {
        let finished = pair.session_path.is_none()
            || newest.is_some_and(|lineage| {
                pair.info.session.as_ref() == Some(&lineage.this.session)
                    && pair.info.generation <= lineage.this.generation
            });
        if finished { left.finished.push(pair) } else { left.resumable.push(pair) }
    }
    left
}

/// What the user should know of other hosts' work and of files that do not belong here.
pub(super) fn notes(vault: &Vault, opts: &SessionOpts) -> Result<Vec<String>, SessionError> {
    let now = opts.clock.now();
    let mut notes = Vec::new();
    for pair in list_ephemerals(vault.store.dir())? {
        if owner(&pair, &opts.host, opts.state.machine(), now) != Owner::Other {
            continue;
        }
        let (host, heard) = (&pair.info.hostname, pair.info.last_heartbeat);
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

/// The host name for our pair's files: the usual one, unless another machine of the same name
/// has left a pair there.
pub(super) fn free_host(vault: &Vault, opts: &SessionOpts, canonical: &str) -> HostName {
    let (_, info) = super::ephemeral::session_filenames_for(canonical, opts.host.as_str());
    let there = super::ephemeral::EphemeralInfo::read(&vault.store.dir().join(info));
    match there {
        Ok(info) if info.machine.as_ref().is_some_and(|id| id != opts.state.machine()) => {
            opts.host.with_suffix(opts.state.machine().short())
        }
        _ => opts.host.clone(),
    }
}
