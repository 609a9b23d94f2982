mod restart;
mod start;
mod status;
mod stop;

use clap::Subcommand;

use super::Ended;
use crate::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Start(start::Args),
    Stop(stop::Args),
    Status(status::Args),
    Restart(restart::Args),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    match command {
        Command::Start(args) => start::run(args, cx),
        Command::Stop(args) => stop::run(args, cx),
        Command::Status(args) => status::run(args, cx),
        Command::Restart(args) => restart::run(args, cx),
    }
}
