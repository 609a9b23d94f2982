use clap::ValueEnum;
use gpgsmith_kernel::{
    api::key::{GenerateKeys, Purpose},
    view,
};

use super::Ended;
use crate::context::Context;

/// Add new subkeys to the master key, and seal them.
///
/// Adds a subkey for each usage, with the algorithm and expiry that the first ones were made with
/// unless a flag says otherwise, and seals a snapshot with them. Older subkeys stay as they are.
///
/// Asks before a second subkey for encryption is made: mostly, the one that is there should be
/// renewed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What for: one subkey each
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Use::Sign, Use::Encrypt, Use::Auth])]
    usage: Vec<Use>,
    /// The algorithm: `ed25519`, `rsa2048` … `rsa4096`, `nistp256`, `brainpoolP256r1`, …
    #[arg(long, value_name = "NAME")]
    algo: Option<String>,
    /// When they expire: `2y`, `2030-12-31`, `0` (never)
    #[arg(long, value_name = "WHEN")]
    expiry: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys generate
  gpgsmith keys generate --usage sign,auth --expiry 1y
  gpgsmith keys generate --usage auth --algo nistp256";

/// What a subkey is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Use {
    /// To sign
    Sign,
    /// To be encrypted to
    Encrypt,
    /// To log in
    Auth,
}

impl From<Use> for Purpose {
    fn from(usage: Use) -> Self {
        match usage {
            Use::Sign => Self::Sign,
            Use::Encrypt => Self::Encrypt,
            Use::Auth => Self::Auth,
        }
    }
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let created = cx.run(&GenerateKeys {
        target: cx.target(),
        usage: args.usage.iter().copied().map(Purpose::from).collect(),
        algo: args.algo.clone(),
        expiry: args.expiry.clone(),
    })?;
    cx.ui.confirm(&created, &view::key::created(&created, false))
}
