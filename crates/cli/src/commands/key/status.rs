use gpgsmith_kernel::{
    api::key::KeysStatus,
    clock::{Clock as _, SystemClock},
    view,
};

use super::Ended;
use crate::context::Context;

/// Show what will become of each key.
///
/// One line for each key: whether it is revoked, when it expires.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys status")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let keys = cx.call(&KeysStatus { target: cx.target() })?;
    cx.ui.reply(&keys, |ui| ui.lines(&view::key::status(&keys, SystemClock.now())))
}
