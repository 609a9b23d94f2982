use gpgsmith_kernel::{api::key::GenerateKeys, view};

use super::Ended;
use crate::context::Context;

/// Add new subkeys to the master key, and seal them.
///
/// Adds a subkey each to sign, to encrypt and to authenticate, with the algorithm and expiry that
/// the first ones were made with, and seals a snapshot with them. Older subkeys stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys generate")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let created = cx.run(&GenerateKeys { target: cx.target() })?;
    cx.ui.confirm(&created, &view::key::created(&created, false))
}
