use std::process::ExitCode;

use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint, SESSION_VARIABLE, VAULT_VARIABLE,
        vault::{Accept, OpenVault, Opened, UnfinishedChoice},
    },
    view,
};

use crate::{
    complete,
    context::{Context, Freshness},
    error::CliError,
    quote::quote,
    subshell,
};

/// Open a vault, and start a shell that works on it.
///
/// The newest snapshot is decrypted into RAM. A shell is started in which all commands of this
/// program work on the vault; leaving it does not end the session.
///
/// Work that was not sealed (after a crash, or put to rest when idle) is offered to be resumed.
/// A vault that is open already is joined, for whoever has its passphrase.
///
/// This machine remembers what it has seen. A vault whose newest snapshot has gone, was replaced or
/// is an old one again is refused until that is accepted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The vault; the default one if missing
    #[arg(add = complete::vaults())]
    name: Option<String>,
    /// Start no shell; print the variables that name the session
    #[arg(long)]
    no_shell: bool,
    #[command(flatten)]
    unfinished: Unfinished,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    accepting: Accepting,
}

/// What to do with unfinished work.
#[derive(Debug, clap::Args)]
struct Unfinished {
    /// Go on with unfinished work without asking
    #[arg(long)]
    resume: bool,
    /// Throw unfinished work away, and open the newest snapshot
    #[arg(long, conflicts_with = "resume")]
    fresh: bool,
    /// Go on with the unfinished work of this host; its files stay as they are
    #[arg(long, value_name = "HOST", requires = "resume")]
    from: Option<String>,
}

/// What is right although it does not look so. Both are asked about.
#[derive(Debug, clap::Args)]
struct Accepting {
    /// Go on from the newest snapshot although this machine has seen a newer one
    #[arg(long, conflicts_with = "snapshot")]
    accept_rollback: bool,
    /// Work on the newest snapshot although it is dated more than 48 hours ahead
    #[arg(long, conflicts_with_all = ["snapshot", "read_only"])]
    accept_future: bool,
}

/// Opening without changing anything.
#[derive(Debug, clap::Args)]
struct Reading {
    /// Open for reading only
    #[arg(long, conflicts_with_all = ["resume", "fresh"])]
    read_only: bool,
    /// Open this snapshot instead of the newest, for reading only
    #[arg(long, value_name = "SNAPSHOT", conflicts_with_all = ["resume", "fresh"])]
    snapshot: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault open work
  gpgsmith vault open work --resume
  gpgsmith vault open work --resume --from desk
  gpgsmith vault open work --snapshot 20261123T171055Z_initial-import.tar.age
  eval \"$(gpgsmith vault open work --no-shell)\"";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Result<ExitCode, CliError> {
    let shell = !args.no_shell && !cx.ui.json();
    if shell {
        subshell::refuse_nesting()?;
    }
    let opened = open(args, cx)?;
    if cx.ui.json() {
        cx.ui.reply(&opened, |_| Ok(()))?;
        return Ok(ExitCode::SUCCESS);
    }
    cx.ui.say_all(&view::vault::opened(&opened));
    if shell && cx.interrupts.count() > 0 {
        return Err(no_shell(&opened).into());
    }
    if shell {
        return subshell::enter(cx, &opened);
    }
    cx.ui.print(&exports(&opened))?;
    cx.ui.say(&format!("bound session token for \"{}\"", view::visible(&opened.session.vault)));
    Ok(ExitCode::SUCCESS)
}

fn open(args: &Args, cx: &Context<'_>) -> Result<Opened, CliError> {
    let name = cx.vault_name(args.name.as_ref());
    let unfinished = match (args.unfinished.resume, args.unfinished.fresh) {
        (true, _) => Some(UnfinishedChoice::Resume),
        (_, true) => Some(UnfinishedChoice::Fresh),
        _ => None,
    };
    let Accepting { accept_rollback: rollback, accept_future: future } = args.accepting;
    let accept = Accept { rollback, future };
    cx.run_unlocking(Freshness::Known, |unlock| OpenVault {
        name: name.clone(),
        unlock,
        unfinished,
        read_only: args.reading.read_only,
        snapshot: args.reading.snapshot.clone(),
        from: args.unfinished.from.clone(),
        accept,
    })
}

/// Ctrl-C came when opening could no longer be stopped: nobody waits for a shell.
fn no_shell(opened: &Opened) -> ApiError {
    let vault = opened.session.vault.as_str();
    let hint = Hint::run("It is open; end its session.", "vault discard", &["--vault", vault]);
    ApiError::new(Code::Cancelled, format!("cancelled after {vault} was open")).with_hint(hint)
}

/// Lines for a shell's `eval`.
fn exports(opened: &Opened) -> String {
    let (token, vault) = (quote(&opened.token), quote(&opened.session.vault));
    format!("export {SESSION_VARIABLE}={token};\nexport {VAULT_VARIABLE}={vault};\n")
}

#[cfg(test)]
mod tests {
    use gpgsmith_kernel::api::{
        Face,
        vault::{OpenSession, OpenedHow},
    };

    use super::*;

    fn opened(vault: &str) -> Opened {
        let session = OpenSession {
            vault: vault.to_owned(),
            path: "/v".into(),
            source: Face::Cli,
            hostname: "laptop".to_owned(),
            started_at: "2026-11-23T17:11:05Z".parse().unwrap(),
            snapshot: String::new(),
            master_fp: None,
            generation: 0,
            unsealed: 0,
            read_only: None,
            idle_at: None,
        };
        let how = OpenedHow::Opened;
        Opened { session, token: "0a".repeat(32), how, first_use: None, notes: Vec::new() }
    }

    #[test]
    fn the_exports_are_those_of_the_go_program() {
        let token = "0a".repeat(32);
        let expected =
            format!("export GPGSMITH_SESSION={token};\nexport GPGSMITH_VAULT_NAME=work;\n");
        assert_eq!(exports(&opened("work")), expected);
    }

    #[test]
    fn w36_a_name_is_not_run_by_eval() {
        let lines = exports(&opened("x; touch /tmp/pwned $(id)"));
        assert!(lines.ends_with("export GPGSMITH_VAULT_NAME='x; touch /tmp/pwned $(id)';\n"));
    }
}
