//! The routes: read a request whole, hand it to the dispatcher, write the answer.

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::body::Frame;
use serde::Serialize;
use tokio::{
    sync::{mpsc, oneshot},
    time,
};

use super::{
    dispatch::{Answered, Inbound, Lines, Request as Call},
    headers,
    options::Bounds,
    route::Body as CallBody,
    stream::Line,
};
use crate::{
    api::{ApiError, Code, event::JobId},
    wire,
};

/// The pid of the process at the other end of a connection, where the system tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pid(pub(super) Option<i32>);

/// What every route needs.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) inbox: mpsc::Sender<Inbound>,
    pub(super) bounds: Bounds,
}

/// The whole table of paths.
pub(super) fn router(gate: Gate) -> Router {
    Router::new()
        .route("/v1/events", get(subscribe))
        .route("/v1/jobs/{job}/events", get(follow))
        .route("/v1/{*verb}", post(call))
        .fallback(|| async { Refusal(StatusCode::NOT_FOUND, no_such_path()) })
        .method_not_allowed_fallback(|| async {
            Refusal(StatusCode::METHOD_NOT_ALLOWED, no_such_path())
        })
        .with_state(gate)
}

fn no_such_path() -> ApiError {
    ApiError::new(Code::BadRequest, "there is nothing at this path: calls are POST /v1/<verb>")
}

/// An error and its status line.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) StatusCode, pub(super) ApiError);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(headers::status(error.code), error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        json(self.0, &self.1)
    }
}

fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).unwrap_or_default();
    response(status, "application/json", Body::from(body))
}

fn response(status: StatusCode, kind: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(wire::PROTOCOL_HEADER, HeaderValue::from(crate::api::PROTOCOL));
    response
}

async fn call(
    State(gate): State<Gate>,
    Path(path): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    let verb = path.replace('/', " ");
    headers::check_protocol(request.headers(), &verb)?;
    let pid = request.extensions().get::<Pid>().and_then(|pid| pid.0);
    let caller = headers::caller(request.headers(), pid)?;
    let body = read(request.into_body(), gate.bounds).await?;
    let (answer, answered) = oneshot::channel();
    pass(&gate, Inbound::Call(Call { verb, caller, body }, answer)).await?;
    match answered.await.map_err(|_gone| gone())? {
        Answered::Reply(reply) => Ok(json(StatusCode::OK, &reply)),
        Answered::Started(started) => Ok(json(StatusCode::ACCEPTED, &started)),
        Answered::Failed(error) => Err(error.into()),
    }
}

/// `GET /v1/jobs/<job>/events?after=<seq>`.
async fn follow(
    State(gate): State<Gate>,
    Path(job): Path<JobId>,
    request: Request,
) -> Result<Response, Refusal> {
    let after = start_of_stream(&request)?;
    let (lines, stream) = oneshot::channel();
    pass(&gate, Inbound::FollowJob(job, after, lines)).await?;
    streamed(stream).await
}

/// `GET /v1/events?after=<seq>`.
async fn subscribe(State(gate): State<Gate>, request: Request) -> Result<Response, Refusal> {
    let after = start_of_stream(&request)?;
    let (lines, stream) = oneshot::channel();
    pass(&gate, Inbound::Subscribe(after, lines)).await?;
    streamed(stream).await
}

/// Where a stream goes on. Nothing but `after` selects anything (W-48), so nothing else is taken.
fn start_of_stream(request: &Request) -> Result<u64, ApiError> {
    headers::check_protocol(request.headers(), "")?;
    let Some(query) = request.uri().query() else { return Ok(0) };
    let after = query.strip_prefix("after=").and_then(|number| number.parse().ok());
    after.ok_or_else(|| ApiError::new(Code::BadRequest, "the query is not after=<number>"))
}

async fn pass(gate: &Gate, inbound: Inbound) -> Result<(), ApiError> {
    gate.inbox.send(inbound).await.map_err(|_gone| gone())
}

fn gone() -> ApiError {
    super::context::shutting_down()
}

async fn streamed(lines: oneshot::Receiver<Lines>) -> Result<Response, Refusal> {
    let lines = lines.await.map_err(|_gone| gone())??;
    Ok(response(StatusCode::OK, "application/x-ndjson", Body::new(LineBody(lines))))
}

/// A body without a known end: chunk by chunk, a line each.
struct LineBody(mpsc::Receiver<Line>);

impl HttpBody for LineBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}

/// Reads a body whole, into memory that is wiped.
async fn read(body: Body, bounds: Bounds) -> Result<CallBody, Refusal> {
    let late = || {
        let text = format!("the request did not arrive within {:?}", bounds.request);
        Refusal(StatusCode::REQUEST_TIMEOUT, ApiError::new(Code::Limit, text))
    };
    time::timeout(bounds.request, collect(body, bounds.body)).await.map_err(|_elapsed| late())?
}

/// A body that is somewhat too large is read to its end all the same, but not kept: to close on
/// what the other end still says would be a reset, in which the refusal is lost.
async fn collect(mut body: Body, most: usize) -> Result<CallBody, Refusal> {
    let too_large = || {
        let text = format!("the request is larger than {most} bytes");
        Refusal(StatusCode::PAYLOAD_TOO_LARGE, ApiError::new(Code::Limit, text))
    };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let far_too_large = most.saturating_mul(8);
    if announced > far_too_large {
        return Err(too_large());
    }
    let mut length = 0;
    let mut whole = CallBody::new(Vec::with_capacity(announced.min(most)));
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let broken = |error| ApiError::chain(Code::BadRequest, &error);
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        length += data.len();
        if length <= most {
            whole.extend_from_slice(&data);
        } else if length > far_too_large {
            break;
        }
    }
    if length > most { Err(too_large()) } else { Ok(whole) }
}
