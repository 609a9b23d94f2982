use std::path::PathBuf;

use clap::ValueHint;
use gpgsmith_kernel::{api::transfer::ExportVault, view};

use super::Ended;
use crate::{
    complete,
    context::{Context, Freshness},
    paths,
};

/// Write the files of a vault, decrypted, to a directory.
///
/// The directory then holds the GnuPG home as the newest snapshot has it, secret keys included:
/// it asks first. It must be empty, or not be there yet.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith vault export work /media/usb/gnupg")]
pub(crate) struct Args {
    /// The vault
    #[arg(add = complete::vaults())]
    name: String,
    /// The directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    target: PathBuf,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let target = paths::resolve(&args.target)?;
    let exported = cx.run_unlocking(Freshness::Known, |unlock| ExportVault {
        name: args.name.clone(),
        unlock,
        target: target.clone(),
    })?;
    cx.ui.confirm(&exported, &view::transfer::exported(&exported))
}
