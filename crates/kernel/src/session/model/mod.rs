//! The model test: several machines, one synced directory, and the program's own code on real
//! encrypted files in RAM, with plain files in gpg's place and a clock that is set by hand.
//!
//! Whatever order things happen in, the [`laws`] hold after each of them.

mod act;
mod content;
mod foreign;
mod found;
mod harm;
mod laws;
mod machine;
mod orders;
mod service;
mod world;

use orders::{Service, play};

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
