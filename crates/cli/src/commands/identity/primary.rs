use gpgsmith_kernel::{api::identity::SetPrimaryIdentity, view};

use super::Ended;
use crate::context::Context;

/// Make an identity the one that programs show.
///
/// The primary identity is the one that mail programs and key servers show first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith keys identity primary 2")]
pub(crate) struct Args {
    /// The identity's text, or its index
    identity: String,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let changed =
        cx.run(&SetPrimaryIdentity { target: cx.target(), identity: args.identity.clone() })?;
    cx.ui.confirm(&changed, &[view::identity::primary(&changed.identity)])
}
