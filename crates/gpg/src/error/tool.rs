//! Why a program did not come to its good end.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use crate::program::Version;

/// Why a program was not run to its good end. It is dead and reaped whenever this is returned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// No such program, in `PATH` or at the path given.
    #[error("cannot find the program {}", program.display())]
    NotFound {
        /// What was looked for.
        program: PathBuf,
    },
    /// The program did not start.
    #[error("cannot start {}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `--version` printed nothing that looks like a version of GnuPG.
    #[error("{} does not say which GnuPG it is, but {found:?}", program.display())]
    NoVersion {
        /// The program.
        program: PathBuf,
        /// The first line that it printed.
        found: String,
    },
    /// A GnuPG that this crate can't drive.
    #[error("{} is GnuPG {found}; 2.2 or later is needed", program.display())]
    TooOld {
        /// The program.
        program: PathBuf,
        /// What it says it is.
        found: Version,
    },
    /// It ended with a status other than zero.
    #[error("{argv} ended with {exit}{}", said(stderr))]
    Failed {
        /// What was run.
        argv: Argv,
        /// How it ended.
        exit: ExitStatus,
        /// The code of the last `ERROR` or `FAILURE` status line (gpg-error's numbering, source removed).
        code: Option<u16>,
        /// The last lines that it wrote to standard error, control characters removed.
        stderr: String,
    },
    /// It did not end in time, and was killed.
    #[error("{argv} did not end within {} seconds", after.as_secs())]
    TimedOut {
        /// What was run.
        argv: Argv,
        /// The time that it had.
        after: Duration,
    },
    /// It asked something that nothing here knows the answer to, and was killed.
    #[error("{argv} asked for {keyword}, which has no answer here")]
    UnexpectedPrompt {
        /// What was run.
        argv: Argv,
        /// The prompt's keyword, `keyedit.prompt` for example.
        keyword: String,
    },
    /// It asked too often, as gpg does when it refuses an answer, and was killed.
    #[error("{argv} asked more than {limit} times")]
    TooManyPrompts {
        /// What was run.
        argv: Argv,
        /// How often it might ask.
        limit: usize,
    },
    /// It wrote more than anything it could honestly have to say, and was killed.
    #[error("{argv} wrote more than {limit} bytes")]
    TooMuchOutput {
        /// What was run.
        argv: Argv,
        /// How much it might write.
        limit: usize,
    },
    /// A pipe to it broke in a way other than by its end.
    #[error("cannot talk with {argv}")]
    Pipe {
        /// What was run.
        argv: Argv,
        /// What the system said.
        source: io::Error,
    },
}

/// `GPG_ERR_BAD_PASSPHRASE` of libgpg-error.
const BAD_PASSPHRASE: u16 = 11;

impl ToolError {
    /// Whether the program ended because a passphrase did not fit. gpg 2.2 says so on standard
    /// error only, in English, since it runs with `LC_ALL=C`.
    pub fn is_wrong_passphrase(&self) -> bool {
        match self {
            Self::Failed { code: Some(BAD_PASSPHRASE), .. } => true,
            Self::Failed { stderr, .. } => {
                // 2.4 goes on with the next key of an export.
                let mut said = stderr.lines().map(|line| line.trim_end_matches(" - skipped"));
                said.any(|line| line.ends_with(": Bad passphrase"))
            }
            _ => false,
        }
    }
}

fn said(stderr: &str) -> String {
    stderr.lines().last().map_or_else(String::new, |line| format!(": {line}"))
}

/// A command line without its secrets, which never are in one; prints short, without the options
/// that every call has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv {
    /// The program's path.
    pub program: PathBuf,
    /// Options that every call of this kind has.
    pub fixed: Vec<OsString>,
    /// What this call is about.
    pub args: Vec<OsString>,
}

impl Argv {
    pub(crate) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), fixed: Vec::new(), args: Vec::new() }
    }
}

impl fmt::Display for Argv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        f.write_str(&printable(&name.to_string_lossy()))?;
        self.args.iter().try_for_each(|arg| {
            let text = printable(&arg.to_string_lossy());
            if text.is_empty() || text.contains(' ') {
                write!(f, " '{text}'")
            } else {
                write!(f, " {text}")
            }
        })
    }
}

/// The text without control characters, which could command a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    fn failed(code: Option<u16>, stderr: &str) -> ToolError {
        let mut argv = Argv::new(Path::new("/usr/bin/gpg"));
        argv.fixed.push("--no-options".into());
        argv.args.extend(["--quick-add-uid", "A B", "\u{1b}[31m", ""].map(OsString::from));
        ToolError::Failed {
            argv,
            exit: ExitStatus::from_raw(2 << 8),
            code,
            stderr: stderr.to_owned(),
        }
    }

    #[test]
    fn a_wrong_passphrase_is_told_by_code_or_by_the_end_of_a_line() {
        assert!(failed(Some(11), "").is_wrong_passphrase());
        assert!(
            failed(None, "gpg: signing failed: Bad passphrase\ngpg: more").is_wrong_passphrase()
        );
        assert!(
            failed(Some(1), "gpg: key 1D7A: error: Bad passphrase - skipped\ngpg: nothing")
                .is_wrong_passphrase()
        );
        assert!(!failed(Some(16), "gpg: \"Bad passphrase\": No user ID").is_wrong_passphrase());
    }

    #[test]
    fn a_command_line_prints_without_what_could_command_a_terminal() {
        insta::assert_snapshot!(
            failed(None, "first\nlast"),
            @"gpg --quick-add-uid 'A B' �[31m '' ended with exit status: 2: last"
        );
        insta::assert_snapshot!(failed(None, ""), @"gpg --quick-add-uid 'A B' �[31m '' ended with exit status: 2");
    }
}
