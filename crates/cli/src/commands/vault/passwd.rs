use std::path::PathBuf;

use clap::ValueHint;
use gpgsmith_kernel::{api::lock::ChangePassphrase, view};

use super::Ended;
use crate::{
    complete,
    context::{Context, Freshness},
    passphrase::Origin,
};

/// Change the passphrase of a vault and of the keys in it.
///
/// Both change in one step: a new snapshot, sealed with the new passphrase, whose keys are under
/// it. Whatever interrupts this leaves either the old passphrase or the new one for all. Older
/// snapshots stay as they are, and open with the passphrase that they were sealed with.
///
/// Of a vault with an identity file, the passphrase of the keys changes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The vault; the default one if missing
    #[arg(add = complete::vaults())]
    name: Option<String>,
    /// Read the new passphrase from the first line of FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    new_passphrase_file: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault passwd work
  gpgsmith vault passwd work --passphrase-file old.txt --new-passphrase-file new.txt";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let new = cx.given(args.new_passphrase_file.clone().map(Origin::File))?;
    let changed = cx.run_unlocking(Freshness::Known, |unlock| ChangePassphrase {
        name: cx.vault_name(args.name.as_ref()),
        unlock,
        new: new.clone(),
    })?;
    cx.ui.confirm(&changed, &view::lock::changed(&changed))
}
