use gpgsmith_kernel::{api::vault::SealVault, view};

use super::Ended;
use crate::context::Context;

/// Seal the open vault as a new snapshot, and end its session.
///
/// The new snapshot is on the disk, and was read back, when its name is printed. No older one is
/// touched.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What was done; becomes part of the snapshot's name
    #[arg(short, long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message: String,
    /// Seal even when another machine has sealed meanwhile: both snapshots are kept, and this one,
    /// without the other's changes, opens next
    #[arg(long)]
    fork: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault seal -m 'rotated the subkeys'
  gpgsmith vault seal --vault work";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let (target, message) = (cx.target(), args.message.clone());
    let sealed = cx.run(&SealVault { target, message, fork: args.fork })?;
    cx.ui.confirm(&sealed, &view::vault::sealed(&sealed))
}
