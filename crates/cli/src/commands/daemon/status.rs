use gpgsmith_kernel::{
    api::{
        Code,
        daemon::{DaemonState, DaemonStatus},
    },
    clock::{Clock as _, SystemClock},
    view,
};
use serde::Serialize;

use super::Ended;
use crate::{context::Context, error::CliError};

/// Show whether the daemon runs (exit code 3 if not).
///
/// Starts nothing. The exit code is 3 if no daemon runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith daemon status")]
pub(crate) struct Args {}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    running: bool,
    #[serde(flatten)]
    state: Option<DaemonState>,
}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let state = match cx.connect(false) {
        Err(error) if error.code == Code::NotRunning => None,
        client => Some(client?.call(&DaemonStatus {})?),
    };
    let report = Report { running: state.is_some(), state };
    cx.ui.reply(&report, |ui| match &report.state {
        Some(state) => ui.lines(&view::daemon::state(state, SystemClock.now())),
        None => ui.print(&format!("{}\n", view::daemon::NOT_RUNNING)),
    })?;
    if report.running { Ok(()) } else { Err(CliError::Ended(Code::NotRunning.exit_code())) }
}
