//! Orders in which a law was broken once.

use super::{
    act::{Act, Harm, Who},
    orders::{play_one, runtime},
};

const LAPTOP: Who = Who(0);
const DESK: Who = Who(1);
/// Another machine with the laptop's host name.
const TWIN: Who = Who(2);

fn holds(order: &[Act]) {
    runtime().block_on(play_one(3, order)).unwrap();
}

#[test]
fn a_state_newer_than_its_sidecar_is_not_finished_work() {
    holds(&[
        Act::Open(LAPTOP),
        Act::Step(LAPTOP),
        Act::KillInSeal(LAPTOP),
        Act::Resume(LAPTOP),
        Act::KillInStep(LAPTOP),
        Act::Open(LAPTOP),
    ]);
}

#[test]
fn a_seal_removes_no_state_of_another_machine_of_this_name() {
    holds(&[
        Act::Open(LAPTOP),
        Act::Step(LAPTOP),
        Act::Open(TWIN),
        Act::KillInSeal(LAPTOP),
        Act::Sync(LAPTOP),
        Act::Sync(TWIN),
        Act::Seal(TWIN),
        Act::Fork(TWIN),
    ]);
}

#[test]
fn a_flush_replaces_no_state_of_another_machine_of_this_name() {
    for nth in 0..8 {
        holds(&[
            Act::Open(TWIN),
            Act::Step(TWIN),
            Act::Sync(TWIN),
            Act::Open(LAPTOP),
            Act::Deliver(LAPTOP, nth),
            Act::Step(LAPTOP),
            Act::Rest(LAPTOP),
            Act::Sync(LAPTOP),
            Act::Sync(TWIN),
            Act::Step(TWIN),
            Act::Kill(TWIN),
            Act::Resume(LAPTOP),
            Act::Resume(TWIN),
        ]);
    }
}

#[test]
fn a_state_that_has_lost_its_sidecar_is_reported() {
    for harm in [Harm::Delete, Harm::Truncate] {
        holds(&[
            Act::Open(DESK),
            Act::Step(DESK),
            Act::Kill(DESK),
            Act::Harm(DESK, harm, 3),
            Act::Open(DESK),
            Act::Open(DESK),
            Act::Step(DESK),
            Act::Resume(DESK),
            Act::Seal(DESK),
        ]);
    }
}

#[test]
fn a_conflict_copy_of_a_sidecar_is_no_pair() {
    holds(&[
        Act::Open(TWIN),
        Act::Step(TWIN),
        Act::Open(LAPTOP),
        Act::Sync(TWIN),
        Act::Sync(LAPTOP),
        Act::KillInSeal(LAPTOP),
        Act::Open(LAPTOP),
    ]);
}

#[test]
fn unfinished_work_is_told_where_only_reading_is_allowed() {
    holds(&[
        Act::Open(DESK),
        Act::Harm(DESK, Harm::Future, 0),
        Act::Step(DESK),
        Act::Kill(DESK),
        Act::Open(DESK),
    ]);
}

#[test]
fn a_fresh_start_tells_of_a_state_that_has_lost_its_sidecar() {
    holds(&[
        Act::Accept(DESK),
        Act::Harm(DESK, Harm::Truncate, 2),
        Act::KillInStep(DESK),
        Act::Fresh(DESK),
    ]);
}

#[test]
fn of_a_fork_of_several_snapshots_the_last_is_named() {
    holds(&[
        Act::Open(LAPTOP),
        Act::Step(LAPTOP),
        Act::Checkpoint(LAPTOP),
        Act::Seal(LAPTOP),
        Act::Open(DESK),
        Act::Wait(30),
        Act::Seal(DESK),
        Act::Sync(DESK),
        Act::Sync(LAPTOP),
        Act::Open(LAPTOP),
    ]);
}

#[test]
fn a_seal_notices_what_has_come_under_the_name_of_its_base() {
    holds(&[
        Act::Harm(LAPTOP, Harm::Future, 0),
        Act::Accept(LAPTOP),
        Act::Step(LAPTOP),
        Act::Sync(LAPTOP),
        Act::Sync(DESK),
        Act::Seal(LAPTOP),
        Act::Accept(DESK),
        Act::Checkpoint(DESK),
        Act::Sync(LAPTOP),
        Act::Sync(DESK),
        Act::Seal(DESK),
    ]);
}
