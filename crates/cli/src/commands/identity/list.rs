use gpgsmith_kernel::{api::identity::ListIdentities, view};

use super::Ended;
use crate::context::Context;

/// List the identities.
///
/// INDEX is what `revoke` and `primary` take instead of the text.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys identity list")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let identities = cx.call(&ListIdentities { target: cx.target() })?;
    cx.ui.reply(&identities, |ui| {
        let table = view::identity::identities(&identities);
        ui.table(&table, view::identity::NO_IDENTITIES)
    })
}
