//! How much happens in the orders that a search looks at, and what came of it.

use super::{
    act::{Act, Harm, Who},
    machine::Machine,
    program::{self, Done},
};
use crate::session::{SessionError, heads::Refusal};

/// As many acts as there are in any order that the other bounds allow.
pub(super) const TO_THE_END: usize = usize::MAX;

/// As often as it may happen.
pub(super) const ANY: u8 = u8::MAX;

/// How often what may happen in an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// All acts together.
    pub(super) acts: usize,
    /// What the user of each machine does there, of all kinds together.
    pub(super) each: u8,
    /// Finished steps of each machine.
    pub(super) steps: u8,
    /// Openings on both machines together, of whatever kind.
    pub(super) opens: u8,
    /// Seals, checkpoints, rests and discards on both machines together.
    pub(super) endings: u8,
    /// Kills of a daemon.
    pub(super) crashes: u8,
    /// What the service does wrong: harm, or one file brought before the others. Besides, it
    /// brings everything at once, and as late as it likes.
    pub(super) faults: u8,
    /// The harm that is among these faults.
    pub(super) harms: &'static [Harm],
}

/// How often what has happened in an order. What was refused does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Spent {
    each: [u8; 2],
    steps: [u8; 2],
    opens: u8,
    endings: u8,
    crashes: u8,
    faults: u8,
    /// Whether a fault was harm.
    pub(super) harmed: bool,
}

/// What the user and crashes do to an open session. What changes nothing is left to random
/// orders.
pub(super) fn working(who: Who) -> Vec<Act> {
    vec![
        Act::Step(who),
        Act::Seal(who),
        Act::Checkpoint(who),
        Act::Rest(who),
        Act::Discard(who),
        Act::Kill(who),
        Act::KillInStep(who),
        Act::KillInSeal(who),
        Act::KillInCheckpoint(who),
    ]
}

/// What the user can say when opening or sealing came to `outcome`.
pub(super) fn answers(who: Who, outcome: &str) -> Vec<Act> {
    match outcome {
        "unfinished work told" => vec![Act::Resume(who), Act::Fresh(who)],
        "divergence told" => vec![Act::Fork(who)],
        "opened for reading" => vec![Act::Accept(who)],
        told if told.ends_with(" told") => vec![Act::Accept(who)],
        _ => Vec::new(),
    }
}

/// How the service can bring so many `pending` files: all, or one before the others.
pub(super) fn deliveries(who: Who, pending: usize) -> Vec<Act> {
    let all = (pending > 0).then_some(Act::Sync(who));
    let singly = (0..pending).map(|nth| Act::Deliver(who, u8::try_from(nth).unwrap()));
    all.into_iter().chain(singly.filter(|_| pending > 1)).collect()
}

/// How harm of these kinds can be done where there are so many `files`.
pub(super) fn harming(who: Who, harms: &[Harm], files: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    for harm in harms.iter().copied() {
        let targets = match harm {
            Harm::Truncate | Harm::Flip | Harm::Delete | Harm::Copy => files,
            Harm::Rollback | Harm::Replay | Harm::Swap | Harm::Foreign | Harm::Future => 1,
        };
        acts.extend((0..targets).map(|nth| Act::Harm(who, harm, u8::try_from(nth).unwrap())));
    }
    acts
}

impl Bounds {
    /// Whether `act` may happen after what has been `spent`.
    pub(super) fn allow(&self, spent: Spent, act: Act) -> bool {
        let after = self.after(spent, act, true);
        after.each.iter().all(|each| *each <= self.each)
            && after.steps.iter().all(|steps| *steps <= self.steps)
            && after.opens <= self.opens
            && after.endings <= self.endings
            && after.crashes <= self.crashes
            && after.faults <= self.faults
    }

    /// What is spent after an act, as in [`Spent::count`], as far as that matters here.
    pub(super) fn after(&self, mut spent: Spent, act: Act, done: bool) -> Spent {
        spent.count(act, done);
        let Spent { each, opens, endings, .. } = &mut spent;
        let counts = each.iter_mut().map(|each| (each, self.each));
        for (count, limit) in counts.chain([(opens, self.opens), (endings, self.endings)]) {
            if limit == ANY {
                *count = 0;
            }
        }
        spent
    }
}

impl Spent {
    /// Counts an act; one that was not `done` may have ended in a crash all the same.
    pub(super) fn count(&mut self, act: Act, done: bool) {
        let done = u8::from(done);
        if let Some(who) = program::who(act).filter(|_| !matches!(act, Act::Kill(_))) {
            self.each[who.0] += done;
        }
        match act {
            Act::Open(_) | Act::Resume(_) | Act::Fresh(_) | Act::Accept(_) => self.opens += done,
            Act::Step(who) | Act::KillInStep(who) => self.steps[who.0] += done,
            Act::Seal(_)
            | Act::Fork(_)
            | Act::Checkpoint(_)
            | Act::Rest(_)
            | Act::Discard(_)
            | Act::KillInSeal(_)
            | Act::KillInCheckpoint(_) => self.endings += done,
            Act::Deliver(..) => self.faults += 1,
            Act::Harm(..) => {
                self.faults += 1;
                self.harmed = true;
            }
            _ => {}
        }
        if let Act::Kill(_) | Act::KillInStep(_) | Act::KillInSeal(_) | Act::KillInCheckpoint(_) =
            act
        {
            self.crashes += 1;
        }
    }
}

/// What came of an act, in a word.
pub(super) fn outcome(act: Act, done: &Done, machine: &Machine) -> &'static str {
    match &done.refused {
        None => done_well(act, machine),
        Some(SessionError::Unfinished { .. }) => "unfinished work told",
        Some(SessionError::Diverged { .. }) => "divergence told",
        Some(SessionError::ReadOnly { .. }) => "reading only",
        Some(SessionError::Damaged { .. } | SessionError::Open { .. }) => "damage told",
        Some(SessionError::Refused { why, .. }) => match why {
            Refusal::Rollback { .. } => "rollback told",
            Refusal::Replay { .. } => "replay told",
            Refusal::Forged { .. } => "forgery told",
            Refusal::OtherVault { .. } => "another vault told",
            Refusal::LineageLost { .. } => "lost lineage told",
        },
        Some(_) => "refused otherwise",
    }
}

fn done_well(act: Act, machine: &Machine) -> &'static str {
    let forked = machine.notes.iter().any(|note| note.contains("does not hold the work in"));
    match act {
        Act::Open(_) | Act::Fresh(_) | Act::Accept(_) if machine.reads() => "opened for reading",
        Act::Open(_) | Act::Fresh(_) | Act::Accept(_) if forked => "fork told",
        Act::Open(_) => "opened",
        Act::Resume(_) => "resumed",
        Act::Fresh(_) => "opened afresh",
        Act::Accept(_) => "accepted",
        Act::Step(_) => "stepped",
        Act::Seal(_) => "sealed",
        Act::Fork(_) => "forked",
        Act::Checkpoint(_) => "sealed on the way",
        Act::Rest(_) => "rested",
        Act::Discard(_) => "discarded",
        Act::Kill(_) | Act::KillInStep(_) | Act::KillInSeal(_) | Act::KillInCheckpoint(_) => {
            "killed"
        }
        _ => "nothing new",
    }
}
