//! The daemon as a process: how a program of ours becomes one.

use std::{
    env,
    ffi::{CStr, OsString},
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use gpgsmith_vault::atomic::FileLock;
use nix::sys::{
    resource::{Resource, getrlimit},
    stat::{Mode, umask},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{DaemonError, Options, error::Doing, handlers, lifecycle, log, reaper};
use crate::{hardening, session::state::StateDir, wire};

/// To be called first in every program that may have to start a daemon: if this process was
/// started to be the daemon or its reaper, it is that, and the exit code is its end.
///
/// ```no_run
/// # use std::process::ExitCode;
/// fn main() -> ExitCode {
///     if let Some(code) = gpgsmith_kernel::daemon::hidden_main(env!("CARGO_PKG_VERSION")) {
///         return code;
///     }
///     // …
/// #   ExitCode::SUCCESS
/// }
/// ```
pub fn hidden_main(version: &str) -> Option<ExitCode> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    hidden_main_with(version, &arguments)
}

/// The same with `arguments` (without the program's name) instead of the process's own.
pub fn hidden_main_with(version: &str, arguments: &[OsString]) -> Option<ExitCode> {
    let (first, rest) = arguments.split_first()?;
    let ended = match first.to_str()? {
        wire::DAEMON_ARGUMENT => detached(version, rest),
        reaper::ARGUMENT => {
            name_process(c"gpgsmith-reaper");
            let parents: Vec<_> = rest.iter().map(PathBuf::from).collect();
            reaper::wait_and_sweep(&parents).doing("wait for the daemon's end")
        }
        _ => return None,
    };
    Some(exit_code(ended))
}

/// One daemon is enough: the second that starts at the same time ends well.
fn exit_code(ended: Result<(), DaemonError>) -> ExitCode {
    match ended {
        Ok(()) | Err(DaemonError::AlreadyRunning { .. }) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever started us reads this; nobody else is left to be told.
            drop(writeln!(io::stderr(), "{}", line(&error)));
            ExitCode::FAILURE
        }
    }
}

fn line(error: &DaemonError) -> String {
    let error: &(dyn std::error::Error + 'static) = error;
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A daemon that belongs to no terminal and keeps nothing of whoever started it (W-43).
fn detached(version: &str, arguments: &[OsString]) -> Result<(), DaemonError> {
    hardening::close_inherited();
    name_process(c"gpgsmith-daemon");
    // Fails only for the leader of a process group, which a started child is not.
    nix::unistd::setsid().ok();
    let mut options = Options::from_environment(version)?;
    if let [socket, state, program, rest @ ..] = arguments {
        options.socket = socket.into();
        options.state = state.into();
        options.program = program.into();
        options.verbose = rest.iter().any(|word| word == wire::VERBOSE_ARGUMENT);
    }
    run(options)
}

/// What `ps` shows; run as `/proc/self/exe`, it would be `exe`.
fn name_process(name: &CStr) {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_name(name).ok();
    #[cfg(not(target_os = "linux"))]
    let _ = name;
}

/// The daemon in this process: hardens it, takes the lock, logs to the state directory, starts the
/// reaper, wipes what dead processes left, and serves until it is told to stop by `daemon stop`, by
/// SIGTERM, SIGINT or SIGHUP, or by the loss of its socket. Every session is then put to rest.
///
/// # Errors
/// It cannot start ([`DaemonError::AlreadyRunning`] where one runs), or a session could not be put
/// to rest at the end.
pub fn run(options: Options) -> Result<(), DaemonError> {
    refuse_too_few_descriptors()?;
    umask(Mode::from_bits_truncate(0o077));
    let hardened = hardening::harden_process();
    let (state, _lock) = claim(&options)?;
    log::to_file(&state.log_path(), options.verbose)?;
    if let Err(error) = hardened {
        tracing::warn!(%error, "other processes of this user may read this one's memory");
    }
    let _reaper = reaper::start(&options)?;
    let ended = serve_with(options, state, signals());
    if let Err(error) = &ended {
        tracing::error!(error = line(error), "ended badly");
    }
    ended
}

/// A daemon that cannot accept a connection is deaf for good, and in everybody's way.
fn refuse_too_few_descriptors() -> Result<(), DaemonError> {
    let (limit, _) =
        getrlimit(Resource::RLIMIT_NOFILE).doing("learn how many files may be open")?;
    let needed = 32;
    if limit < needed { Err(DaemonError::Descriptors { limit, needed }) } else { Ok(()) }
}

/// The daemon on this thread, without what concerns the whole process: no hardening, log, reaper
/// or signals. For programs that embed it, and for tests.
///
/// # Errors
/// As [`run`].
pub fn serve(options: Options) -> Result<(), DaemonError> {
    let (state, _lock) = claim(&options)?;
    serve_with(options, state, std::future::pending())
}

fn serve_with(
    options: Options,
    state: StateDir,
    signal: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    reaper::sweep(&reaper::parents(&options));
    lifecycle::run_until(options, state, handlers::routes(), signal)
}

/// Of daemons that start at once, one gets the lock; it holds it as long as it lives.
fn claim(options: &Options) -> Result<(StateDir, FileLock), DaemonError> {
    let state = StateDir::open(&options.state)?;
    let lock = FileLock::try_acquire(&state.daemon_lock())?;
    let running = || DaemonError::AlreadyRunning { socket: options.socket.clone() };
    Ok((state, lock.ok_or_else(running)?))
}

async fn signals() {
    let listen = |kind| signal(kind).map_err(|error| tracing::error!(%error, "deaf to a signal"));
    let terminate = listen(SignalKind::terminate());
    let interrupt = listen(SignalKind::interrupt());
    let hangup = listen(SignalKind::hangup());
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = (terminate, interrupt, hangup)
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hangup.recv() => {}
    }
}
