//! Connections: who may come in, how many, and for how long without a word.

use std::{path::PathBuf, pin::pin, rc::Rc, sync::Arc, time::Duration};

use axum::{Router, http::StatusCode};
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{self, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time,
};

use super::{
    http::{Pid, Refusal},
    impatient::Impatient,
    options::Bounds,
};
use crate::{
    api::{ApiError, Code, Hint},
    endpoint,
};

/// The most bytes that the headers of a request may have.
const HEADERS: usize = 16 * 1024;

/// The daemon's door.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) listener: UnixListener,
    pub(super) socket: PathBuf,
    pub(super) bounds: Bounds,
    pub(super) router: Router,
}

impl Door {
    /// Lets connections in until `closing` says so, then waits until each has had its answer.
    pub(super) async fn keep(self: Rc<Self>, mut closing: watch::Receiver<bool>) {
        let room = Arc::new(Semaphore::new(self.bounds.connections));
        let mut inside = JoinSet::new();
        loop {
            let stream = tokio::select! {
                stream = self.accept() => stream,
                Some(_) = inside.join_next() => continue,
                _ = closing.wait_for(|&closing| closing) => break,
            };
            let permit = Arc::clone(&room).try_acquire_owned().ok();
            if let Some(refusal) = self.refusal(&stream, permit.is_none()) {
                inside.spawn_local(turn_away(stream, refusal));
                continue;
            }
            let (door, closing) = (Rc::clone(&self), closing.clone());
            inside.spawn_local(async move {
                door.serve(stream, closing).await;
                drop(permit);
            });
        }
        while inside.join_next().await.is_some() {}
    }

    /// The next connection. Where there is no file descriptor left for it, it stays in the
    /// system's queue and time passes: to ask again at once would spin.
    async fn accept(&self) -> UnixStream {
        let mut pause = Duration::from_millis(20);
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => tracing::warn!(%error, "cannot accept a connection"),
            }
            time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Why a connection gets no further: it comes from another user, or there are too many.
    fn refusal(&self, stream: &UnixStream, full: bool) -> Option<Refusal> {
        if let Err(error) = endpoint::check_peer(stream, &self.socket) {
            tracing::warn!(%error, "a connection was refused");
            return Some(Refusal(StatusCode::FORBIDDEN, ApiError::chain(Code::Refused, &error)));
        }
        let text = format!("{} connections are open already", self.bounds.connections);
        let busy =
            ApiError::new(Code::Limit, text).with_hint(Hint::advice("Try again in a moment."));
        full.then_some(Refusal(StatusCode::SERVICE_UNAVAILABLE, busy))
    }

    async fn serve(&self, stream: UnixStream, mut closing: watch::Receiver<bool>) {
        let pid = Pid(stream.peer_cred().ok().and_then(|peer| peer.pid()));
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(pid);
            routes.call(request)
        });
        let stream = Impatient::new(stream, self.bounds.stalled);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(self.bounds.request);
        http.max_buf_size(HEADERS);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            _ = closing.wait_for(|&closing| closing) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// Answers without listening. What the other end may still say is let go by, for a moment: to close
/// on it would be a reset, in which the answer is lost.
async fn turn_away(mut stream: UnixStream, Refusal(status, error): Refusal) {
    let body = serde_json::to_string(&error).unwrap_or_default();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        io::copy(&mut stream, &mut io::sink()).await
    };
    let told = time::timeout(Duration::from_secs(1), told).await;
    tracing::debug!(?told, "a connection was turned away");
}
