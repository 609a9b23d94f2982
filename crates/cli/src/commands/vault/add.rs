use std::path::PathBuf;

use clap::ValueHint;
use gpgsmith_kernel::{api::vault::AddVault, view};

use super::Ended;
use crate::{
    context::{Context, Freshness},
    paths,
};

/// Make a vault known here that another machine has made, and open it.
///
/// Its directory is there already, brought by a sync service or on a disk. With a wrong passphrase
/// or identity file nothing changes here. The master key in it is trusted once it is open.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Its name on this machine: letters, digits, blanks and `. _ - + @`
    name: String,
    /// Its directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    path: PathBuf,
    /// Open it by this age identity file instead of a passphrase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    identity: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault add work --path ~/Dropbox/work-vault
  gpgsmith vault add ci --path ./vault --identity ~/.config/age/key.txt";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let path = paths::resolve(&args.path)?;
    let identity = args.identity.as_deref().map(paths::resolve).transpose()?;
    let opened = cx.run_unlocking(Freshness::Known, |unlock| AddVault {
        name: args.name.clone(),
        path: path.clone(),
        identity: identity.clone(),
        unlock,
    })?;
    cx.ui.confirm(&opened, &view::vault::opened(&opened))
}
