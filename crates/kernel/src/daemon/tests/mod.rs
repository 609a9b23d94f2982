//! The plumbing on real sockets, with calls that exist only here.

mod events;
mod jobs;
mod limits;
mod sessions;
mod stop;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use tokio::time;

use super::{
    Bounds, DaemonError, Options,
    context::Context,
    handlers, lifecycle,
    route::{Handle, Route, route},
};
use crate::{
    api::{
        ApiError, Call, Done, Face, call,
        daemon::{DaemonStatus, StopDaemon},
        event::{About, Answer, Question, What},
        exec::Order,
    },
    client::{self, Client, Host},
    clock::SystemClock,
    session::state::StateDir,
};

/// A job that asks, and replies with the answer as it is printed.
#[derive(Serialize, Deserialize)]
struct Ask {}
call!(Ask, "test ask", Job, String);

impl Handle for Ask {
    async fn handle(self, cx: &Context) -> Result<String, ApiError> {
        let about = About::Discard { vault: "work".to_owned(), steps: 3 };
        let answer = cx.asker().ask(about, "--yes").await?;
        Ok(format!("{answer:?}"))
    }
}

/// A job that has a command run, and replies with how it ended as it is printed.
#[derive(Serialize, Deserialize)]
struct Command {}
call!(Command, "test command", Job, String);

impl Handle for Command {
    async fn handle(self, cx: &Context) -> Result<String, ApiError> {
        let (vault, line) = ("work".to_owned(), "true".to_owned());
        let order = Order { vault, line, home: "/nonexistent".into(), gpg: "gpg".into() };
        Ok(format!("{:?}", cx.asker().ask(About::RunCommand(order), "").await?))
    }
}

/// A call that is answered at once, and asks all the same.
#[derive(Serialize, Deserialize)]
struct AskNow {}
call!(AskNow, "test ask-now", Now, String);

impl Handle for AskNow {
    async fn handle(self, cx: &Context) -> Result<String, ApiError> {
        Ask {}.handle(cx).await
    }
}

/// A job of so many steps, each taking so many milliseconds; a stubborn one has no safe point.
#[derive(Serialize, Deserialize)]
struct Toil {
    steps: u64,
    pause: u64,
    stubborn: bool,
}
call!(Toil, "test toil", Job, u64);

impl Handle for Toil {
    async fn handle(self, cx: &Context) -> Result<u64, ApiError> {
        for step in 0..self.steps {
            cx.progress().report(&format!("step {step}"));
            time::sleep(Duration::from_millis(self.pause)).await;
            if !self.stubborn {
                cx.progress().check()?;
            }
        }
        Ok(self.steps)
    }
}

/// A job with a fault in it.
#[derive(Serialize, Deserialize)]
struct Fault {}
call!(Fault, "test fault", Job, Done);

impl Handle for Fault {
    async fn handle(self, _: &Context) -> Result<Done, ApiError> {
        panic!("a fault made on purpose");
    }
}

/// Publishes so many events, each of so many bytes.
#[derive(Serialize, Deserialize)]
struct Shout {
    events: u64,
    bytes: usize,
}
call!(Shout, "test shout", Now, Done);

impl Handle for Shout {
    async fn handle(self, cx: &Context) -> Result<Done, ApiError> {
        for _ in 0..self.events {
            let text = "x".repeat(self.bytes);
            cx.publish(What::Warning { vault: "work".to_owned(), text });
        }
        Ok(Done {})
    }
}

fn routes() -> Vec<Route> {
    let mut routes = handlers::routes();
    routes.extend([route::<Ask>(), route::<AskNow>(), route::<Toil>()]);
    routes.extend([route::<Command>()]);
    routes.extend([route::<Fault>(), route::<Shout>()]);
    routes
}

/// A daemon in a thread of this process.
struct Running {
    options: Options,
    thread: Option<JoinHandle<Result<(), DaemonError>>>,
    _dir: tempfile::TempDir,
}

/// Bounds of a test: what takes a minute takes a moment.
const BOUNDS: Bounds = Bounds {
    connections: 32,
    body: 1 << 20,
    request: Duration::from_millis(500),
    stalled: Duration::from_millis(300),
    question: Duration::from_secs(20),
    tick: Duration::from_millis(20),
    grace: Duration::from_millis(300),
};

impl Running {
    fn start(bounds: Bounds) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            version: "1.2.3".to_owned(),
            program: "/proc/self/exe".into(),
            socket: dir.path().join("run/daemon.sock"),
            state: dir.path().join("state"),
            registry: dir.path().join("config.yaml"),
            clock: Arc::new(SystemClock),
            verbose: false,
            bounds,
        };
        let state = StateDir::open(&options.state).unwrap();
        let own = options.clone();
        let thread = thread::spawn(move || {
            lifecycle::run_until(own, state, routes(), std::future::pending())
        });
        let running = Self { options, thread: Some(thread), _dir: dir };
        wait_until("the daemon listens", || Client::connect(running.client_options()).is_ok());
        running
    }

    fn client_options(&self) -> client::Options {
        client::Options {
            version: "1.2.3".to_owned(),
            socket: self.options.socket.clone(),
            state: self.options.state.clone(),
            face: Face::Cli,
            spawn: false,
            program: "/nonexistent".into(),
            verbose: false,
        }
    }

    fn client(&self) -> Client {
        Client::connect(self.client_options()).unwrap()
    }

    fn jobs(&self) -> u64 {
        self.client().call(&DaemonStatus {}).unwrap().jobs
    }

    /// How it ended.
    fn join(&mut self) -> Result<(), DaemonError> {
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            std::fs::remove_file(&self.options.socket).ok(); // as at logout: it ends
            thread.join().ok();
        }
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A user who has made up their mind beforehand.
#[derive(Default)]
struct User {
    mute: bool,
    answers: VecDeque<Answer>,
    asked: Vec<Question>,
    heard: Vec<String>,
    /// How often Ctrl-C was pressed; shared, so that a test can press it.
    pressed: Arc<AtomicU32>,
    /// Presses Ctrl-C once more at each of these phrases.
    presses_at: Vec<&'static str>,
}

impl User {
    fn answering(answer: Answer) -> Self {
        Self { answers: [answer].into(), ..Self::default() }
    }
}

impl Host for User {
    fn can_ask(&self) -> bool {
        !self.mute
    }

    fn progress(&mut self, text: &str) {
        self.heard.push(text.to_owned());
        if self.presses_at.contains(&text) {
            self.pressed.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn ask(&mut self, question: &Question) -> Answer {
        self.asked.push(question.clone());
        self.answers.pop_front().unwrap_or(Answer::Cancel)
    }

    fn interrupts(&self) -> u32 {
        self.pressed.load(Ordering::SeqCst)
    }
}

/// The JSON of a request on a connection of its own, as `curl` would send it.
fn raw(running: &Running, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::os::unix::net::UnixStream::connect(&running.options.socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn post<C: Call>(call: &C, headers: &str) -> String {
    let body = serde_json::to_string(call).unwrap();
    let path = crate::wire::path(C::VERB);
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}
