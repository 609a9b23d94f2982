//! The shell of `vault open`: the user's own, with the session in its environment and the vault's
//! name in its prompt.

mod plan;

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint, SESSION_VARIABLE, VAULT_VARIABLE,
        vault::{OpenSession, Opened, VaultStatus},
    },
    view,
};
use tempfile::TempDir;

use self::plan::Plan;
use crate::{context::Context, error::CliError, quote::quote};

/// Set in the shells that we start, and in what they start.
const MARK: &str = "GPGSMITH_SHELL";

/// The shell's exit code where a signal ended it.
const KILLED: u8 = 255;

/// Why no shell runs.
#[derive(Debug, thiserror::Error)]
enum ShellError {
    /// Its start-up file cannot be written.
    #[error("cannot write the start-up file of the shell")]
    Startup(#[source] io::Error),
    /// It cannot be started.
    #[error("cannot start the shell {}", shell.display())]
    Start {
        /// The program.
        shell: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its end cannot be waited for.
    #[error("cannot wait for the shell")]
    Wait(#[source] io::Error),
}

impl ShellError {
    /// The session is open all the same.
    fn told(&self, vault: &str) -> CliError {
        let advice = "the session is open; bind it to this shell yourself";
        let hint = Hint::run(advice, "vault open", &[vault, "--no-shell"]);
        ApiError::chain(Code::Io, self).with_hint(hint).into()
    }
}

/// Refuses a shell inside a shell of a session: leaving the inner one would look like leaving both.
pub(crate) fn refuse_nesting() -> Result<(), ApiError> {
    if env::var_os(MARK).is_none() {
        return Ok(());
    }
    let text = "this shell belongs to a session already";
    let advice = "leave it first, or bind it to the other session: \
                  eval \"$(gpgsmith vault open NAME --no-shell)\"";
    Err(ApiError::new(Code::Refused, text).with_hint(Hint::advice(advice)))
}

/// Runs the user's shell on the session, and ends with its exit code.
pub(crate) fn enter(cx: &Context<'_>, opened: &Opened) -> Result<ExitCode, CliError> {
    let vault = opened.session.vault.as_str();
    let shown = view::visible(vault);
    cx.ui.say(&format!("Entering gpgsmith shell for \"{shown}\". Exit to leave."));
    let code = run(cx, opened).map_err(|error| error.told(vault))?;
    if let Some(session) = still_open(cx, &opened.session) {
        cx.ui.say(&view::vault::left_open(&session));
        cx.ui.say(&format!("to seal it: gpgsmith vault seal --vault {}", quote(&shown)));
    }
    Ok(ExitCode::from(code))
}

fn run(cx: &Context<'_>, opened: &Opened) -> Result<u8, ShellError> {
    let shell = shell();
    let startup = tempfile::Builder::new().prefix("gpgsmith-shell-").tempdir();
    let startup = startup.map_err(ShellError::Startup)?;
    let user_zdotdir = env::var_os("ZDOTDIR").or_else(|| env::var_os("HOME")).unwrap_or_default();
    let plan = plan::plan(&shell, &opened.session.vault, startup.path(), &user_zdotdir);
    write_startup(&startup, &plan).map_err(ShellError::Startup)?;
    let started = cx.start(&mut command(&shell, &plan, opened));
    let child = started.map_err(|source| ShellError::Start { shell, source })?;
    let status = cx.wait(child).map_err(ShellError::Wait)?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(KILLED))
}

fn command(shell: &Path, plan: &Plan, opened: &Opened) -> Command {
    #[expect(clippy::disallowed_methods, reason = "the user's own shell, which sees what they see")]
    let mut command = Command::new(shell);
    command.args(&plan.args).envs(plan.env.iter().map(|(name, value)| (name, value)));
    command.env(SESSION_VARIABLE, &opened.token).env(VAULT_VARIABLE, &opened.session.vault);
    command.env(MARK, "1");
    command
}

/// The user's shell, or the one that every system has.
fn shell() -> PathBuf {
    let chosen = env::var_os("SHELL").map(PathBuf::from).filter(|path| is_program(path));
    chosen.unwrap_or_else(|| PathBuf::from("/bin/sh"))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// The directory is ours alone (0700), and goes when the shell has ended.
fn write_startup(dir: &TempDir, plan: &Plan) -> io::Result<()> {
    plan.files.iter().try_for_each(|(name, content)| {
        let mut file = File::create_new(dir.path().join(name))?;
        file.write_all(content.as_bytes())
    })
}

/// The session as it is now, if it has not ended. A daemon that has gone has none.
fn still_open(cx: &Context<'_>, session: &OpenSession) -> Option<OpenSession> {
    let status = cx.call(&VaultStatus {}).ok()?;
    let same =
        |open: &OpenSession| open.vault == session.vault && open.started_at == session.started_at;
    status.open.into_iter().find(same)
}

/// What a shell is started with.
type Variables = Vec<(&'static str, OsString)>;

#[cfg(test)]
mod tests;
