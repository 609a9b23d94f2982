//! gpgsmith: keeps an OpenPGP master key in an encrypted vault.

mod args;
mod commands;
mod complete;
mod context;
mod error;
mod files;
mod foreground;
mod hint;
mod input;
mod interrupt;
mod jobs;
mod passphrase;
mod paths;
mod qr;
mod quote;
mod subshell;
mod ui;

use std::process::ExitCode;

use clap::Parser as _;
use gpgsmith_kernel::{daemon, hardening::WipingAllocator};

use self::{args::Cli, context::Context, ui::Ui};

#[global_allocator]
static ALLOCATOR: WipingAllocator = WipingAllocator;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    if let Some(code) = daemon::hidden_main(VERSION) {
        return code;
    }
    if complete::answered() {
        return ExitCode::SUCCESS;
    }
    match Cli::try_parse() {
        Ok(cli) => {
            let ui = Ui::new(&cli.global.output);
            let cx = Context::new(&cli.global, &ui);
            error::exit_code(cx.and_then(|cx| commands::run(&cli.command, &cx)), &ui)
        }
        Err(usage) => args::refuse(&usage),
    }
}
