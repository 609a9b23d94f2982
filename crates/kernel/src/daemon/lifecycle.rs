//! From the first connection to the last session put to rest.

use std::{os::unix::net::UnixListener, path::PathBuf, rc::Rc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet, LocalSet, spawn_local},
    time,
};

use super::{
    DaemonError, Options,
    context::Daemon,
    dispatch,
    entry::Entry,
    error::Doing,
    http::{self, Gate},
    limits,
    route::Route,
    serve::Door,
    socket::Socket,
};
use crate::{
    api::{
        Code,
        event::{Ending, What},
    },
    session::state::StateDir,
};

/// How long running jobs get to end by themselves when the system asks the daemon to go.
const BUDGET: Duration = Duration::from_secs(30);

/// How long connections get to read their last answers.
const FAREWELL: Duration = Duration::from_secs(2);

/// Listens and serves `routes` until it is asked to stop, or `signal` resolves, or its socket is
/// gone; returns when every session is at rest.
pub(super) fn run_until(
    options: Options,
    state: StateDir,
    routes: Vec<Route>,
    signal: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let (socket, listener) = Socket::bind(&options.socket)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .doing("start the runtime")?;
    let daemon = Rc::new(Daemon::new(options, state));
    let local = LocalSet::new();
    let outcome = local.block_on(&runtime, async {
        let door = start(&daemon, routes, listener)?;
        live(&daemon, &socket, door, signal).await
    });
    drop(socket);
    runtime.shutdown_timeout(FAREWELL);
    outcome
}

/// The connections: tells them to close, and resolves when they have.
struct Connections {
    closing: watch::Sender<bool>,
    closed: JoinHandle<()>,
}

fn start(
    daemon: &Rc<Daemon>,
    routes: Vec<Route>,
    listener: UnixListener,
) -> Result<Connections, DaemonError> {
    let bounds = daemon.options.bounds;
    let (inbox, requests) = mpsc::channel(bounds.connections);
    let door = Door {
        listener: tokio::net::UnixListener::from_std(listener).doing("listen")?,
        socket: daemon.options.socket.clone(),
        bounds,
        router: http::router(Gate { inbox, bounds }),
    };
    let closing = watch::Sender::new(false);
    let closed = spawn_local(Rc::new(door).keep(closing.subscribe()));
    spawn_local(dispatch::dispatch(Rc::clone(daemon), routes, requests));
    spawn_local(limits::watch(Rc::clone(daemon)));
    tracing::info!(socket = %daemon.options.socket.display(), "listening");
    Ok(Connections { closing, closed })
}

async fn live(
    daemon: &Rc<Daemon>,
    socket: &Socket,
    connections: Connections,
    signal: impl Future<Output = ()>,
) -> Result<(), DaemonError> {
    let budget = reason_to_stop(daemon, socket, signal).await;
    let outcome = stop(daemon, budget).await;
    daemon.stop.finish(&outcome);
    connections.closing.send_replace(true);
    if time::timeout(FAREWELL, connections.closed).await.is_err() {
        tracing::warn!("some connections did not read their last answer");
    }
    outcome
}

async fn reason_to_stop(
    daemon: &Daemon,
    socket: &Socket,
    signal: impl Future<Output = ()>,
) -> Duration {
    let (budget, reason) = tokio::select! {
        budget = daemon.stop.asked() => (budget, "asked to"),
        () = signal => (BUDGET, "signal"),
        () = socket_gone(socket, daemon.options.bounds.tick) => (BUDGET, "the socket is gone"),
    };
    tracing::info!(reason, ?budget, "stopping");
    budget
}

async fn socket_gone(socket: &Socket, tick: Duration) {
    while socket.is_there() {
        time::sleep(tick).await;
    }
}

/// Takes no more work, lets jobs end (cancels them when the budget is used up), and puts every
/// session to rest, all at once. Nothing is ever discarded for lack of time (W-46).
async fn stop(daemon: &Rc<Daemon>, budget: Duration) -> Result<(), DaemonError> {
    daemon.stop.begin();
    if time::timeout(budget, daemon.jobs.idle()).await.is_err() {
        let jobs = daemon.jobs.all();
        for job in &jobs {
            job.cancel(Code::ShuttingDown);
        }
        if time::timeout(daemon.options.bounds.grace, daemon.jobs.idle()).await.is_err() {
            tracing::warn!("a job reached no safe point in time; its step is undone");
            for job in &jobs {
                job.abort();
            }
            daemon.jobs.idle().await;
        }
    }
    let mut parking = JoinSet::new();
    for entry in daemon.sessions.all() {
        parking.spawn_local(park(Rc::clone(daemon), entry));
    }
    let vaults: Vec<String> = parking.join_all().await.into_iter().flatten().collect();
    if vaults.is_empty() { Ok(()) } else { Err(DaemonError::Unparked { vaults }) }
}

/// Puts a session to rest; the name of its vault where that fails.
async fn park(daemon: Rc<Daemon>, entry: Rc<Entry>) -> Option<String> {
    let vault = entry.session().vault_name().to_owned();
    match entry.park().await {
        Ok(()) => {
            daemon.sessions.remove(&entry);
            daemon.publish(What::Ended { vault, how: Ending::Parked });
            None
        }
        Err(_) if entry.session().is_closed() => None, // something else has ended it meanwhile
        Err(error) => {
            let kept = keep(&entry);
            tracing::error!(vault, %error, ?kept, "a session could not be put to rest");
            Some(vault)
        }
    }
}

/// Gives the decrypted home of a session a name that no sweep takes away.
fn keep(entry: &Entry) -> Option<PathBuf> {
    let workdir = entry.session().workdir();
    let mut name = workdir.file_name()?.to_owned();
    name.push("-kept");
    let kept = workdir.with_file_name(name);
    std::fs::rename(&workdir, &kept).is_ok().then_some(kept)
}
