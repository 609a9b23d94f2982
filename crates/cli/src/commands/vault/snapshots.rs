use gpgsmith_kernel::{api::vault::ListSnapshots, view};

use super::Ended;
use crate::{complete, context::Context};

/// List the snapshots of a vault.
///
/// Oldest first, times in UTC. No passphrase is needed. Files that look like a part of the vault and
/// are none (conflict copies of a sync service) are named, and so are snapshots whose work the newest
/// does not hold.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith vault snapshots work")]
pub(crate) struct Args {
    /// The vault; the default one if missing
    #[arg(add = complete::vaults())]
    name: Option<String>,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let snapshots = cx.call(&ListSnapshots { name: cx.vault_name(args.name.as_ref()) })?;
    cx.ui.reply(&snapshots, |ui| {
        for note in view::vault::snapshot_notes(&snapshots) {
            ui.say(&format!("note: {note}"));
        }
        ui.table(&view::vault::snapshots(&snapshots), view::vault::NO_SNAPSHOTS)
    })
}
