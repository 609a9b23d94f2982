use gpgsmith_kernel::{api::vault::ListSnapshots, view};

use super::Ended;
use crate::{complete, context::Context};

/// List the snapshots of a vault.
///
/// Oldest first, times in UTC. No passphrase is needed.
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
        if let Some(foreign) = view::vault::foreign_files(&snapshots) {
            ui.say(&format!("note: {foreign}"));
        }
        ui.table(&view::vault::snapshots(&snapshots), view::vault::NO_SNAPSHOTS)
    })
}
