use gpgsmith_kernel::{api::key::LintKeys, view};

use super::Ended;
use crate::{context::Context, error::CliError};

/// Look for what other people's programs would stumble over.
///
/// Self-signatures over SHA-1, a wish for OCB, weak keys, signing subkeys that have not signed the
/// master key, subkeys that never expire or only in more than five years, no live subkey to sign or
/// to be encrypted to. Ends with exit code 9 if anything is found (and not mended).
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Sign anew what gpg can mend by that; no key gets another end
    #[arg(long)]
    fix: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys lint
  gpgsmith keys lint --fix
  gpgsmith keys lint --json";

/// The exit code when something was found.
const FOUND: u8 = 9;

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let lint = cx.run(&LintKeys { target: cx.target(), fix: args.fix })?;
    cx.ui.reply(&lint, |ui| {
        ui.say_all(&view::key::fixed(&lint));
        ui.table(&view::key::findings(&lint), view::key::NO_FINDINGS)
    })?;
    if lint.findings.is_empty() { Ok(()) } else { Err(CliError::Ended(FOUND)) }
}
