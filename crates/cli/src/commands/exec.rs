use std::ffi::OsString;

use clap::ValueHint;
use gpgsmith_kernel::{
    api::{ApiError, Code, Hint, exec::ExecCommand},
    view,
};

use super::Ended;
use crate::{context::Context, error::CliError, foreground::Foreground};

/// Run a command of your own on the keys of an open vault.
///
/// For what no other command does. GNUPGHOME is a copy of the vault's keys in RAM. When the command
/// ends with exit code 0, what it changed there comes back into the vault as one step: read back,
/// written to the audit log with the command line (so put no secret into that), and flushed.
/// Otherwise the vault stays as it was, and the exit code is passed on. A command that takes a
/// secret key away is refused.
///
/// `gpg` is the vault's own, and asks for passphrases at the terminal. In a script give it
/// `--pinentry-mode loopback`: there is no window to ask in.
///
/// Option files and whatever else the command leaves beside the keys do not enter the vault; what it
/// leaves running finds its copy gone. Until it ends, the vault waits; other commands of this
/// program are refused inside.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND", value_hint = ValueHint::CommandName)]
    command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith exec -- gpg --edit-key ann@example.org
  gpgsmith exec --vault work -- gpg --list-packets some.asc
  gpgsmith exec -- sh -c 'gpg --list-keys && ls -l $GNUPGHOME'";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    if cx.ui.json() {
        let error = ApiError::new(Code::BadRequest, "exec has no output of its own for --json");
        return Err(error.with_hint(Hint::advice("leave --json out")).into());
    }
    let words = args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let mut host = Foreground::new(cx, &args.command);
    match cx.run_by(&ExecCommand { target: cx.target(), argv: words }, &mut host) {
        Err(CliError::Api(error)) if error.code == Code::CommandFailed => Err(host.failed(error)),
        ran => {
            cx.ui.say_all(&view::exec::ran(&ran?));
            Ok(())
        }
    }
}
