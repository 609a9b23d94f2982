use gpgsmith_kernel::api::Done;

use super::{Ended, stop};
use crate::context::Context;

/// Stop the daemon and start it again.
///
/// As `stop`, then `start`: needed after an update of this program.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith daemon restart")]
pub(crate) struct Args {
    /// How long running work may take to come to its end
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    stop::stop(cx, args.timeout)?;
    cx.client()?;
    cx.ui.confirm(&Done {}, &["daemon restarted".to_owned()])
}
