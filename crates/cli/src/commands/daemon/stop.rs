use std::{
    thread,
    time::{Duration, Instant},
};

use gpgsmith_kernel::api::{ApiError, Code, Done, daemon::StopDaemon};

use super::Ended;
use crate::{context::Context, error::CliError};

/// Put every session to rest, and stop the daemon.
///
/// Work that is not sealed is put to rest, encrypted, and offered when its vault is opened again.
/// Nothing is thrown away.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith daemon stop\n  gpgsmith daemon stop --timeout 120")]
pub(crate) struct Args {
    /// How long running work may take to come to its end
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

/// How long the process may take to go after it has said that it is done.
const LEAVING: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let told = if stop(cx, args.timeout)? { "daemon stopped" } else { "daemon is not running" };
    cx.ui.confirm(&Done {}, &[told.to_owned()])
}

/// Stops the daemon and waits until it has gone; `false` if there was none.
pub(super) fn stop(cx: &Context<'_>, timeout: u64) -> Result<bool, CliError> {
    let client = match cx.connect(false) {
        Err(error) if error.code == Code::NotRunning => return Ok(false),
        client => client?,
    };
    cx.ui.progress("putting every session to rest");
    match client.call(&StopDaemon { timeout }) {
        // It may go before its last word is read.
        Err(error) if error.code == Code::Io => wait_until_gone(cx).or(Err(error))?,
        Err(error) => return Err(error.into()),
        Ok(Done {}) => wait_until_gone(cx)?,
    }
    Ok(true)
}

fn wait_until_gone(cx: &Context<'_>) -> Result<(), ApiError> {
    let begun = Instant::now();
    while begun.elapsed() < LEAVING {
        match cx.connect(false) {
            Err(error) if error.code == Code::NotRunning => return Ok(()),
            _ => thread::sleep(Duration::from_millis(20)),
        }
    }
    Err(ApiError::new(Code::ShuttingDown, format!("the daemon is still there after {LEAVING:?}")))
}
