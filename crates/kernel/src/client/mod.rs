//! How a face talks to the daemon: blocking, without a runtime, starting the daemon where there is
//! none.

mod body;
mod connect;
mod events;
mod follow;
mod http;
mod spawn;

use std::{path::PathBuf, time::Duration};

pub use self::events::Events;
use self::http::Response;
use crate::{
    api::{
        ApiError, Call, Code, Face, Hint, Kind,
        event::{Answer, Question, Started},
    },
    endpoint, wire,
};

/// Which daemon to talk to, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The version of the calling program.
    pub version: String,
    /// The daemon's socket.
    pub socket: PathBuf,
    /// The state directory, where a daemon that is started keeps its lock and its log.
    pub state: PathBuf,
    /// What kind of face calls.
    pub face: Face,
    /// Whether to start a daemon where none runs.
    pub spawn: bool,
    /// The program that becomes the daemon: this one, whose `main` calls
    /// [`hidden_main`](crate::daemon::hidden_main).
    pub program: PathBuf,
    /// Whether a daemon that is started logs details.
    pub verbose: bool,
}

impl Options {
    /// Where the environment (`HOME`, `XDG_*`) says that things are; a daemon is started where
    /// none runs.
    ///
    /// # Errors
    /// The environment does not say.
    pub fn from_environment(version: &str, face: Face) -> Result<Self, ApiError> {
        let state = endpoint::state_path().ok_or_else(|| {
            let text = "neither XDG_STATE_HOME nor HOME says where the state directory is";
            ApiError::new(Code::Io, text)
        })?;
        let program = wire::this_program().map_err(|error| ApiError::chain(Code::Io, &error))?;
        Ok(Self {
            version: version.to_owned(),
            socket: endpoint::socket_path(&state),
            state,
            face,
            spawn: true,
            program,
            verbose: false,
        })
    }
}

/// Where the questions and the progress of a job go.
pub trait Host {
    /// Whether there is a user to ask.
    fn can_ask(&self) -> bool;

    /// The job does this now.
    fn progress(&mut self, text: &str);

    /// The user's answer.
    fn ask(&mut self, question: &Question) -> Answer;

    /// How often the user has pressed Ctrl-C so far: the first during a job cancels it at its next
    /// safe point, the second detaches from it.
    fn interrupts(&self) -> u32;
}

/// A daemon that runs. Each call is a connection of its own, so a client can be shared by threads
/// and outlives a restart of the daemon.
#[derive(Clone, Debug)]
pub struct Client {
    options: Options,
}

impl Client {
    /// Finds the daemon, or starts it.
    ///
    /// # Errors
    /// `not_running` where there is none and none shall be started, or it does not come up;
    /// `refused` where somebody else's directory or process is in its place.
    pub fn connect(options: Options) -> Result<Self, ApiError> {
        match connect::connect(&options.socket)? {
            Some(_ready) => {}
            None if options.spawn => spawn::start(&options)?,
            None => return Err(not_running()),
        }
        Ok(Self { options })
    }

    /// Makes a call that is answered at once.
    ///
    /// # Errors
    /// Those of the call; those of [`Client::connect`].
    pub fn call<C: Call>(&self, call: &C) -> Result<C::Reply, ApiError> {
        self.call_within(call, http::PATIENCE)
    }

    /// The same for a call whose answer may take this long: to stop waits for jobs.
    ///
    /// # Errors
    /// As [`Client::call`]; `io` where no answer has come by then.
    pub fn call_within<C: Call>(&self, call: &C, patience: Duration) -> Result<C::Reply, ApiError> {
        const { assert!(matches!(C::KIND, Kind::Now), "a job is followed by Client::run") };
        let request = http::Request::post::<C>(call, patience)?;
        self.send(&request, false)?.reply(C::VERB)
    }

    /// Makes a call of any kind, and follows it to its end where it is a job.
    ///
    /// # Errors
    /// Those of the call; those of [`Client::connect`]; `cancelled` after an interrupt.
    pub fn run<C: Call>(&self, call: &C, host: &mut dyn Host) -> Result<C::Reply, ApiError> {
        let request = http::Request::post::<C>(call, http::PATIENCE)?;
        let response = self.send(&request, host.can_ask())?;
        if matches!(C::KIND, Kind::Now) {
            return response.reply(C::VERB);
        }
        let Started { job } = response.reply(C::VERB)?;
        let reply = follow::follow(self, job, host)?;
        serde_json::from_value(reply).map_err(|error| http::not_understood(C::VERB, &error))
    }

    /// The daemon's events behind number `after`; 0 is from the oldest that it still has.
    ///
    /// # Errors
    /// Those of [`Client::connect`].
    pub fn subscribe(&self, after: u64) -> Result<Events, ApiError> {
        let lines = self.get(&format!("/v1/events?after={after}"))?.lines()?;
        lines.stream().set_read_timeout(None).map_err(|error| http::lost(&error))?;
        Ok(Events::new(lines))
    }

    fn get(&self, path: &str) -> Result<Response, ApiError> {
        self.send(&http::Request::get(path), false)
    }

    fn send(&self, request: &http::Request, can_ask: bool) -> Result<Response, ApiError> {
        let stream = connect::connect(&self.options.socket)?.ok_or_else(not_running)?;
        http::exchange(stream, request, &self.options, can_ask)
    }
}

fn not_running() -> ApiError {
    let hint = Hint::run("start the daemon", "daemon start", &[]);
    ApiError::new(Code::NotRunning, "the daemon is not running").with_hint(hint)
}
