use clap::ValueEnum;
use gpgsmith_kernel::{
    api::key::{Reason, RevokeKeys},
    view,
};

use super::Ended;
use crate::context::Context;

/// Revoke subkeys, for good.
///
/// Says what will no longer work, and asks. The subkeys stay on the key, marked as revoked, and
/// what was encrypted to them stays readable. An ID is a key ID or a fingerprint, in either case,
/// with or without `0x` and blanks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The key IDs or fingerprints of the subkeys
    #[arg(value_name = "ID", required = true)]
    keys: Vec<String>,
    /// Why, for programs that meet the revoked key
    #[arg(long, value_enum, default_value_t = Why::None)]
    reason: Why,
    /// Why, in words for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    message: String,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys revoke 33DC8F1EEE57B934 --reason superseded
  gpgsmith keys revoke 0x33dc8f1eee57b934 --reason compromised --message 'laptop stolen' --yes";

/// Why a key is revoked.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Why {
    /// Somebody else may have its secret part
    Compromised,
    /// Another key takes its place
    Superseded,
    /// It is no longer used
    Retired,
    /// No reason is given
    None,
}

impl From<Why> for Reason {
    fn from(why: Why) -> Self {
        match why {
            Why::Compromised => Self::Compromised,
            Why::Superseded => Self::Superseded,
            Why::Retired => Self::Retired,
            Why::None => Self::None,
        }
    }
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let revoked = cx.run(&RevokeKeys {
        target: cx.target(),
        keys: args.keys.clone(),
        reason: args.reason.into(),
        message: args.message.clone(),
    })?;
    cx.ui.confirm(&revoked, &view::key::revoked(&revoked))
}
