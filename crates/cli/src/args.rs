//! The command line as a whole: global flags, and what is said when it cannot be understood.

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgAction, Args, Parser, ValueHint, error::ErrorKind};

use crate::{commands::Command, complete};

/// Keeps an OpenPGP master key in an encrypted vault.
///
/// A vault is a directory of age-encrypted snapshots that any file-sync service may carry. It is
/// opened only into RAM; each step is done by gpg, written to an audit log, and sealed again as a
/// new snapshot. No snapshot is ever rewritten or deleted.
///
/// Tables and exports go to standard output; questions, confirmations and errors go to standard
/// error.
#[derive(Debug, Parser)]
#[command(
    name = "gpgsmith",
    version,
    disable_version_flag = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = EXAMPLES,
    after_long_help = LONG_EXAMPLES
)]
pub(crate) struct Cli {
    /// Print the version
    #[arg(short = 'v', short_alias = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith setup --name 'Ann Example' --email ann@example.org
  gpgsmith vault open work
  gpgsmith keys list";

const LONG_EXAMPLES: &str = "\
Examples:
  gpgsmith setup --name 'Ann Example' --email ann@example.org
  gpgsmith vault open work
  gpgsmith keys list
  gpgsmith vault seal --message 'new laptop'

Environment:
  GPGSMITH_SESSION  the session that a command works on; set in the shell of `vault open`
  NO_COLOR          no colours

Exit codes:
  0  done, and read back        5  wrong passphrase or identity file
  1  failed                     6  needs an answer (see the flag that is named)
  2  wrong usage                7  no session is open, or several are
  3  the daemon does not run    8  cancelled or declined
  4  refused for safety         9  found something (keys lint)
`exec` ends with the exit code of its command.";

/// Flags that every command understands.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The vault whose open session is meant
    #[arg(long, global = true, value_name = "NAME", add = complete::vaults())]
    pub(crate) vault: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(flatten)]
    pub(crate) secrets: SecretFiles,
}

/// What is shown, and how.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Output {
    /// Print one JSON object (with `schema_version`) instead of tables and text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No confirmations and notes
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Each stage of the work, and a detailed log of a daemon that is started
    #[arg(long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// What is asked, and who answers.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Asking {
    /// Never ask; fail with the name of the flag that would answer
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    /// Answer yes where a step cannot be taken back
    #[arg(short, long, global = true)]
    pub(crate) yes: bool,
}

/// Where passphrases come from, if not from the keyboard.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct SecretFiles {
    /// Read the vault's passphrase from the first line of FILE (`-` is standard input)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "passphrase_fd")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Read the vault's passphrase from the open file descriptor N
    #[arg(long, global = true, value_name = "N")]
    pub(crate) passphrase_fd: Option<u32>,
    /// Read the passphrase of keys that have one of their own from the first line of FILE
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) key_passphrase_file: Option<PathBuf>,
}

/// Says what is wrong with a command line, or shows the help that it asks for. A group of commands
/// without a command shows its help, and that is no mistake.
pub(crate) fn refuse(usage: &clap::Error) -> ExitCode {
    let help = usage.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let shown =
        if help { crate::ui::write_stdout(&usage.render().to_string()) } else { usage.print() };
    let asked_for = help || !usage.use_stderr();
    // A reader that has gone (`--help | head`) is no failure either.
    drop(shown);
    if asked_for { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

#[cfg(test)]
mod tests;
