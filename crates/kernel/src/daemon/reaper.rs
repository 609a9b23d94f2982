//! The reaper: a second process that outlives the daemon by a moment. When the pipe between them
//! ends, however the daemon ended, it wipes the workdirs that nobody holds any more.

use std::{
    io,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use gpgsmith_gpg::{Program, ToolError};
use gpgsmith_vault::workdir;
use nix::sys::signal::{SigSet, Signal};

use super::{DaemonError, Options, error::Doing};
use crate::ops::machine::MachineSettings;

/// The hidden argument that makes a program of ours the reaper; the directories to sweep follow.
pub(super) const ARGUMENT: &str = "--gpgsmith-reaper";

/// A running reaper. It is left alone: dropping this ends nothing, the end of this process does.
#[derive(Debug)]
pub(super) struct Reaper {
    _process: Child,
}

/// Starts it. Its standard input is the pipe; this process holds the other end until it ends.
pub(super) fn start(options: &Options) -> Result<Reaper, DaemonError> {
    #[expect(clippy::disallowed_methods, reason = "the program that is run is this one")]
    let process = Command::new(&options.program)
        .arg0("gpgsmith-reaper")
        .arg(ARGUMENT)
        .args(parents(options))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .doing("start the reaper")?;
    Ok(Reaper { _process: process })
}

/// Where workdirs may lie: in RAM, and where the settings of the machine say.
pub(super) fn parents(options: &Options) -> Vec<PathBuf> {
    let settings = MachineSettings::load(&options.registry).unwrap_or_else(|error| {
        tracing::warn!(%error, "only the usual places are swept");
        MachineSettings::default()
    });
    #[expect(clippy::disallowed_methods, reason = "a disk may have been allowed before")]
    let disk = std::env::temp_dir();
    workdir::parents().into_iter().chain(settings.workdir).chain([disk]).collect()
}

/// The life of the reaper process.
pub(super) fn wait_and_sweep(parents: &[PathBuf]) -> io::Result<()> {
    // What tells the daemon to end may be sent to its whole group; the daemon's end is our word.
    [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM]
        .into_iter()
        .collect::<SigSet>()
        .thread_block()?;
    io::copy(&mut io::stdin().lock(), &mut io::sink())?;
    for _ in 0..5 {
        thread::sleep(LET_GO); // the locks go with the process, a moment after the pipe
        sweep(parents);
    }
    Ok(())
}

/// How long a dying process may take to let go of its locks.
const LET_GO: Duration = Duration::from_millis(200);

/// Wipes what dead processes left: their workdirs, then gpg's socket directories for them.
pub(super) fn sweep(parents: &[PathBuf]) {
    let gone = workdir::sweep(parents);
    for workdir in &gone {
        tracing::warn!(workdir = %workdir.display(), "wiped what a dead process left");
    }
    if let Err(error) = remove_socket_dirs(&gone) {
        tracing::warn!(%error, "gpg's socket directories stay behind");
    }
}

fn remove_socket_dirs(workdirs: &[PathBuf]) -> Result<(), ToolError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Some(runtime) = runtime.ok().filter(|_| !workdirs.is_empty()) else { return Ok(()) };
    runtime.block_on(async {
        let gpg = Program::find(None).await?;
        for workdir in workdirs {
            gpg.cleanup_socket_dir(&workdir.join("home")).await?;
        }
        Ok(())
    })
}
