use clap::Subcommand;
use gpgsmith_kernel::{
    api::lock::{AddRecipient, ListRecipients, RemoveRecipient},
    view,
};

use super::Ended;
use crate::context::Context;

/// What can be done about recipients.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    List(ListArgs),
    Add(AddArgs),
    Remove(RemoveArgs),
}

/// List whom the open vault is sealed to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  gpgsmith vault recipients list")]
pub(crate) struct ListArgs {}

/// Seal the open vault to one more recipient.
///
/// The other identity, of another machine or person, opens every snapshot from the next one on,
/// which is sealed at once. Whoever seals later seals to all.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gpgsmith vault recipients add age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
)]
pub(crate) struct AddArgs {
    /// What `age-keygen` calls the public key: `age1…`
    recipient: String,
}

/// Seal the open vault to one recipient less.
///
/// Asks, and seals a new snapshot at once. Older snapshots stay readable to whoever is removed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gpgsmith vault recipients remove age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
)]
pub(crate) struct RemoveArgs {
    /// What `vault recipients list` shows: `age1…`
    recipient: String,
}

pub(crate) fn run(command: &Command, cx: &Context<'_>) -> Ended {
    let target = cx.target();
    let changed = match command {
        Command::List(ListArgs {}) => {
            let recipients = cx.call(&ListRecipients { target })?;
            return cx.ui.reply(&recipients, |ui| ui.lines(&view::lock::recipients(&recipients)));
        }
        Command::Add(AddArgs { recipient }) => {
            cx.run(&AddRecipient { target, recipient: recipient.clone() })?
        }
        Command::Remove(RemoveArgs { recipient }) => {
            cx.run(&RemoveRecipient { target, recipient: recipient.clone() })?
        }
    };
    cx.ui.confirm(&changed, &view::lock::changed_recipients(&changed))
}
