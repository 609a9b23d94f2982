mod add;
mod check;
mod create;
mod discard;
mod export;
mod import;
mod list;
mod open;
mod passwd;
mod recipients;
mod restore;
mod revert;
mod seal;
mod snapshots;
mod status;
mod trust;

use std::process::ExitCode;

use clap::Subcommand;

pub(super) use self::create::create;
use super::Ended;
use crate::{context::Context, error::CliError};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    Add(add::Args),
    List(list::Args),
    Status(status::Args),
    Open(open::Args),
    Seal(seal::Args),
    Discard(discard::Args),
    Snapshots(snapshots::Args),
    Revert(revert::Args),
    Check(check::Args),
    Trust(trust::Args),
    Import(import::Args),
    Export(export::Args),
    Restore(restore::Args),
    Passwd(passwd::Args),
    /// Whom a vault with an identity file is sealed to
    #[command(subcommand, arg_required_else_help = true)]
    Recipients(recipients::Command),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Result<ExitCode, CliError> {
    match command {
        Command::Open(args) => return open::run(args, cx),
        Command::Create(args) => create::run(args, cx),
        Command::Add(args) => add::run(args, cx),
        Command::List(args) => list::run(args, cx),
        Command::Status(args) => status::run(args, cx),
        Command::Seal(args) => seal::run(args, cx),
        Command::Discard(args) => discard::run(args, cx),
        Command::Snapshots(args) => snapshots::run(args, cx),
        Command::Check(args) => check::run(args, cx),
        Command::Revert(args) => revert::run(args, cx),
        Command::Trust(args) => trust::run(args, cx),
        Command::Import(args) => import::run(args, cx),
        Command::Export(args) => export::run(args, cx),
        Command::Restore(args) => restore::run(args, cx),
        Command::Passwd(args) => passwd::run(args, cx),
        Command::Recipients(command) => recipients::run(command, cx),
    }
    .map(|()| ExitCode::SUCCESS)
}
