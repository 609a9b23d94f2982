//! Errors on the wire: a stable code, what failed (cause by cause), and what to do next.

use std::fmt;

use nix::errno::Errno;
use serde::{Deserialize, Serialize};

/// An error as a face sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiError {
    /// Stable: programs may rely on it.
    pub code: Code,
    /// What failed, outermost first; each a lower-case line without a full stop.
    pub causes: Vec<String>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<Hint>,
}

impl ApiError {
    /// An error with one line of text.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, causes: vec![text.into()], hint: None }
    }

    /// The chain of `error` and its sources, line by line. Where file descriptors have run out,
    /// whatever was being done, it says what to do about that.
    pub fn chain(code: Code, error: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(error), |cause| cause.source());
        let hint = causes.clone().any(is_out_of_descriptors).then(more_descriptors);
        Self { code, causes: causes.map(ToString::to_string).collect(), hint }
    }

    /// The same error with what to do next, unless it says so already.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Option<Hint>>) -> Self {
        self.hint = self.hint.or_else(|| hint.into());
        self
    }
}

fn is_out_of_descriptors(error: &(dyn std::error::Error + 'static)) -> bool {
    let code = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::raw_os_error);
    code.map(Errno::from_raw).is_some_and(|code| matches!(code, Errno::EMFILE | Errno::ENFILE))
}

fn more_descriptors() -> Hint {
    let advice = "Allow more open files (`ulimit -n 1024`), then restart the daemon from there.";
    Hint::run(advice, "daemon restart", &[])
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.causes.join(": "))
    }
}

impl std::error::Error for ApiError {}

/// What kind of error it is. New ones may be added; none is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The request itself is wrong: a name, a date, an algorithm.
    BadRequest,
    /// No vault of that name.
    UnknownVault,
    /// The name, the directory or the file is taken.
    Exists,
    /// No session is open, or the token is not known (any more).
    NoSession,
    /// Several sessions are open and the call names none.
    SeveralSessions,
    /// Another process holds the vault.
    Busy,
    /// The passphrase does not open it.
    WrongPassphrase,
    /// No identity in the file opens it.
    WrongIdentity,
    /// The vault needs a passphrase or an identity file that was not given.
    NeedsPassphrase,
    /// The key in the vault is not the trusted one.
    MasterKeyMismatch,
    /// Refused for safety: read-only, diverged, rolled back, forged.
    Refused,
    /// Unfinished work is in the way, and the call does not say what to do with it.
    Unfinished,
    /// A question that this face cannot ask; the hint names the flag that answers it.
    NeedsAnswer,
    /// The user said no.
    Declined,
    /// Cancelled before it was done; nothing has changed.
    Cancelled,
    /// A file is damaged.
    Damaged,
    /// No space on the disk or in RAM.
    NoSpace,
    /// No file system in RAM to open the vault into.
    NoRam,
    /// `gpg` is missing, too old, or failed.
    Gpg,
    /// A command of the user's own failed; what it did is undone.
    CommandFailed,
    /// A file cannot be read or written.
    Io,
    /// The registry or another file of ours does not parse.
    BadFile,
    /// The daemon is not running.
    NotRunning,
    /// The daemon is about to stop.
    ShuttingDown,
    /// Client and daemon speak different versions of the protocol.
    Protocol,
    /// Too many or too large requests.
    Limit,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The exit code of a command that ends with this error. Never renumbered:
    /// 1 failed, 2 usage, 3 not running, 4 refused for safety, 5 wrong passphrase or identity,
    /// 6 needs an answer, 7 no session (or several), 8 cancelled or declined. (9 is no error: the
    /// command line ends with it when `keys lint` has found something.)
    pub fn exit_code(self) -> u8 {
        match self {
            Self::BadRequest => 2,
            Self::NotRunning => 3,
            Self::MasterKeyMismatch | Self::Refused => 4,
            Self::WrongPassphrase | Self::WrongIdentity => 5,
            Self::NeedsAnswer | Self::NeedsPassphrase | Self::Unfinished => 6,
            Self::NoSession | Self::SeveralSessions => 7,
            Self::Cancelled | Self::Declined => 8,
            _ => 1,
        }
    }
}

/// What to do next: a sentence, and where one command does it, that command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// One sentence that holds for every face.
    pub advice: String,
    /// The verb of a [`super::Call`] or of a command of the command line: `vault open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Its arguments and flags as the command line spells them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

impl Hint {
    /// Advice that no command carries out.
    pub fn advice(text: impl Into<String>) -> Self {
        Self { advice: text.into(), action: None, args: Vec::new() }
    }

    /// Advice with the command that carries it out.
    pub fn run(advice: impl Into<String>, action: &str, args: &[&str]) -> Self {
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        Self { advice: advice.into(), action: Some(action.to_owned()), args }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_keeps_every_cause() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot seal")]
        struct Outer(#[source] std::io::Error);
        let inner = std::io::Error::other("disk on fire");
        let error = ApiError::chain(Code::Io, &Outer(inner));
        assert_eq!(error.causes, ["cannot seal", "disk on fire"]);
        assert_eq!(error.to_string(), "cannot seal: disk on fire");
    }
}
