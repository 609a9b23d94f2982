use gpgsmith_kernel::{
    api::{ApiError, Code, audit::VerifyAudit},
    view,
};

use super::Ended;
use crate::context::Context;

/// Check that no entry was changed, removed or put in.
///
/// Each entry is chained to all before it. Entries of the Go program carry no link; the next link
/// covers them. A broken chain is an error; it tells of accidents and of foreign hands, not of
/// somebody who has the passphrase.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith audit verify")]
pub(crate) struct Args {}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let report = cx.call(&VerifyAudit { target: cx.target() })?;
    cx.ui.reply(&report, |ui| ui.lines(&view::audit::report(&report)))?;
    if report.breaks.is_empty() {
        return Ok(());
    }
    let text = format!("the audit log of the vault {} does not fit its chain", report.vault);
    Err(ApiError::new(Code::Damaged, text).into())
}
