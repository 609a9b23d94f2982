use gpgsmith_kernel::{api::audit::ShowAudit, view};

use super::Ended;
use crate::context::Context;

/// Show what was done, oldest first.
///
/// Times are in UTC. `--json` shows the metadata of each entry too.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith audit show\n  gpgsmith audit show --last 20")]
pub(crate) struct Args {
    /// Only the newest N entries; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    last: u64,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let log = cx.call(&ShowAudit { target: cx.target(), last: args.last })?;
    cx.ui.reply(&log, |ui| ui.table(&view::audit::entries(&log), view::audit::NO_ENTRIES))
}
