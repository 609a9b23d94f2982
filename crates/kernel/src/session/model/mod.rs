//! The model test: several machines, one synced directory, and the program's own code on real
//! encrypted files in RAM, with plain files in gpg's place and a clock that is set by hand.
//!
//! Whatever order things happen in, the [`laws`] hold after each of them.

mod act;
mod bounds;
mod canon;
mod content;
mod foreign;
mod found;
mod frozen;
mod harm;
mod laws;
mod machine;
mod orders;
mod program;
mod search;
mod service;
mod world;
mod written;

use std::collections::BTreeMap;

use bounds::{Bounds, TO_THE_END};
use orders::{Service, play};
use search::search;

/// `few` orders, or `many` of them in the whole form of the test.
fn count(few: u32, many: u32) -> u32 {
    if whole() { many } else { few }
}

/// Whether the whole form of the test is asked for.
fn whole() -> bool {
    std::env::var("GPGSMITH_TESTS").is_ok_and(|which| which == "all")
}

#[test]
fn no_order_of_acts_breaks_a_law() {
    play(count(80, 5000), 2, Service::Honest);
}

#[test]
fn nor_with_two_machines_of_one_name() {
    play(count(60, 3000), 3, Service::Honest);
}

#[test]
fn nor_when_the_sync_service_does_harm() {
    play(count(100, 5000), 3, Service::Harmful);
}

/// Every order within bounds, breadth first; see [`Bounds`] for what counts. Some are cut off: what more
/// acts than these would lead to is not looked at.
#[test]
fn no_order_at_all_within_bounds_breaks_a_law() {
    let short = [
        Bounds { steps: 1, opens: 2, endings: 1, crashes: 0, faults: 0, acts: TO_THE_END },
        Bounds { steps: 1, opens: 3, endings: 2, crashes: 0, faults: 0, acts: 6 },
        Bounds { steps: 1, opens: 3, endings: 2, crashes: 1, faults: 1, acts: 4 },
    ];
    let long = [
        Bounds { steps: 3, opens: 2, endings: 2, crashes: 0, faults: 0, acts: TO_THE_END },
        Bounds { steps: 3, opens: 3, endings: 1, crashes: 1, faults: 0, acts: TO_THE_END },
        Bounds { steps: 3, opens: 2, endings: 1, crashes: 0, faults: 1, acts: TO_THE_END },
        Bounds { steps: 3, opens: 4, endings: 3, crashes: 1, faults: 1, acts: 6 },
    ];
    let mut outcomes = BTreeMap::new();
    let all: &[Bounds] = if whole() { &long } else { &short };
    for bounds in all {
        let reached = search(*bounds);
        println!("{bounds:?}: {reached:?}");
        let is_cut = reached.depth == bounds.acts;
        assert_eq!(is_cut, bounds.acts != TO_THE_END, "the bounds are narrower than they look");
        outcomes.extend(reached.outcomes);
    }
    for told in ["fork", "divergence", "unfinished work", "rollback", "replay", "another vault"] {
        assert!(outcomes.contains_key(&*format!("{told} told")), "never met: {told}");
    }
    for done in ["resumed", "opened afresh", "accepted", "forked", "killed", "discarded"] {
        assert!(outcomes.contains_key(done), "never met: {done}");
    }
}
