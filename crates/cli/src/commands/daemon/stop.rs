use std::{
    thread,
    time::{Duration, Instant},
};

use gpgsmith_kernel::api::{ApiError, Code, Done, Hint, daemon::StopDaemon};

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

/// How long it may take, besides, to undo what comes to no end and to put every session to rest.
const RESTING: Duration = Duration::from_mins(2);

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
    let patience = Duration::from_secs(timeout) + RESTING;
    match client.call_within(&StopDaemon { timeout }, patience) {
        Err(error) if error.code == Code::Io => Err(unheard(cx, error).into()),
        Err(error) => Err(error.into()),
        Ok(Done {}) => wait_until_gone(cx).map(|()| true).map_err(CliError::from),
    }
}

/// It did not say that every session is at rest: it was killed meanwhile, or takes too long.
fn unheard(cx: &Context<'_>, error: ApiError) -> ApiError {
    let (text, hint) = if wait_until_gone(cx).is_ok() {
        let advice = "Every finished step is in its vault; see what can be resumed.";
        (
            "the daemon ended before every session was at rest",
            Hint::run(advice, "vault status", &[]),
        )
    } else {
        let advice =
            "It may still be at it, and loses nothing; wait, then see whether it has gone.";
        ("the daemon has not said that it stops", Hint::run(advice, "daemon status", &[]))
    };
    let mut unheard = ApiError::new(Code::Io, text).with_hint(hint);
    unheard.causes.extend(error.causes);
    unheard
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
