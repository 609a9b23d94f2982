use gpgsmith_kernel::{api::identity::AddIdentity, view};

use super::Ended;
use crate::context::Context;

/// Add an identity.
///
/// Adds a name with a mail address to the master key.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys identity add 'Ann Example <ann@work.example>'")]
pub(crate) struct Args {
    /// The identity: `Name <mail>`
    identity: String,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let changed = cx.run(&AddIdentity { target: cx.target(), identity: args.identity.clone() })?;
    cx.ui.confirm(&changed, &view::identity::added(&changed))
}
