//! What the sync service, or who has broken into it, does to files.

use jiff::SignedDuration;

use gpgsmith_vault::SnapshotName;

use super::{
    act::Harm,
    content::{Bytes, Files, snapshots},
    service::conflict_name,
    world::pick,
};

/// What harm to the `nth` file that it can be done to makes of which.
pub(super) fn harm(files: &Files, (harm, nth): (Harm, u8)) -> Option<(String, Option<Bytes>)> {
    let names: Vec<&String> = files.keys().collect();
    let name = *pick(&names, nth)?;
    match harm {
        Harm::Truncate => Some((name.clone(), Some(half(&files[name])))),
        Harm::Flip => Some((name.clone(), Some(flipped(&files[name])))),
        Harm::Delete => Some((name.clone(), None)),
        Harm::Rollback => rolled_back(files),
        Harm::Copy => Some((conflict_name(name, nth.into()), Some(files[name].clone()))),
        Harm::Replay => replayed(files, 1),
        Harm::Swap => swapped(files),
        Harm::Foreign => Some((later(files, 60)?, Some(super::foreign::snapshot()))),
        Harm::Future => future(files),
    }
}

fn half(bytes: &Bytes) -> Bytes {
    bytes[..bytes.len() / 2].to_vec().into()
}

fn flipped(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    bytes.into()
}

/// The newest snapshot is gone.
fn rolled_back(files: &Files) -> Option<(String, Option<Bytes>)> {
    let all = snapshots(files);
    let (newest, _) = all.last().filter(|_| all.len() > 1)?;
    Some((newest.file_name(), None))
}

/// An older snapshot under a name above all.
fn replayed(files: &Files, seconds: i64) -> Option<(String, Option<Bytes>)> {
    let all = snapshots(files);
    let (_, bytes) = all.get(all.len().checked_sub(2)?)?;
    Some((later(files, seconds)?, Some((*bytes).clone())))
}

fn swapped(files: &Files) -> Option<(String, Option<Bytes>)> {
    let all = snapshots(files);
    let (newest, _) = all.last()?;
    let (_, bytes) = all.get(all.len().checked_sub(2)?)?;
    Some((newest.file_name(), Some((*bytes).clone())))
}

fn future(files: &Files) -> Option<(String, Option<Bytes>)> {
    let (_, bytes) = *snapshots(files).last()?;
    Some((later(files, 10 * 365 * 86_400)?, Some(bytes.clone())))
}

/// A name so many seconds above the newest.
fn later(files: &Files, seconds: i64) -> Option<String> {
    let all = snapshots(files);
    let (newest, _) = all.last()?;
    let taken = newest.taken() + SignedDuration::from_secs(seconds);
    Some(SnapshotName::new(taken, newest.slug().clone()).file_name())
}
