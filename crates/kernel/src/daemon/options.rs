use std::{path::PathBuf, sync::Arc, time::Duration};

use gpgsmith_vault::registry;

use super::{DaemonError, error::Doing};
use crate::{
    clock::{Clock, SystemClock},
    endpoint,
    session::state::StateDir,
    wire,
};

/// How a daemon is set up; all its surroundings come in here.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version of the program that it runs in.
    pub version: String,
    /// The program that is run again as the reaper: this one.
    pub program: PathBuf,
    /// Where it listens.
    pub socket: PathBuf,
    /// The state directory.
    pub state: PathBuf,
    /// The registry of vaults.
    pub registry: PathBuf,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Whether it logs details.
    pub verbose: bool,
    /// What it puts up with.
    pub bounds: Bounds,
}

impl Options {
    /// Where the environment (`HOME`, `XDG_*`) says that things are.
    ///
    /// # Errors
    /// The environment does not say.
    pub fn from_environment(version: &str) -> Result<Self, DaemonError> {
        let state = StateDir::default_path()?;
        Ok(Self {
            version: version.to_owned(),
            program: wire::this_program().doing("find this program")?,
            socket: endpoint::socket_path(&state),
            state,
            registry: registry::default_config_path().ok_or(DaemonError::NoRegistry)?,
            clock: Arc::new(SystemClock),
            verbose: false,
            bounds: Bounds::default(),
        })
    }
}

/// What the daemon puts up with before it says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Connections at once; the next one hears 503.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// How long a request may take to arrive, headers and body each.
    pub request: Duration,
    /// How long a reader of events or replies may stand still before it is cut off.
    pub stalled: Duration,
    /// How long a question waits for its answer.
    pub question: Duration,
    /// How often limits and the socket are looked at.
    pub tick: Duration,
    /// How long a cancelled job gets to reach a safe point when the daemon stops.
    pub grace: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 128,
            body: 1 << 20,
            request: Duration::from_secs(10),
            stalled: Duration::from_secs(10),
            question: Duration::from_mins(5),
            tick: Duration::from_secs(2),
            grace: Duration::from_secs(20),
        }
    }
}
