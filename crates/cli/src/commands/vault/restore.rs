use std::path::PathBuf;

use clap::ValueHint;
use gpgsmith_kernel::{api::transfer::RestoreVault, view};

use super::Ended;
use crate::{
    context::{Context, Freshness},
    paths,
};

/// Write the files of any snapshot, decrypted, to a directory.
///
/// As `vault export`, but from an older snapshot. The vault is named by --vault, if it is not the
/// default one. Nothing in the vault changes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gpgsmith vault restore 20261123T171055Z /dev/shm/old --vault work"
)]
pub(crate) struct Args {
    /// The snapshot's file name, or enough of its beginning
    snapshot: String,
    /// The directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    target: PathBuf,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let target = paths::resolve(&args.target)?;
    let exported = cx.run_unlocking(Freshness::Known, |unlock| RestoreVault {
        name: cx.vault_name(None),
        unlock,
        snapshot: args.snapshot.clone(),
        target: target.clone(),
    })?;
    cx.ui.confirm(&exported, &view::transfer::exported(&exported))
}
