mod certify;
mod create;
mod export;
mod generate;
mod lint;
mod list;
mod master;
mod renew;
mod revocation_cert;
mod revoke;
mod ssh_pubkey;
mod status;

use clap::Subcommand;

pub(super) use self::create::{Plan, identity};
use super::{Ended, identity as uid};
use crate::context::Context;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Create(create::Args),
    Generate(generate::Args),
    List(list::Args),
    Status(status::Args),
    Renew(renew::Args),
    Revoke(revoke::Args),
    RevocationCert(revocation_cert::Args),
    SshPubkey(ssh_pubkey::Args),
    Lint(lint::Args),
    Export(export::Args),
    Certify(certify::Args),
    /// The master key itself: its end
    #[command(subcommand, arg_required_else_help = true)]
    Master(master::Command),
    /// The names and mail addresses on the master key
    #[command(subcommand, visible_alias = "uid", arg_required_else_help = true)]
    Identity(uid::Command),
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    match command {
        Command::Create(args) => create::run(args, cx),
        Command::Generate(args) => generate::run(args, cx),
        Command::List(args) => list::run(args, cx),
        Command::Status(args) => status::run(args, cx),
        Command::Renew(args) => renew::run(args, cx),
        Command::Revoke(args) => revoke::run(args, cx),
        Command::RevocationCert(args) => revocation_cert::run(args, cx),
        Command::SshPubkey(args) => ssh_pubkey::run(args, cx),
        Command::Lint(args) => lint::run(args, cx),
        Command::Export(args) => export::run(args, cx),
        Command::Certify(args) => certify::run(args, cx),
        Command::Master(command) => master::run(command, cx),
        Command::Identity(command) => uid::run(command, cx),
    }
}
