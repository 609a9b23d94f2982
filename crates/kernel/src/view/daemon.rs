//! The daemon.

use jiff::Timestamp;

use super::{rfc3339, span, visible};
use crate::api::daemon::DaemonState;

/// When none runs.
pub const NOT_RUNNING: &str = "daemon: not running";

/// A running daemon, line by line.
pub fn state(state: &DaemonState, now: Timestamp) -> Vec<String> {
    let age = now.duration_since(state.started_at).try_into().unwrap_or_default();
    vec![
        "daemon: running".to_owned(),
        format!("  pid:      {}", state.pid),
        format!("  version:  {}", visible(&state.version)),
        format!("  protocol: {}", state.protocol),
        format!("  socket:   {}", visible(&state.socket.to_string_lossy())),
        format!("  log:      {}", visible(&state.log.to_string_lossy())),
        format!("  started:  {} ({} ago)", rfc3339(state.started_at), span(age)),
        format!("  sessions: {}", state.sessions),
        format!("  jobs:     {}", state.jobs),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_daemon() {
        let running = DaemonState {
            pid: 4711,
            version: "0.1.0".to_owned(),
            protocol: 1,
            socket: "/run/user/1000/gpgsmith-kernel/daemon.sock".into(),
            log: "/home/ann/.local/state/gpgsmith/logs/daemon.log".into(),
            started_at: "2026-04-11T09:00:00Z".parse().unwrap(),
            sessions: 1,
            jobs: 0,
        };
        insta::assert_snapshot!(state(&running, "2026-04-11T09:12:03.9Z".parse().unwrap()).join("\n"), @"
        daemon: running
          pid:      4711
          version:  0.1.0
          protocol: 1
          socket:   /run/user/1000/gpgsmith-kernel/daemon.sock
          log:      /home/ann/.local/state/gpgsmith/logs/daemon.log
          started:  2026-04-11T09:00:00Z (12m3s ago)
          sessions: 1
          jobs:     0
        ");
    }
}
