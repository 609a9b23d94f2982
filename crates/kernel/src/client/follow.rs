use std::{
    io::{self, ErrorKind},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{Client, Host, body::Lines, http};
use crate::api::{
    ApiError, Code, Hint,
    event::{Answer, AnswerJob, CancelJob, JobEvent, JobId, JobWhat, Question},
};

/// How often Ctrl-C is looked for while nothing happens.
const GLANCE: Duration = Duration::from_millis(100);

/// So often a lost connection is made anew, with growing pauses, while nothing comes.
const ATTEMPTS: u32 = 6;

/// Follows a job to its end: the reply, or the error.
pub(super) fn follow(client: &Client, job: JobId, host: &mut dyn Host) -> Result<Value, ApiError> {
    let interrupts = host.interrupts();
    let mut follower = Follower { client, job, host, interrupts, seen: 0, cancelled: false };
    let mut attempt = 0;
    loop {
        let before = follower.seen;
        match follower.follow_stream() {
            Ok(reply) => return Ok(reply),
            Err(Setback::Final(error)) => return Err(error),
            Err(Setback::Lost(error)) if attempt == ATTEMPTS => return Err(unknown_end(error)),
            Err(Setback::Lost(_)) => {}
        }
        attempt = if follower.seen > before { 0 } else { attempt + 1 };
        thread::sleep(Duration::from_millis(25 << attempt));
    }
}

struct Follower<'a> {
    client: &'a Client,
    job: JobId,
    host: &'a mut dyn Host,
    /// How often Ctrl-C had been pressed before.
    interrupts: u32,
    seen: u64,
    cancelled: bool,
}

/// Why a stream was not followed to a reply.
enum Setback {
    /// The connection is gone; the job is not.
    Lost(ApiError),
    /// The job failed, or we leave it.
    Final(ApiError),
}

impl Follower<'_> {
    fn follow_stream(&mut self) -> Result<Value, Setback> {
        let path = format!("/v1/jobs/{}/events?after={}", self.job, self.seen);
        let response = self.client.get(&path).map_err(Setback::Lost)?;
        let mut lines = response.lines().map_err(|error| match error.code {
            Code::Limit => Setback::Lost(error), // too many connections just now
            _ => Setback::Final(error),
        })?;
        let lost = |error: io::Error| Setback::Lost(http::lost(&error));
        lines.stream().set_read_timeout(Some(GLANCE)).map_err(lost)?;
        loop {
            self.heed_interrupts()?;
            match next(&mut lines).map_err(lost)? {
                None => {}
                Some(line) => {
                    let event = serde_json::from_slice(&line);
                    let event =
                        event.map_err(|e| Setback::Final(http::not_understood("job", &e)))?;
                    if let Some(reply) = self.take(event)? {
                        return Ok(reply);
                    }
                }
            }
        }
    }

    /// The reply, once the job is done.
    fn take(&mut self, event: JobEvent) -> Result<Option<Value>, Setback> {
        self.seen = event.seq;
        match event.what {
            JobWhat::Started { .. } => {}
            JobWhat::Progress { text } => self.host.progress(&text),
            JobWhat::WaitsForTouch { serial } => {
                self.host.progress(&format!("waiting for a touch of the card {serial}"));
            }
            JobWhat::Question(question) => self.answer(&question),
            JobWhat::Done { reply } => return Ok(Some(reply)),
            JobWhat::Failed { error } => return Err(Setback::Final(error)),
        }
        Ok(None)
    }

    fn answer(&mut self, question: &Question) {
        let can_ask = self.host.can_ask();
        let answer = if can_ask { self.host.ask(question) } else { Answer::CannotAsk };
        let call = AnswerJob { job: self.job, question: question.id, answer };
        if let Err(error) = self.client.call(&call) {
            // It has timed out, or somebody else has answered: the job's own events tell.
            tracing::debug!(%error, "an answer came too late");
        }
    }

    fn heed_interrupts(&mut self) -> Result<(), Setback> {
        match self.host.interrupts().saturating_sub(self.interrupts) {
            0 => {}
            1 if self.cancelled => {}
            1 => {
                self.client.call(&CancelJob { job: self.job }).map_err(Setback::Lost)?;
                self.cancelled = true;
            }
            _ => return Err(Setback::Final(detached())),
        }
        Ok(())
    }
}

/// The next line; `None` after a moment without one.
fn next(lines: &mut Lines) -> io::Result<Option<Vec<u8>>> {
    match lines.next() {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(None),
        Ok(None) => Err(ErrorKind::UnexpectedEof.into()),
        line => line,
    }
}

fn detached() -> ApiError {
    let hint = Hint::run("see what has become of it", "vault status", &[]);
    ApiError::new(Code::Cancelled, "detached; the job goes on").with_hint(hint)
}

fn unknown_end(error: ApiError) -> ApiError {
    let mut causes = vec!["the daemon went away before it said how the job ended".to_owned()];
    causes.extend(error.causes);
    let hint = Hint::run("see what has become of it", "vault status", &[]);
    ApiError { code: error.code, causes, hint: Some(hint) }
}
