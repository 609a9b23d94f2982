//! Prepaid keys, derived in the background.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use crate::{
    prepaid::{Prepaid, locked},
    scrypt::{Passphrase, ScryptError},
};

/// How many keys wait for a seal.
const READY: usize = 2;

/// Keeps prepaid keys ready, from a thread of its own; dropping it wipes them.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    passphrase: Arc<Passphrase>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ready: Vec<Prepaid>,
    filling: bool,
    closed: bool,
}

impl Pool {
    pub(crate) fn new(passphrase: Arc<Passphrase>) -> Self {
        Self { shared: Arc::default(), passphrase }
    }

    /// Starts the thread, unless it runs.
    pub(crate) fn start(&self) {
        if std::mem::replace(&mut locked(&self.shared.state).filling, true) {
            return;
        }
        let (shared, passphrase) = (Arc::clone(&self.shared), Arc::clone(&self.passphrase));
        let thread = thread::Builder::new().name("prepaid scrypt".to_owned());
        if let Err(error) = thread.spawn(move || shared.keep_filled(&passphrase)) {
            tracing::warn!(%error, "no scrypt keys are prepared ahead");
            locked(&self.shared.state).filling = false;
        }
    }

    /// How many keys are ready.
    pub(crate) fn len(&self) -> usize {
        locked(&self.shared.state).ready.len()
    }

    /// A ready key; waits for one that is being derived, and derives one when nobody does.
    pub(crate) fn take(&self) -> Result<Prepaid, ScryptError> {
        let waiting = |state: &mut State| state.ready.is_empty() && state.filling;
        let state = self.shared.changed.wait_while(locked(&self.shared.state), waiting);
        let taken = state.unwrap_or_else(PoisonError::into_inner).ready.pop();
        self.shared.changed.notify_all();
        taken.map_or_else(|| Prepaid::derive(&self.passphrase), Ok)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = locked(&self.shared.state);
        state.closed = true;
        state.ready.clear();
        self.shared.changed.notify_all();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("ready", &self.len()).finish_non_exhaustive()
    }
}

impl Shared {
    /// Returns when the pool is closed, or when a derivation fails: whoever takes a key then
    /// derives it, and meets the error.
    fn keep_filled(&self, passphrase: &Passphrase) {
        let _stopped = StopsFilling(self);
        loop {
            let full = |state: &mut State| !state.closed && state.ready.len() >= READY;
            let state = self.changed.wait_while(locked(&self.state), full);
            if state.unwrap_or_else(PoisonError::into_inner).closed {
                return;
            }
            let prepaid = match Prepaid::derive(passphrase) {
                Ok(prepaid) => prepaid,
                Err(error) => return tracing::error!(%error, "cannot prepare a scrypt key"),
            };
            let mut state = locked(&self.state);
            if !state.closed {
                state.ready.push(prepaid);
            }
            self.changed.notify_all();
        }
    }
}

/// Wakes whoever waits for a key when the thread ends, however it ends.
struct StopsFilling<'a>(&'a Shared);

impl Drop for StopsFilling<'_> {
    fn drop(&mut self) {
        locked(&self.0.state).filling = false;
        self.0.changed.notify_all();
    }
}
