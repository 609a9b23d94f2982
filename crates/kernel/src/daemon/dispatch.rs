//! From requests, which may be on any thread, to handlers, which share the daemon on one.

use std::{collections::HashMap, rc::Rc};

use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task::{JoinHandle, spawn_local},
};

use super::{
    context::{Caller, Context, Daemon},
    job::Job,
    route::{Body, Route, Work},
    stream::{self, Line},
};
use crate::api::{
    ApiError, Code, Kind,
    event::{JobId, Started},
};

/// What comes in, and where its answer goes.
#[derive(Debug)]
pub(super) enum Inbound {
    /// `POST /v1/<verb>`.
    Call(Request, oneshot::Sender<Answered>),
    /// `GET /v1/jobs/<job>/events?after=<seq>`.
    FollowJob(JobId, u64, oneshot::Sender<Lines>),
    /// `GET /v1/events?after=<seq>`.
    Subscribe(u64, oneshot::Sender<Lines>),
}

/// The lines of a stream, or why there is none.
pub(super) type Lines = Result<mpsc::Receiver<Line>, ApiError>;

/// A call as it came in.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) verb: String,
    pub(super) caller: Caller,
    pub(super) body: Body,
}

/// The answer to a call.
#[derive(Debug)]
pub(super) enum Answered {
    /// Done: the reply.
    Reply(Value),
    /// It became a job.
    Started(Started),
    /// It failed, or was refused.
    Failed(ApiError),
}

/// Calls that a daemon takes while it stops.
const WHILE_STOPPING: [&str; 4] = ["daemon status", "daemon stop", "job answer", "job cancel"];

/// Hands requests to handlers until no more can come.
pub(super) async fn dispatch(
    daemon: Rc<Daemon>,
    routes: Vec<Route>,
    mut inbox: mpsc::Receiver<Inbound>,
) {
    let routes: HashMap<_, _> = routes.into_iter().map(|route| (route.verb, route)).collect();
    while let Some(inbound) = inbox.recv().await {
        match inbound {
            Inbound::Call(request, answer) => call(&daemon, &routes, &request, answer),
            Inbound::FollowJob(number, after, lines) => match daemon.jobs.find(number) {
                Ok(job) => stream::start(lines, |out| stream::job(job, after, out)),
                Err(error) => drop(lines.send(Err(error))),
            },
            Inbound::Subscribe(after, lines) => {
                let daemon = Rc::clone(&daemon);
                stream::start(lines, |out| stream::events(daemon, after, out));
            }
        }
    }
}

fn call(
    daemon: &Rc<Daemon>,
    routes: &HashMap<&'static str, Route>,
    request: &Request,
    answer: oneshot::Sender<Answered>,
) {
    let caller = request.caller;
    match understand(daemon, routes, request) {
        Ok((Route { verb, kind: Kind::Now, .. }, work)) => {
            let job = Rc::new(Job::silent(&caller));
            let context = Context::new(Rc::clone(daemon), caller, job);
            spawn_local(run_now(verb, spawn_local(work(context)), answer));
        }
        Ok((Route { verb, kind: Kind::Job, .. }, work)) => {
            let job = daemon.jobs.start(verb, &caller);
            let context = Context::new(Rc::clone(daemon), caller, Rc::clone(&job));
            let task = spawn_local(work(context));
            job.run_by(task.abort_handle());
            send(answer, Answered::Started(Started { job: job.id() }));
            spawn_local(run_job(Rc::clone(daemon), verb, job, task));
        }
        Err(error) => send(answer, Answered::Failed(error)),
    }
}

fn understand(
    daemon: &Daemon,
    routes: &HashMap<&'static str, Route>,
    request: &Request,
) -> Result<(Route, Work), ApiError> {
    let route = routes.get(request.verb.as_str()).copied().ok_or_else(|| {
        ApiError::new(Code::BadRequest, format!("there is no call {:?}", request.verb))
    })?;
    if !WHILE_STOPPING.contains(&route.verb) {
        daemon.stop.check()?;
    }
    Ok((route, (route.read)(&request.body)?))
}

/// A handler is a task of its own: a connection that is lost does not stop it in the middle, and a
/// fault in it is an error of this call alone.
type Running = JoinHandle<Result<Value, ApiError>>;

async fn run_now(verb: &'static str, task: Running, answer: oneshot::Sender<Answered>) {
    let outcome = outcome(verb, task).await;
    send(answer, outcome.map_or_else(Answered::Failed, Answered::Reply));
}

async fn run_job(daemon: Rc<Daemon>, verb: &'static str, job: Rc<Job>, task: Running) {
    let outcome = outcome(verb, task).await;
    daemon.jobs.finish(&job, outcome);
}

async fn outcome(verb: &'static str, task: Running) -> Result<Value, ApiError> {
    let outcome = task.await.unwrap_or_else(|error| {
        let aborted = ApiError::new(Code::ShuttingDown, "stopped with the daemon");
        let fault = ApiError::new(Code::Internal, "a fault in the daemon; its log says where");
        Err(if error.is_cancelled() { aborted } else { fault })
    });
    match &outcome {
        Ok(_) => tracing::info!(verb, "done"),
        Err(error) => tracing::info!(verb, code = ?error.code, %error, "failed"),
    }
    outcome
}

/// Where the caller has gone, nobody needs the answer.
fn send(answer: oneshot::Sender<Answered>, answered: Answered) {
    drop(answer.send(answered));
}
