//! What a process does before it touches a secret: no core dumps, no debugger, memory wiped when
//! it is freed.
//!
//! Nothing here happens by itself: a process-wide flag is the business of a program's `main`.

mod descriptors;
mod wiping;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod system;
#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod system;
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[path = "other.rs"]
mod system;

use nix::{
    errno::Errno,
    sys::resource::{Resource, getrlimit, rlim_t, setrlimit},
};

pub(crate) use self::descriptors::close_inherited;
pub use self::wiping::WipingAllocator;

/// The kernel refused what it grants to every process.
#[derive(Debug, thiserror::Error)]
pub enum HardeningError {
    /// Debuggers cannot be kept out.
    #[error("cannot keep debuggers out of this process")]
    Tracing(#[source] Errno),
    /// Core dumps cannot be switched off.
    #[error("cannot switch core dumps off")]
    CoreLimit(#[source] Errno),
}

/// Keeps other processes of the same user from reading this one's memory, and its memory from
/// core files: on Linux it is made undumpable, on macOS no debugger may attach. May be called
/// again. Where the system says "operation not permitted", that is as it is: no error.
///
/// For a process that starts no programs of the user's; see [`harden_face`].
///
/// # Errors
/// The kernel refused for another reason than permission.
pub fn harden_process() -> Result<(), HardeningError> {
    permitted(system::deny_tracing()).map_err(HardeningError::Tracing)?;
    permitted(setrlimit(Resource::RLIMIT_CORE, 0, 0)).map_err(HardeningError::CoreLimit)
}

/// The same for a process that starts a shell: it lowers only the soft limit on core files, which
/// [`CoreLimit::lifted`] gives back to what it starts.
///
/// # Errors
/// The kernel refused for another reason than permission.
pub fn harden_face() -> Result<CoreLimit, HardeningError> {
    permitted(system::deny_tracing()).map_err(HardeningError::Tracing)?;
    let (soft, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(HardeningError::CoreLimit)?;
    permitted(setrlimit(Resource::RLIMIT_CORE, 0, hard)).map_err(HardeningError::CoreLimit)?;
    Ok(CoreLimit { soft, hard })
}

/// The limit on core files as the process was given it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoreLimit {
    soft: rlim_t,
    hard: rlim_t,
}

impl CoreLimit {
    /// Runs `start`, which starts a program, with the limit as it was, then lowers it again. The
    /// process itself stays undumpable meanwhile; what it starts is dumpable like any program.
    pub fn lifted<T>(self, start: impl FnOnce() -> T) -> T {
        let raised = setrlimit(Resource::RLIMIT_CORE, self.soft, self.hard);
        let started = start();
        let lowered = setrlimit(Resource::RLIMIT_CORE, 0, self.hard);
        if let Err(error) = raised.and(lowered) {
            tracing::warn!(%error, "the limit on core files stays as it is");
        }
        started
    }
}

fn permitted(outcome: nix::Result<()>) -> nix::Result<()> {
    match outcome {
        Err(Errno::EPERM | Errno::EACCES) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_not_permitted_is_no_error_anywhere() {
        assert_eq!(permitted(Err(Errno::EPERM)), Ok(()));
        assert_eq!(permitted(Err(Errno::EACCES)), Ok(()));
        assert_eq!(permitted(Err(Errno::EINVAL)), Err(Errno::EINVAL));
    }
}
