use gpgsmith_kernel::{api::vault::ListVaults, view};

use super::Ended;
use crate::context::Context;

/// List the vaults of this machine.
///
/// The registry is `locksmith/config.yaml` in the configuration directory. The vault marked `*` is
/// the one that is meant when no name is given.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith vault list\n  gpgsmith vault list --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let vaults = cx.call(&ListVaults {})?;
    cx.ui.reply(&vaults, |ui| ui.table(&view::vault::vaults(&vaults), view::vault::NO_VAULTS))
}
