//! The laws that hold after every act, whatever came before.

use std::collections::BTreeSet;

use gpgsmith_vault::SnapshotName;

use super::{
    content::{self, Bytes, Files, content, snapshots},
    machine::Machine,
};
use crate::{
    home::lineage::FileKind,
    id::MachineId,
    session::{
        OnUnfinished, SessionError,
        ephemeral::{Ephemeral, parse_session_filename},
        heads::Refusal,
        host::HostName,
    },
};

/// A law that does not hold, and the order that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) String);

pub(super) fn holds(law: bool, otherwise: &str) -> Result<(), Broken> {
    if law { Ok(()) } else { Err(Broken(otherwise.to_owned())) }
}

/// The program adds snapshots, and changes and removes files of its own pairs, nothing else.
pub(super) fn only_own_pairs_change(
    before: &Files,
    after: &Files,
    (host, machine): (&HostName, &MachineId),
) -> Result<(), Broken> {
    let is_own = |name: &str| {
        let name = name.strip_suffix(".info").unwrap_or(name);
        parse_session_filename(name).is_some_and(|(base, of)| {
            let suffixed = host.with_suffix(machine.short());
            let is_own = of == host.as_str() || of.starts_with(suffixed.as_str());
            base.parse::<SnapshotName>().is_ok() && is_own
        })
    };
    for (name, bytes) in before.iter().filter(|(name, _)| !is_own(name)) {
        match after.get(name) {
            None => return Err(Broken(format!("{name} was removed, and is no file of ours"))),
            Some(now) if now != bytes => {
                return Err(Broken(format!("{name} was changed, and is no file of ours")));
            }
            Some(_) => {}
        }
    }
    let new = after.keys().filter(|name| !before.contains_key(*name) && !is_own(name));
    for name in new {
        holds(name.parse::<SnapshotName>().is_ok(), &format!("{name} was left behind"))?;
    }
    Ok(())
}

/// What the directory held it holds, but for what the user threw away.
pub(super) fn no_step_is_lost(
    before: &Files,
    after: &Files,
    given_up: &BTreeSet<u32>,
) -> Result<(), Broken> {
    let (held, holds_now) = (content::all_steps(before), content::all_steps(after));
    let lost: Vec<_> =
        held.iter().filter(|step| !holds_now.contains(step) && !given_up.contains(step)).collect();
    holds(lost.is_empty(), &format!("finished steps are lost: {lost:?}"))
}

/// What an act found.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    /// Whether what was open, if anything, was for reading only.
    pub(super) reads: Option<bool>,
    /// What this machine opened or sealed last.
    pub(super) head: Option<(String, Bytes)>,
    /// Whether the service has done harm.
    pub(super) harmed: bool,
}

/// Refusing changes nothing on disk, and is well founded.
pub(super) fn refused_well(
    error: &SessionError,
    (before, after): (&Files, &Files),
    how: &Circumstances,
) -> Result<(), Broken> {
    let unfounded = || Err(Broken(format!("refused without a cause: {error:?}")));
    // A sidecar that was lost comes back before unfinished work is reported.
    let adopts = matches!(error, SessionError::Unfinished { .. });
    if how.reads.is_none() && !adopts && before != after {
        return Err(Broken(format!("refused with {error:?}, and yet files have changed")));
    }
    match error {
        SessionError::Unfinished { found, .. } => {
            holds(!found.is_empty(), "unfinished work is reported, and none is named")
        }
        SessionError::Diverged { arrived, .. } => {
            holds(!arrived.is_empty(), "a divergence is reported, and none is named")
        }
        SessionError::ReadOnly { .. } => {
            holds(how.reads == Some(true), "a session for work refuses as one for reading")
        }
        SessionError::Refused { why: Refusal::Rollback { head, .. }, .. } => {
            let is_there =
                how.head.as_ref().is_some_and(|(name, bytes)| before.get(name) == Some(bytes));
            holds(!is_there, &format!("a rollback is reported, and {head} is there"))
        }
        error if how.harmed && only_by_harm(error) => Ok(()),
        _ => unfounded(),
    }
}

/// Whether nothing but harm that the service has done explains a refusal.
pub(super) fn only_by_harm(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::Refused { .. }
            | SessionError::Damaged { .. }
            | SessionError::Open { .. }
            | SessionError::NoSnapshots { .. }
            | SessionError::Lineage(_)
            | SessionError::Mismatch(_)
    )
}

/// Whether a rollback is told because two machines have sealed under one name: the service has given
/// that to the other, and kept what this machine saw last, its `head`, under another name.
pub(super) fn by_conflict(
    error: &SessionError,
    head: Option<&(String, Bytes)>,
    files: &Files,
) -> bool {
    let rollback = matches!(error, SessionError::Refused { why: Refusal::Rollback { .. }, .. });
    rollback && head.is_some_and(|(_, head)| files.values().any(|bytes| bytes == head))
}

/// What is open is the newest snapshot, whole; returns its name.
pub(super) fn opened_the_newest(machine: &Machine, files: &Files) -> Result<String, Broken> {
    let session = machine.session.as_ref().unwrap();
    let base = session.canonical_base();
    let newest = snapshots(files).last().map(|(name, _)| name.file_name()).unwrap_or_default();
    holds(base == newest, &format!("{base} is open, and {newest} is the newest"))?;
    let there = content(&files[&base]).ok_or_else(|| Broken(format!("{base} is open")))?;
    let open = content::steps(&session.workdir().join("home"));
    holds(open == there.steps, &format!("{base} is open with {open:?}, not {:?}", there.steps))?;
    Ok(base)
}

/// A resumed session holds what the state file held, and goes on counting.
pub(super) fn resumed_all(machine: &Machine, state: &Bytes) -> Result<(), Broken> {
    let session = machine.session.as_ref().unwrap();
    let there = content(state).ok_or_else(|| Broken("a damaged state is open".to_owned()))?;
    let open = content::steps(&session.workdir().join("home"));
    holds(open == there.steps, "a resumed session does not hold what its state held")?;
    let Some(lineage) = &there.lineage else { return Ok(()) };
    holds(
        session.generation() == lineage.this.generation && session.id() == lineage.this.session,
        "a resume does not go on counting",
    )
}

/// How a session that only reads speaks of unfinished work.
const OWN_WORK: &str = "this machine has unfinished work on this vault";

/// Whoever has confirmed a discard is asked once more only because of something else.
pub(super) fn tells_of_more(asked: &OnUnfinished, found: &[Ephemeral]) -> Result<(), Broken> {
    let OnUnfinished::Discard(confirmed) = asked else { return Ok(()) };
    let more = found.iter().any(|pair| !confirmed.contains(pair));
    holds(more, "unfinished work is reported again that the user has given up")
}

/// Opening anew passes over no unfinished work of this machine in silence, but for what the user
/// was told of and has `given_up`.
pub(super) fn unfinished_work_was_reported(
    machine: &Machine,
    files: &Files,
    given_up: &BTreeSet<u32>,
) -> Result<(), Broken> {
    let sealed = content::sealed_steps(files);
    let opts = machine.opts();
    for (name, bytes) in files {
        let mut notes = machine.notes.iter();
        let named = notes.any(|note| note.contains(name.as_str()) || note.starts_with(OWN_WORK));
        let Some(there) = content(bytes).filter(|_| !named && !content::is_info(name)) else {
            continue;
        };
        let ours = there.lineage.as_ref().is_some_and(|lineage| {
            lineage.this.kind == FileKind::Ephemeral
                && lineage.this.machine == *opts.state.machine()
        });
        let only_here: Vec<_> =
            there.steps.difference(&sealed).filter(|step| !given_up.contains(step)).collect();
        holds(
            !ours || only_here.is_empty(),
            &format!("{name} was passed over in silence: only it holds {only_here:?}"),
        )?;
    }
    Ok(())
}

/// A seal has added one snapshot, which holds all that the session held.
pub(super) fn sealed_all(
    before: &Files,
    after: &Files,
    (name, holding): (&str, &BTreeSet<u32>),
) -> Result<(), Broken> {
    holds(!before.contains_key(name), &format!("{name} was there already"))?;
    let bytes = after.get(name).ok_or_else(|| Broken(format!("{name} is sealed and missing")))?;
    let there = content(bytes).ok_or_else(|| Broken(format!("{name} does not open")))?;
    holds(there.steps == *holding, &format!("{name} does not hold {holding:?}"))?;
    let above = snapshots(before).into_iter().all(|(older, _)| older.file_name().as_str() < name);
    holds(above || future(before, name), &format!("{name} is not the newest by name"))
}

/// Whether a snapshot is dated so far ahead that none is named above it.
fn future(files: &Files, name: &str) -> bool {
    let Ok(name) = name.parse::<SnapshotName>() else { return false };
    let day = jiff::SignedDuration::from_hours(40);
    snapshots(files).iter().any(|(other, _)| other.taken().duration_since(name.taken()) > day)
}

/// A seal that is no fork holds all that has come since the session was opened.
pub(super) fn sealed_over_nobody(
    saw: &Files,
    now: &Files,
    holding: &BTreeSet<u32>,
) -> Result<(), Broken> {
    for (name, bytes) in now {
        let came = name.parse::<SnapshotName>().is_ok() && saw.get(name) != Some(bytes);
        let Some(there) = content(bytes).filter(|_| came) else { continue };
        let missing: Vec<_> = there.steps.difference(holding).collect();
        holds(
            missing.is_empty(),
            &format!("{name} came meanwhile with {missing:?}, and was sealed over in silence"),
        )?;
    }
    Ok(())
}

fn holds_bytes(files: &Files, bytes: &Bytes) -> bool {
    snapshots(files).iter().any(|(_, found)| *found == bytes)
}

/// What this machine opened or sealed last is still there, or damaged at least.
pub(super) fn no_rollback(machine: &Machine, files: &Files) -> Result<(), Broken> {
    let Some((name, bytes)) = &machine.head else { return Ok(()) };
    let is_damaged = files.get(name).is_some_and(|found| content(found).is_none());
    holds(
        is_damaged || holds_bytes(files, bytes),
        &format!("{name}, which this machine saw last, is gone, and nothing was said"),
    )
}

/// Of all work that the newest does not hold, a snapshot that does is named (of those that follow
/// each other, the last), unless the user has accepted that, or may only read, and was told why.
pub(super) fn every_fork_was_told(
    machine: &Machine,
    files: &Files,
    newest: &str,
) -> Result<(), Broken> {
    let Some(open) = content(&files[newest]).filter(|_| !machine.reads()) else { return Ok(()) };
    // Another file with the same content will do.
    let is_named = |bytes: &Bytes| {
        machine.notes.iter().any(|note| {
            let mut same = files.iter().filter(|(_, found)| *found == bytes);
            note.ends_with(" more") || same.any(|(same, _)| note.contains(same.as_str()))
        })
    };
    let named = snapshots(files).into_iter().filter(|(_, bytes)| is_named(bytes));
    let named = named.filter_map(|(_, bytes)| content(bytes));
    let told: BTreeSet<u32> = named.flat_map(|there| there.steps.clone()).collect();
    for (name, bytes) in snapshots(files) {
        let Some(there) = content(bytes).filter(|_| !machine.accepted.contains(bytes)) else {
            continue;
        };
        let mut missing = there.steps.difference(&open.steps);
        holds(
            missing.all(|step| told.contains(step)) || is_named(bytes),
            &format!("{newest} is open, and nothing was said of the work in {name}"),
        )?;
    }
    Ok(())
}

/// Every file of another vault lacks the id of this one.
pub(super) fn not_of_another_vault(open: &Bytes) -> Result<(), Broken> {
    let foreign = content(&super::foreign::snapshot()).and_then(|c| c.lineage.clone());
    let open = content(open).and_then(|content| content.lineage.clone());
    holds(
        open.map(|lineage| lineage.vault) != foreign.map(|lineage| lineage.vault),
        "a snapshot of another vault is open",
    )
}
