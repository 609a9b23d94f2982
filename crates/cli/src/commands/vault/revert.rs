use gpgsmith_kernel::{api::vault::RevertVault, view};

use super::Ended;
use crate::context::{Context, Freshness};

/// Seal the state of an old snapshot as the newest.
///
/// Says what that undoes, and asks. No snapshot is removed: what is undone stays in those that hold
/// it. The audit log is not taken back, and tells of it. The new snapshot takes the place of every
/// head, which also ends a fork. The vault must not be open.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file name of the snapshot to go back to
    snapshot: String,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault revert 20261123T171055Z_initial-import.tar.age
  gpgsmith vault revert 20261123T171055Z_initial-import.tar.age --vault work";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let name = cx.vault_name(None);
    let reverted = cx.run_unlocking(Freshness::Known, |unlock| RevertVault {
        name: name.clone(),
        snapshot: args.snapshot.clone(),
        unlock,
    })?;
    cx.ui.confirm(&reverted, &[view::vault::reverted(&reverted)])
}
