//! One file for each command: its arguments, and what it does.

mod audit;
mod completions;
mod daemon;
mod exec;
mod identity;
mod key;
mod setup;
mod vault;
mod version;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{context::Context, error::CliError};

/// How a command ends, if it has nothing more to say.
type Ended = Result<(), CliError>;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Setup(setup::Args),
    /// Vaults: make, open, seal, look into
    #[command(subcommand, arg_required_else_help = true)]
    Vault(vault::Command),
    /// The keys in an open vault
    #[command(subcommand, arg_required_else_help = true)]
    Keys(key::Command),
    /// What was done in an open vault, and whether that was tampered with
    #[command(subcommand, arg_required_else_help = true)]
    Audit(audit::Command),
    Exec(exec::Args),
    /// The daemon that holds open vaults; it starts by itself
    #[command(subcommand, arg_required_else_help = true)]
    Daemon(daemon::Command),
    Version(version::Args),
    Completions(completions::Args),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Result<ExitCode, CliError> {
    match command {
        Command::Vault(command) => return vault::run(command, cx),
        Command::Setup(args) => setup::run(args, cx),
        Command::Keys(command) => key::run(command, cx),
        Command::Audit(command) => audit::run(command, cx),
        Command::Exec(args) => exec::run(args, cx),
        Command::Daemon(command) => daemon::run(command, cx),
        Command::Version(args) => version::run(args, cx),
        Command::Completions(args) => completions::run(args, cx),
    }
    .map(|()| ExitCode::SUCCESS)
}
