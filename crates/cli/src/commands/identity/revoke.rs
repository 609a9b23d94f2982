use gpgsmith_kernel::{api::identity::RevokeIdentity, view};

use super::Ended;
use crate::context::Context;

/// Revoke an identity, for good.
///
/// Asks first. The identity stays on the key, marked as revoked.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The identity's text, or its index
    identity: String,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys identity revoke 'Ann Example <ann@old.example>'
  gpgsmith keys identity revoke 3 --yes";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let changed =
        cx.run(&RevokeIdentity { target: cx.target(), identity: args.identity.clone() })?;
    cx.ui.confirm(&changed, &[view::identity::revoked(&changed.identity)])
}
