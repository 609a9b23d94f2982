//! What can happen in a world: the user's acts, crashes, time, the sync service and its faults.

use std::fmt;

/// A machine: an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Who(pub(super) usize);

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(["laptop", "desk", "twin"].get(self.0).copied().unwrap_or("?"))
    }
}

/// One thing that happens. What makes no sense in a world (a step without a session) is passed
/// over, so that every part of an order is an order too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Act {
    /// The user opens the vault; reports unfinished work rather than choosing.
    Open(Who),
    /// The user opens it and resumes unfinished work of this machine.
    Resume(Who),
    /// The user opens it and discards unfinished work of this machine.
    Fresh(Who),
    /// The user opens it and accepts what this machine has not seen so.
    Accept(Who),
    /// A second face opens it: it must be told that the vault is open.
    Attach(Who),
    /// A step that changes the home.
    Step(Who),
    /// A step that changes files and then fails.
    FailedStep(Who),
    /// Seals; refused when another machine has sealed.
    Seal(Who),
    /// Seals beside what another machine has sealed.
    Fork(Who),
    /// Seals and stays open.
    Checkpoint(Who),
    /// The idle limit.
    Rest(Who),
    /// The user throws the session's work away.
    Discard(Who),
    /// The heartbeat.
    Beat(Who),
    /// The daemon is killed.
    Kill(Who),
    /// A step is done, and the daemon is killed before it has written the sidecar.
    KillInStep(Who),
    /// A snapshot is sealed, and the daemon is killed before it has removed the pair.
    KillInSeal(Who),
    /// As [`Act::KillInSeal`], in a checkpoint.
    KillInCheckpoint(Who),
    /// Seconds pass.
    Wait(u32),
    /// The service brings everything to and from the machine.
    Sync(Who),
    /// The service brings one of the pending changes: delayed and reordered sync.
    Deliver(Who, u8),
    /// The service, or who has broken into it, does harm to one file.
    Harm(Who, Harm, u8),
}

/// What is done to a file of a machine's vault directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Harm {
    /// Half of it is gone.
    Truncate,
    /// A bit is another.
    Flip,
    /// It is gone.
    Delete,
    /// The newest snapshot is gone.
    Rollback,
    /// A copy of it stands beside it, by one of the names that services give.
    Copy,
    /// An older snapshot comes again as the newest.
    Replay,
    /// The newest snapshot's name now leads to the content of the one before.
    Swap,
    /// A snapshot of another vault, for the same recipient, comes as the newest.
    Foreign,
    /// The newest snapshot comes again, dated years ahead.
    Future,
}

/// All of it.
pub(super) const HARMS: [Harm; 9] = [
    Harm::Truncate,
    Harm::Flip,
    Harm::Delete,
    Harm::Rollback,
    Harm::Copy,
    Harm::Replay,
    Harm::Swap,
    Harm::Foreign,
    Harm::Future,
];

/// What a service does by itself.
pub(super) const MISHAPS: [Harm; 4] = [Harm::Truncate, Harm::Delete, Harm::Rollback, Harm::Copy];
