//! The model test: several machines, one synced directory, and the program's own code on real
//! encrypted files in RAM, with plain files in gpg's place and a clock that is set by hand.
//!
//! Whatever order things happen in, the [`laws`] hold after each of them.

mod act;
mod bounds;
mod content;
mod dirs;
mod foreign;
mod found;
mod frozen;
mod harm;
mod laws;
mod machine;
mod orders;
mod program;
mod runs;
mod search;
mod service;
mod world;
mod written;

use std::collections::BTreeMap;

use act::{HARMS, MISHAPS};
use bounds::{ANY, Bounds, TO_THE_END};
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
    let little = Bounds {
        acts: TO_THE_END,
        each: ANY,
        steps: 1,
        opens: 2,
        endings: 1,
        crashes: 0,
        faults: 0,
        harms: &HARMS,
    };
    let short = [
        little,
        Bounds { opens: 3, endings: 2, acts: 6, ..little },
        Bounds { opens: 3, endings: 2, crashes: 1, faults: 1, acts: 4, ..little },
    ];
    let much = Bounds { steps: 3, crashes: 1, faults: 1, ..little };
    let long = [
        Bounds { opens: 3, endings: 0, ..much },
        Bounds { each: 3, opens: ANY, endings: ANY, harms: &MISHAPS, ..much },
        Bounds { endings: 2, crashes: 0, faults: 0, ..much },
        Bounds { opens: 3, faults: 0, ..much },
        Bounds { crashes: 0, ..much },
        Bounds { opens: 4, endings: 3, acts: 6, ..much },
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
