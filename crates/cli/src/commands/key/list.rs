use gpgsmith_kernel::{api::key::ListKeys, view};

use super::Ended;
use crate::context::Context;

/// List the keys.
///
/// USAGE: C certifies, S or s signs, e encrypts, a authenticates; capitals are the master key's.
/// VALIDITY is gpg's letter: u ultimate, r revoked, e expired. CARD is the serial number of the card
/// that holds the secret part.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys list\n  gpgsmith keys list --vault work --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let keys = cx.call(&ListKeys { target: cx.target() })?;
    cx.ui.reply(&keys, |ui| ui.sections(&view::key::keys(&keys), view::key::NO_KEYS))
}
