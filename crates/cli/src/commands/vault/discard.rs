use gpgsmith_kernel::{api::vault::DiscardVault, view};

use super::Ended;
use crate::context::Context;

/// Throw away what was done since the last snapshot, and end the session.
///
/// Asks first, if anything would be lost. What a checkpoint sealed (new keys are sealed at once)
/// stays.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gpgsmith vault discard\n  gpgsmith vault discard --vault work --yes"
)]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let discarded = cx.run(&DiscardVault { target: cx.target() })?;
    cx.ui.confirm(&discarded, &[view::vault::discarded(&discarded)])
}
