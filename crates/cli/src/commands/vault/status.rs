use gpgsmith_kernel::{
    api::vault::VaultStatus,
    clock::{Clock as _, SystemClock},
    view,
};

use super::Ended;
use crate::context::Context;

/// Show what is open, and what can be resumed.
///
/// Asking does not keep a session from being put to rest when it is idle.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith vault status")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let status = cx.call(&VaultStatus {})?;
    cx.ui.reply(&status, |ui| {
        for note in view::vault::forks(&status.forked) {
            ui.say(&format!("note: {note}"));
        }
        let open = view::vault::open(&status.open, SystemClock.now());
        ui.table(&open, view::vault::NONE_OPEN)?;
        let recoverable = view::vault::recoverable(&status.unfinished);
        if recoverable.rows.is_empty() {
            return Ok(());
        }
        ui.print("\n")?;
        ui.table(&recoverable, "")
    })
}
