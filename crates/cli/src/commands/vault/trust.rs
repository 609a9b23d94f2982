use clap::ArgGroup;
use gpgsmith_kernel::api::vault::TrustVault;

use super::Ended;
use crate::{complete, context::Context};

/// Set or remove the master key that a vault must hold.
///
/// The master key of a vault is recorded when it is first seen; from then on the vault does not
/// open with another one. After a change of the master key of your own, say here which it is.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("anchor").required(true), after_help = EXAMPLES)]
#[command(override_usage = "gpgsmith vault trust [OPTIONS] <NAME> <FINGERPRINT|--none>")]
pub(crate) struct Args {
    /// The vault
    #[arg(add = complete::vaults())]
    name: String,
    /// The master key's fingerprint: 40 hex digits
    #[arg(group = "anchor")]
    fingerprint: Option<String>,
    /// Trust none: the next open trusts the key that it finds
    #[arg(long, group = "anchor")]
    none: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault trust work 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
  gpgsmith vault trust work --none";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let (name, fingerprint) = (args.name.clone(), args.fingerprint.clone());
    let done = cx.run(&TrustVault { name, fingerprint })?;
    cx.ui.confirm(&done, &[format!("trust anchor updated for {}", args.name)])
}
