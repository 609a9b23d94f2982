use gpgsmith_kernel::{
    api::{ApiError, Code, vault::CheckVault},
    view,
};

use super::Ended;
use crate::{
    complete,
    context::{Context, Freshness},
};

/// Check that the snapshots of a vault open and that their keys work.
///
/// The newest snapshot, or with --all every one, is decrypted and unpacked, must hold the trusted
/// master key (unless it is older than the first that has one), signs and decrypts a test message, and
/// its audit log and lineage must fit. What this machine has seen before must still be there,
/// unchanged. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The vault; the default one if missing
    #[arg(add = complete::vaults())]
    name: Option<String>,
    /// Check every snapshot
    #[arg(long)]
    all: bool,
    /// Check every snapshot, and that each audit log is how the newest one begins
    #[arg(long)]
    deep: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault check
  gpgsmith vault check work --all
  gpgsmith vault check work --deep --json";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let name = cx.vault_name(args.name.as_ref());
    let checked = cx.run_unlocking(Freshness::Known, |unlock| CheckVault {
        name: name.clone(),
        all: args.all,
        deep: args.deep,
        unlock,
    })?;
    cx.ui.reply(&checked, |ui| {
        for note in view::vault::check_notes(&checked) {
            ui.say(&format!("note: {note}"));
        }
        ui.lines(&view::vault::checked(&checked))
    })?;
    match checked.problems() {
        0 => Ok(()),
        problems => {
            let problems = view::count(problems as u64, "problem");
            let text = format!("the check of the vault {} found {problems}", checked.vault);
            Err(ApiError::new(Code::Damaged, text).into())
        }
    }
}
