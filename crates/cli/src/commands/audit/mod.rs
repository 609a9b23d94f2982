mod show;
mod verify;

use clap::Subcommand;

use super::Ended;
use crate::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Show(show::Args),
    Verify(verify::Args),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    match command {
        Command::Show(args) => show::run(args, cx),
        Command::Verify(args) => verify::run(args, cx),
    }
}
