//! The harness of the suites over whole programs: a sandbox for each test, the programs under
//! test, what they say with times and ids taken out, and a terminal for those that ask.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs programs"
)]

pub mod clock;
pub mod disk;
pub mod extent;
pub mod fixture;
pub mod forge;
pub mod gate;
pub mod memory;
pub mod mutate;
pub mod process;
pub mod program;
pub mod redact;
pub mod run;
pub mod sandbox;
pub mod source;
pub mod tar;
pub mod target;
pub mod terminal;
pub mod tmpfs;
pub mod tracer;
pub mod wait;
