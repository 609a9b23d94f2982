use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use gpgsmith_vault::registry::Registry;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    DaemonError, Options, events::Events, guesses::Guesses, job::Job, jobs::Jobs,
    sessions::Sessions,
};
use crate::{
    api::{ApiError, Code, Face, Hint, event::What},
    clock::Clock,
    ops::{Asker, Env, Progress},
    session::state::StateDir,
};

/// Who made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The process at the other end of the socket, where the system tells.
    pub(crate) pid: Option<i32>,
    /// The kind of face that it says it is.
    pub(crate) face: Face,
    /// Whether it can put questions to a user.
    pub(crate) can_ask: bool,
}

/// What the daemon holds; there is one, and it lives on one thread.
#[derive(Debug)]
pub(crate) struct Daemon {
    pub(super) options: Options,
    pub(super) started_at: Timestamp,
    pub(super) state: StateDir,
    pub(super) registry: Registry,
    pub(super) sessions: Sessions,
    pub(super) guesses: Guesses,
    pub(super) jobs: Jobs,
    pub(super) events: Events,
    pub(super) stop: Stop,
}

impl Daemon {
    pub(super) fn new(options: Options, state: StateDir) -> Self {
        Self {
            started_at: options.clock.now(),
            registry: Registry::at(&options.registry),
            sessions: Sessions::new(Arc::clone(&options.clock)),
            guesses: Guesses::new(Arc::clone(&options.clock)),
            jobs: Jobs::new(options.bounds.question),
            events: Events::new(),
            stop: Stop::default(),
            state,
            options,
        }
    }

    pub(super) fn publish(&self, what: What) {
        self.events.publish(self.options.clock.now(), what);
    }
}

/// The way of a daemon to its end: asked, then stopping, then stopped.
#[derive(Debug, Default)]
pub(super) struct Stop {
    budget: watch::Sender<Option<Duration>>,
    stopping: Cell<bool>,
    outcome: watch::Sender<Option<Result<(), ApiError>>>,
}

impl Stop {
    /// Asks for the end; the first who asks says how long running jobs get.
    pub(super) fn ask(&self, budget: Duration) {
        self.budget.send_if_modified(|asked| asked.is_none() && asked.replace(budget).is_none());
    }

    /// Resolves to the budget once the end was asked for.
    pub(super) async fn asked(&self) -> Duration {
        let mut budget = self.budget.subscribe();
        let asked = budget.wait_for(Option::is_some).await.ok().and_then(|budget| *budget);
        asked.unwrap_or_default()
    }

    /// From now on no work is taken.
    pub(super) fn begin(&self) {
        self.stopping.set(true);
    }

    /// Whether work is still taken.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if self.stopping.get() { Err(shutting_down()) } else { Ok(()) }
    }

    pub(super) fn finish(&self, outcome: &Result<(), DaemonError>) {
        let told = outcome.as_ref().map_err(|error| ApiError::chain(Code::Io, error));
        self.outcome.send_replace(Some(told.map(|&()| ())));
    }

    /// Resolves once every session was put to rest, or could not be.
    pub(super) async fn finished(&self) -> Result<(), ApiError> {
        let mut outcome = self.outcome.subscribe();
        let finished = outcome.wait_for(Option::is_some).await.ok().and_then(|o| o.clone());
        finished.unwrap_or(Ok(()))
    }
}

pub(super) fn shutting_down() -> ApiError {
    let hint =
        Hint::advice("wait until it has stopped, then try again: a new one starts by itself");
    ApiError::new(Code::ShuttingDown, "the daemon is shutting down").with_hint(hint)
}

/// What a handler works with: the daemon, who calls, and the job that the call runs as.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(super) daemon: Rc<Daemon>,
    caller: Caller,
    job: Rc<Job>,
}

impl Context {
    pub(super) fn new(daemon: Rc<Daemon>, caller: Caller, job: Rc<Job>) -> Self {
        Self { daemon, caller, job }
    }

    /// Who calls.
    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    /// Puts questions to the user of the face. A call that is answered at once
    /// ([`crate::api::Kind::Now`]) cannot ask: it gets `needs_answer`.
    pub(crate) fn asker(&self) -> &dyn Asker {
        &*self.job
    }

    /// Tells the face how far the work is, and says when it shall stop.
    pub(crate) fn progress(&self) -> &dyn Progress {
        &*self.job
    }

    /// The open sessions.
    pub(crate) fn sessions(&self) -> &Sessions {
        &self.daemon.sessions
    }

    /// Wrong passphrases for vaults that are open.
    pub(crate) fn guesses(&self) -> &Guesses {
        &self.daemon.guesses
    }

    /// The registry of vaults.
    pub(crate) fn registry(&self) -> &Registry {
        &self.daemon.registry
    }

    /// The state directory.
    pub(crate) fn state(&self) -> &StateDir {
        &self.daemon.state
    }

    /// Where time comes from.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.daemon.options.clock
    }

    /// The same for a workflow.
    pub(crate) fn env(&self) -> Env<'_> {
        Env {
            registry: self.registry(),
            state: self.state(),
            clock: self.clock(),
            face: self.caller.face,
            asker: self.asker(),
            progress: self.progress(),
        }
    }

    /// Tells every face that listens.
    pub(crate) fn publish(&self, what: What) {
        self.daemon.publish(what);
    }
}
