//! Waiting for what comes in its own time, however busy the machine is.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything may take before a test gives it up: far more than it ever needs.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until `look` finds something.
///
/// # Panics
/// It never does; `what` says what was waited for.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until `holds` is true.
///
/// # Panics
/// It never is; `what` says what was waited for.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, || holds().then_some(()));
}
