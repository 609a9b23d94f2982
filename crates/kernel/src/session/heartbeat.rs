//! The heartbeat: refreshes the sidecar, and flushes what `mark_changed` counted.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use super::{
    Shared,
    ephemeral::{DEFAULT_HEARTBEAT_INTERVAL, EphemeralStatus},
};

/// Beats until the session has ended or is gone. It holds the session weakly: a session that is
/// dropped wipes its files at once.
pub(super) fn start(shared: &Arc<Shared>) -> tokio::task::JoinHandle<()> {
    let interval = shared.opts.heartbeat_interval.unwrap_or(DEFAULT_HEARTBEAT_INTERVAL);
    let shared = Arc::downgrade(shared);
    tokio::spawn(beat(shared, interval))
}

async fn beat(shared: Weak<Shared>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        let Some(shared) = shared.upgrade() else { return };
        if shared.closed.load(Ordering::SeqCst) {
            return;
        }
        shared.tick().await;
    }
}

impl Shared {
    pub(super) async fn tick(&self) {
        // A running step flushes by itself when it is done.
        let flushed = match self.work.try_lock() {
            Ok(mut work) => match work.as_mut() {
                Some(open) if self.read_only.is_none() => self.flush(open).await,
                _ => Ok(()),
            },
            Err(_) => Ok(()),
        };
        let beaten = match flushed {
            Ok(()) => self.write_info(EphemeralStatus::Active).await,
            Err(error) => Err(error),
        };
        if let Err(error) = beaten {
            tracing::warn!(vault = self.entry.name, %error, "a heartbeat failed");
        }
    }
}
