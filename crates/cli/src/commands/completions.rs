use std::io;

use clap::ValueEnum;
use clap_complete::env::Shells;

use super::Ended;
use crate::{complete, context::Context, error::CliError};

/// Print the completion script of a shell.
///
/// Commands, flags and the names of vaults are completed by this program itself, so the script
/// never goes out of date.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith completions bash > ~/.local/share/bash-completion/completions/gpgsmith
  gpgsmith completions zsh > ~/.zfunc/_gpgsmith
  gpgsmith completions fish > ~/.config/fish/completions/gpgsmith.fish";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Elvish,
    Fish,
    Zsh,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Zsh => "zsh",
        }
    }
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    cx.ui.print(&script(args.shell).map_err(CliError::Stdout)?)
}

fn script(shell: Shell) -> io::Result<String> {
    let shells = Shells::builtins();
    let writer = shells.completer(shell.name()).ok_or(io::ErrorKind::Unsupported)?;
    let mut script = Vec::new();
    writer.write_registration(
        complete::VARIABLE,
        "gpgsmith",
        "gpgsmith",
        "gpgsmith",
        &mut script,
    )?;
    String::from_utf8(script).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_asks_this_program() {
        for shell in Shell::value_variants() {
            let script = script(*shell).unwrap();
            assert!(script.contains("COMPLETE") && script.contains("gpgsmith"), "{shell:?}");
        }
    }
}
