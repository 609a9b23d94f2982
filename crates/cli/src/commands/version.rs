use std::env::consts::{ARCH, OS};

use gpgsmith_kernel::api::PROTOCOL;
use serde::Serialize;

use super::Ended;
use crate::{VERSION, context::Context};

/// Print the version.
///
/// The version of this program, and of the protocol that it speaks with the daemon.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith version")]
pub(crate) struct Args {}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    commit: &'static str,
    protocol: u32,
    platform: String,
}

pub(crate) fn run(_: &Args, cx: &Context<'_>) -> Ended {
    let report = Report {
        version: VERSION,
        commit: option_env!("GPGSMITH_COMMIT").unwrap_or("none"),
        protocol: PROTOCOL,
        platform: format!("{ARCH}-{OS}"),
    };
    cx.ui.reply(&report, |ui| {
        ui.lines(&[
            format!("gpgsmith {}", report.version),
            format!("commit: {}", report.commit),
            format!("protocol: {}", report.protocol),
            format!("platform: {}", report.platform),
        ])
    })
}
