mod add;
mod list;
mod primary;
mod revoke;

use clap::Subcommand;

use super::Ended;
use crate::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(list::Args),
    Add(add::Args),
    Revoke(revoke::Args),
    Primary(primary::Args),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    match command {
        Command::List(args) => list::run(args, cx),
        Command::Add(args) => add::run(args, cx),
        Command::Revoke(args) => revoke::run(args, cx),
        Command::Primary(args) => primary::run(args, cx),
    }
}
