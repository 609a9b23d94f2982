//! The daemon itself.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Done, call};

/// Who are you, and how are you? Also the client's first word to a daemon.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DaemonStatus {}
call!(DaemonStatus, "daemon status", Now, DaemonState);

/// A running daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonState {
    /// Its process.
    pub pid: u32,
    /// The version of the program that it runs.
    pub version: String,
    /// [`super::PROTOCOL`].
    pub protocol: u32,
    /// Where it listens.
    pub socket: PathBuf,
    /// Where it logs.
    pub log: PathBuf,
    /// Since when.
    pub started_at: Timestamp,
    /// How many sessions are open.
    pub sessions: u64,
    /// How many jobs run.
    pub jobs: u64,
}

/// Stop: park every session (work is flushed, nothing is discarded), then end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StopDaemon {
    /// How many seconds running jobs get to come to an end before they are cancelled at their
    /// next safe point; 0 is 30.
    #[serde(default)]
    pub timeout: u64,
}
call!(StopDaemon, "daemon stop", Now, Done);
