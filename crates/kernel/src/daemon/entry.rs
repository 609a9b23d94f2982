use std::{cell::Cell, path::Path, rc::Rc, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    api::{ApiError, vault::OpenSession},
    clock::Clock,
    ops::LocalFuture,
    session::{Limits, Session},
};

/// What the table needs of a session.
pub(crate) trait Held {
    /// The name of its vault.
    fn vault_name(&self) -> &str;
    /// The directory of its vault.
    fn vault_dir(&self) -> &Path;
    /// When it shall be put to rest.
    fn limits(&self) -> Limits;
    /// Whether it refuses every step.
    fn is_read_only(&self) -> bool;
    /// Whether it has ended.
    fn is_closed(&self) -> bool;
    /// Whether the directory of its keys has vanished.
    fn home_gone(&self) -> bool;
    /// Puts it to rest: its work is flushed and can be resumed, its keys are wiped.
    fn park(&self) -> LocalFuture<'_, Result<(), ApiError>>;
}

/// A session in the table, and since when nobody worked with it.
#[derive(Debug)]
pub(crate) struct Entry<S = Session> {
    session: Rc<S>,
    clock: Arc<dyn Clock>,
    opened: Duration,
    used: Cell<Duration>,
    working: Cell<usize>,
    parking: Cell<Parking>,
}

/// How far putting it to rest has come.
#[derive(Clone, Copy, Debug, Default)]
struct Parking {
    running: bool,
    failures: u32,
    not_before: Duration,
}

impl<S> Entry<S> {
    /// The session.
    pub(crate) fn session(&self) -> &Rc<S> {
        &self.session
    }
}

impl<S: Held> Entry<S> {
    pub(super) fn new(session: Rc<S>, clock: Arc<dyn Clock>) -> Self {
        let now = clock.boot_time();
        Self {
            session,
            clock,
            opened: now,
            used: Cell::new(now),
            working: Cell::new(0),
            parking: Cell::default(),
        }
    }

    /// Somebody works with the session, be it reading: no limit ends it before the guard is
    /// dropped, and the idle time begins anew then. Asking for its status is no work.
    pub(crate) fn work(self: &Rc<Self>) -> WorkGuard<S> {
        self.working.set(self.working.get() + 1);
        WorkGuard(Rc::clone(self))
    }

    /// When it will be put to rest if nothing is done.
    pub(crate) fn idle_at(&self) -> Option<Timestamp> {
        let left = self.deadline().saturating_sub(self.clock.boot_time());
        self.clock.now().checked_add(SignedDuration::try_from(left).ok()?).ok()
    }

    /// Whether a limit has passed and it is time to try and put it to rest.
    pub(super) fn is_due(&self) -> bool {
        let now = self.clock.boot_time();
        self.is_still() && now >= self.deadline() && now >= self.parking.get().not_before
    }

    /// Whether the directory of its keys has vanished under it. A running step may move it.
    pub(super) fn is_lost(&self) -> bool {
        self.is_still() && self.session.home_gone()
    }

    /// Nobody works with it and it is not being put to rest.
    fn is_still(&self) -> bool {
        self.working.get() == 0 && !self.parking.get().running && !self.session.is_closed()
    }

    /// In boot time.
    fn deadline(&self) -> Duration {
        let limits = self.session.limits();
        let idle = self.used.get().saturating_add(limits.idle);
        limits.absolute.map_or(idle, |absolute| idle.min(self.opened.saturating_add(absolute)))
    }

    /// Puts the session to rest. Where that fails it stays open, and is due again after a pause
    /// that grows from five seconds to five minutes.
    pub(super) async fn park(&self) -> Result<(), ApiError> {
        self.parking.set(Parking { running: true, ..self.parking.get() });
        let outcome = self.session.park().await;
        let failures = if outcome.is_ok() { 0 } else { self.parking.get().failures + 1 };
        let pause = Duration::from_secs(5 << failures.saturating_sub(1).min(6)).min(FIVE_MINUTES);
        let not_before = self.clock.boot_time() + pause;
        self.parking.set(Parking { running: false, failures, not_before });
        outcome
    }
}

const FIVE_MINUTES: Duration = Duration::from_mins(5);

impl Held for Session {
    fn vault_name(&self) -> &str {
        Self::vault_name(self)
    }

    fn vault_dir(&self) -> &Path {
        Self::vault_dir(self)
    }

    fn limits(&self) -> Limits {
        Self::limits(self)
    }

    fn is_read_only(&self) -> bool {
        self.read_only().is_some()
    }

    fn is_closed(&self) -> bool {
        Self::is_closed(self)
    }

    fn home_gone(&self) -> bool {
        Self::home_gone(self)
    }

    fn park(&self) -> LocalFuture<'_, Result<(), ApiError>> {
        Box::pin(async { self.auto_seal_and_drop().await.map_err(ApiError::from) })
    }
}

impl Entry {
    /// The session as a face sees it.
    pub(crate) fn overview(&self) -> OpenSession {
        OpenSession { idle_at: self.idle_at(), ..self.session.overview() }
    }
}

/// Work on a session; see [`Entry::work`].
#[must_use = "the limits run on once it is dropped"]
#[derive(Debug)]
pub(crate) struct WorkGuard<S: Held = Session>(Rc<Entry<S>>);

impl<S: Held> Drop for WorkGuard<S> {
    fn drop(&mut self) {
        self.0.working.set(self.0.working.get() - 1);
        self.0.used.set(self.0.clock.boot_time());
    }
}
