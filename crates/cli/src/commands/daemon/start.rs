use gpgsmith_kernel::{
    api::{ApiError, Code, Done},
    daemon,
};

use super::Ended;
use crate::{VERSION, context::Context, interrupt};

/// Start the daemon, unless it runs.
///
/// Every command that needs the daemon starts it, so this is for supervisors and for looking at it.
/// It listens only for processes of yours, and ends with `daemon stop` or at logout.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith daemon start\n  gpgsmith daemon start --foreground")]
pub(crate) struct Args {
    /// Stay in this process instead of the background
    #[arg(long)]
    foreground: bool,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    if args.foreground {
        return serve(cx);
    }
    let told = match cx.connect(false) {
        Ok(_) => "daemon already running",
        Err(error) if error.code == Code::NotRunning => {
            cx.client()?;
            "daemon started"
        }
        Err(error) => return Err(error.into()),
    };
    cx.ui.confirm(&Done {}, &[told.to_owned()])
}

fn serve(cx: &Context<'_>) -> Ended {
    let options = daemon::Options::from_environment(VERSION)
        .map(|options| daemon::Options { verbose: cx.verbose(), ..options });
    let ended = options.and_then(|options| interrupt::unblocked(|| daemon::run(options)));
    ended.map_err(|error| {
        let running = matches!(error, daemon::DaemonError::AlreadyRunning { .. });
        ApiError::chain(if running { Code::Busy } else { Code::Internal }, &error).into()
    })
}
