mod revoke;

use clap::Subcommand;

use super::Ended;
use crate::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Revoke(revoke::Args),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    match command {
        Command::Revoke(args) => revoke::run(args, cx),
    }
}
