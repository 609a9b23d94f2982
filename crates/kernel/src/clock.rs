//! Time as a seam: the wall clock for what is written down, boot time for limits.

use std::{fmt, time::Duration};

use jiff::Timestamp;

/// Where a session and a daemon take their time from; a test brings its own.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock, in UTC.
    fn now(&self) -> Timestamp;

    /// Time since the machine started, counting the time it was suspended, so that a lid that was
    /// closed for longer than a limit finds the limit passed. Only differences mean anything.
    fn boot_time(&self) -> Duration;
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn boot_time(&self) -> Duration {
        #[cfg(target_os = "linux")]
        let clock = nix::time::ClockId::CLOCK_BOOTTIME;
        #[cfg(not(target_os = "linux"))]
        let clock = nix::time::ClockId::CLOCK_MONOTONIC; // on macOS it counts suspension too
        nix::time::clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
    }
}
