//! How a command ends: an exit code, and for an error what failed and what to do next.

use std::{
    io::{self, ErrorKind},
    process::ExitCode,
};

use gpgsmith_kernel::{
    api::{ApiError, Code},
    view,
};
use serde::Serialize;

use crate::{
    hint,
    input::InputError,
    passphrase::SecretFileError,
    paths::PathError,
    ui::{self, Ui},
};

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// What the daemon says, or would have said.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A command of the user's own failed, with this exit code.
    #[error("{error}")]
    Command {
        /// What the daemon says of it.
        error: ApiError,
        /// The command's own.
        code: u8,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Stdout(#[source] io::Error),
    /// Everything has been said; only the exit code is left.
    #[error("exit code {0}")]
    Ended(u8),
}

impl CliError {
    /// The code of an error that the daemon, or this side in its stead, has told.
    pub(crate) fn code(&self) -> Option<Code> {
        match self {
            Self::Api(error) => Some(error.code),
            _ => None,
        }
    }
}

macro_rules! through_api {
    ($($error:ty),+) => {
        $(impl From<$error> for CliError {
            fn from(error: $error) -> Self {
                Self::Api(error.into())
            }
        })+
    };
}
through_api!(InputError, PathError, SecretFileError);

/// An error as `--json` prints it.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a ApiError,
}

/// Tells of an error on standard error, and gives the exit code. A reader of standard output that
/// has gone is no error.
pub(crate) fn exit_code(ended: Result<ExitCode, CliError>, ui: &Ui) -> ExitCode {
    ui.clear();
    let (error, code) = match ended {
        Ok(code) => return code,
        Err(CliError::Ended(code)) => return ExitCode::from(code),
        Err(CliError::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => {
            return ExitCode::SUCCESS;
        }
        Err(CliError::Command { error, code }) => (error, code),
        Err(CliError::Api(error)) => {
            let code = error.code.exit_code();
            (error, code)
        }
        Err(error @ CliError::Stdout(_)) => {
            (ApiError::chain(Code::Io, &error), Code::Io.exit_code())
        }
    };
    let text = match ui.json().then(|| ui::json(&Failure { error: &error })) {
        Some(Ok(json)) => json,
        _ => render(&error),
    };
    ui.note(text.trim_end());
    ExitCode::from(code)
}

/// The causes, outermost first, then advice, then the command that carries it out.
fn render(error: &ApiError) -> String {
    let causes = view::error::causes(error).into_iter().enumerate();
    let mut lines: Vec<String> = causes
        .map(
            |(depth, cause)| {
                if depth == 0 { format!("error: {cause}") } else { format!("  cause: {cause}") }
            },
        )
        .collect();
    if let Some(hint) = &error.hint {
        lines.push(format!("hint: {}", view::error::advice(hint)));
        lines.extend(hint::command_line(hint).map(|command| format!("try: {command}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use gpgsmith_kernel::api::Hint;
    use insta::assert_snapshot;

    use super::*;

    fn wrong_passphrase() -> ApiError {
        let hint = Hint::run("Try again; nothing has changed.", "vault open", &["it's work"]);
        let causes =
            vec!["cannot open the vault it's work".into(), "no passphrase fits\x1b[2J".into()];
        ApiError { code: Code::WrongPassphrase, causes, hint: Some(hint) }
    }

    #[test]
    fn an_error_says_what_why_and_what_next() {
        assert_snapshot!(render(&wrong_passphrase()), @r"
        error: cannot open the vault it's work
          cause: no passphrase fits\u{1b}[2J
        hint: Try again; nothing has changed.
        try: gpgsmith vault open 'it'\''s work'
        ");
    }

    #[test]
    fn w30_several_sessions_are_told_apart_by_a_flag() {
        let hint = Hint {
            advice: "name the vault".into(),
            action: None,
            args: vec!["--vault".into(), "a".into()],
        };
        let error = ApiError::new(Code::SeveralSessions, "several sessions are open: a, b");
        assert_snapshot!(render(&error.with_hint(hint)), @"
        error: several sessions are open: a, b
        hint: Name the vault.
        try: the same with --vault a
        ");
    }

    #[test]
    fn w69_errors_are_told_apart_by_code() {
        let Ok(json) = ui::json(&Failure { error: &wrong_passphrase() }) else { panic!("no JSON") };
        assert_snapshot!(json, @r#"{"schema_version":1,"error":{"code":"wrong_passphrase","causes":["cannot open the vault it's work","no passphrase fits\u001b[2J"],"hint":{"advice":"Try again; nothing has changed.","action":"vault open","args":["it's work"]}}}"#);
        let ui = Ui::new(&crate::args::Output { quiet: true, ..Default::default() });
        for (code, expected) in
            [(Code::WrongPassphrase, 5), (Code::NoSession, 7), (Code::Refused, 4)]
        {
            let error = Err(ApiError::new(code, "no").into());
            assert_eq!(exit_code(error, &ui), ExitCode::from(expected));
        }
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error() {
        let ui = Ui::new(&crate::args::Output::default());
        let gone = Err(CliError::Stdout(ErrorKind::BrokenPipe.into()));
        assert_eq!(exit_code(gone, &ui), ExitCode::SUCCESS);
        let full = Err(CliError::Stdout(ErrorKind::StorageFull.into()));
        assert_eq!(exit_code(full, &ui), ExitCode::FAILURE);
    }
}
