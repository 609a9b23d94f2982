use std::time::Duration;

use crate::{
    api::{
        ApiError, Done, PROTOCOL,
        daemon::{DaemonState, DaemonStatus, StopDaemon},
    },
    daemon::{context::Context, route::Handle},
};

impl Handle for DaemonStatus {
    async fn handle(self, cx: &Context) -> Result<DaemonState, ApiError> {
        let daemon = &cx.daemon;
        Ok(DaemonState {
            pid: std::process::id(),
            version: daemon.options.version.clone(),
            protocol: PROTOCOL,
            socket: daemon.options.socket.clone(),
            log: daemon.state.log_path(),
            started_at: daemon.started_at,
            sessions: daemon.sessions.all().len() as u64,
            jobs: daemon.jobs.running() as u64,
        })
    }
}

impl Handle for StopDaemon {
    /// Answered once every session was put to rest, or could not be.
    async fn handle(self, cx: &Context) -> Result<Done, ApiError> {
        let seconds = if self.timeout == 0 { 30 } else { self.timeout };
        cx.daemon.stop.ask(Duration::from_secs(seconds));
        cx.daemon.stop.finished().await.map(|()| Done {})
    }
}
