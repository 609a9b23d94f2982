use std::{io, path::PathBuf};

use gpgsmith_vault::atomic::PathError;

use crate::{endpoint::EndpointError, session::state::StateError};

/// Why a daemon does not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon of this user holds the lock.
    #[error("a daemon is running already, at {}", socket.display())]
    AlreadyRunning {
        /// Where this one would have listened.
        socket: PathBuf,
    },
    /// The environment does not say where the registry is.
    #[error("neither XDG_CONFIG_HOME nor HOME says where the registry is")]
    NoRegistry,
    /// The state directory cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The socket's directory cannot be used or trusted.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A file cannot be made, read or removed.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The process cannot be set up.
    #[error("cannot {doing}")]
    Process {
        /// What failed: `start the reaper`.
        doing: &'static str,
        /// Why.
        source: io::Error,
    },
    /// It could open so few files that it might never hear anybody.
    #[error("a process may open {limit} files here, and the daemon needs {needed} (`ulimit -n`)")]
    Descriptors {
        /// The limit.
        limit: u64,
        /// What it takes to serve one session.
        needed: u64,
    },
    /// Sessions could not be put to rest; what they had flushed is in their vaults.
    #[error("cannot put to rest: {}", vaults.join(", "))]
    Unparked {
        /// The names of their vaults.
        vaults: Vec<String>,
    },
}

/// Says what of the process could not be set up.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, DaemonError>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, DaemonError> {
        self.map_err(|source| DaemonError::Process { doing, source: source.into() })
    }
}
