//! Ctrl-C: ends the program, unless something is going on that must hear of it first.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::SeqCst},
    },
    thread,
};

use nix::sys::signal::{SigSet, Signal, raise};

/// Counts SIGINT while somebody watches; otherwise SIGINT ends the program as it always does.
#[derive(Debug)]
pub(crate) struct Interrupts(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    watchers: AtomicU32,
    count: AtomicU32,
}

impl Interrupts {
    /// Begins to listen. To be called before any other thread is started.
    pub(crate) fn listen() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let listener = Arc::clone(&shared);
        SigSet::from(Signal::SIGINT).thread_block()?;
        thread::Builder::new().spawn(move || listener.serve())?;
        Ok(Self(shared))
    }

    /// How many have been counted.
    pub(crate) fn count(&self) -> u32 {
        self.0.count.load(SeqCst)
    }

    /// Counts them as long as the guard lives.
    pub(crate) fn watch(&self) -> Watch<'_> {
        let before = self.count();
        self.0.watchers.fetch_add(1, SeqCst);
        Watch { shared: &self.0, before }
    }

    /// Waits by `wait` for somebody who hears Ctrl-C too, and for whom it is: what is pressed
    /// meanwhile does not count.
    pub(crate) fn left_to<T>(&self, wait: impl FnOnce() -> T) -> T {
        let watch = self.watch();
        let before = self.count();
        let ended = wait();
        self.0.count.store(before, SeqCst);
        drop(watch);
        ended
    }
}

/// Runs `start`, which starts a program that shall not inherit the blocked signal.
pub(crate) fn unblocked<T>(start: impl FnOnce() -> T) -> T {
    let interrupt = SigSet::from(Signal::SIGINT);
    // These fail only for an invalid argument, which neither has.
    interrupt.thread_unblock().ok();
    let started = start();
    interrupt.thread_block().ok();
    started
}

impl Shared {
    fn serve(&self) {
        let interrupt = SigSet::from(Signal::SIGINT);
        while interrupt.wait().is_ok() {
            if self.watchers.load(SeqCst) == 0 {
                interrupt.thread_unblock().and_then(|()| raise(Signal::SIGINT)).ok();
            }
            self.count.fetch_add(1, SeqCst);
        }
    }
}

/// Interrupts are counted as long as this lives.
#[must_use = "dropping it ends the watch"]
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    shared: &'a Shared,
    before: u32,
}

impl Watch<'_> {
    /// Whether there was one since the watch began.
    pub(crate) fn interrupted(&self) -> bool {
        self.shared.count.load(SeqCst) > self.before
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.shared.watchers.fetch_sub(1, SeqCst);
    }
}
