//! Events as lines of JSON. They wait in a short queue for their reader; one that stands still is
//! cut off by its connection, and the daemon never waits for it.

use std::rc::Rc;

use axum::body::Bytes;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_local,
};

use super::{context::Daemon, dispatch::Lines, job::Job};

/// A line of a stream, with its end.
pub(super) type Line = Bytes;

/// So many lines may wait for a reader.
const AHEAD: usize = 16;

/// Where the lines of one reader go.
#[derive(Debug)]
pub(super) struct Out(mpsc::Sender<Line>);

impl Out {
    /// `false`: the reader has gone.
    async fn send(&self, event: &impl Serialize) -> bool {
        let Ok(mut line) = serde_json::to_vec(event) else { return false };
        line.push(b'\n');
        self.0.send(line.into()).await.is_ok()
    }
}

/// Gives a reader its end of a stream, and `pump` the other.
pub(super) fn start<F: Future<Output = ()> + 'static>(
    reader: oneshot::Sender<Lines>,
    pump: impl FnOnce(Out) -> F,
) {
    let (lines, receiver) = mpsc::channel(AHEAD);
    if reader.send(Ok(receiver)).is_ok() {
        spawn_local(pump(Out(lines)));
    }
}

/// The events of a job behind number `after`, until it has ended.
pub(super) async fn job(job: Rc<Job>, mut after: u64, out: Out) {
    let mut grown = job.watch();
    loop {
        grown.borrow_and_update();
        let (events, over) = job.after(after);
        for event in events {
            if !out.send(&event).await {
                return;
            }
            after = event.seq;
        }
        let more = async { grown.changed().await.is_ok() };
        if over || !tokio::select! { more = more => more, () = out.0.closed() => false } {
            return;
        }
    }
}

/// The daemon's events behind number `after`, until it has stopped.
pub(super) async fn events(daemon: Rc<Daemon>, mut after: u64, out: Out) {
    let mut latest = daemon.events.watch();
    let mut stopped = false;
    loop {
        latest.borrow_and_update();
        for event in daemon.events.after(after, daemon.options.clock.now()) {
            if !out.send(&event).await {
                return;
            }
            after = event.seq;
        }
        if stopped {
            return;
        }
        stopped = tokio::select! {
            _ = latest.changed() => false,
            _ = daemon.stop.finished() => true,
            () = out.0.closed() => return,
        };
    }
}
