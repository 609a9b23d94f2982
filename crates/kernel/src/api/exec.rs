//! A command of the user's own on the keys of an open vault.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Target, call};

/// Set for a command that a face runs for [`ExecCommand`]: the step that it is part of holds the
/// vault, so a face that is started by it must not wait for that vault.
pub const EXEC_VARIABLE: &str = "GPGSMITH_EXEC";

/// Runs a command on a copy of the keys in an open vault; what it changes comes back into the vault
/// as one step. The face that makes the call runs it, when it is asked to with
/// [`About::RunCommand`](super::event::About::RunCommand).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExecCommand {
    /// Which session.
    #[serde(default)]
    pub target: Target,
    /// The program and its arguments, as they are shown and written down. What is run is what the
    /// face has from its user.
    pub argv: Vec<String>,
}
call!(ExecCommand, "exec", Job, Ran);

/// What a face runs, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The vault.
    pub vault: String,
    /// The command as one line.
    pub line: String,
    /// The GNUPGHOME: a copy of the keys with an agent of its own. It is gone when the step is over.
    pub home: PathBuf,
    /// The gpg that the vault is worked on with.
    pub gpg: PathBuf,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommandEnd {
    /// By itself, with this exit code.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// It was not started: what the system says.
    NotStarted(String),
}

/// A command that was run, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// The vault.
    pub vault: String,
    /// The command as it stands in the audit log.
    pub line: String,
    /// Files that it left beside the keys, and that do not enter the vault.
    pub left_out: Vec<String>,
    /// Fingerprints of the primary keys of which nothing says that one is the master.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unnamed: Vec<String>,
}
