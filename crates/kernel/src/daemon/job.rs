use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use tokio::{
    sync::{oneshot, watch},
    task::AbortHandle,
    time,
};

use super::context::Caller;
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer, JobEvent, JobId, JobWhat, Question},
    },
    ops::{Asker, LocalFuture, Progress},
};

/// Beyond so many events of progress no more are kept: a job tells phases, not bytes.
const MOST_PROGRESS: usize = 10_000;

/// How long a face that runs a command may take to follow its job, or to come back to it.
const RETURN: Duration = Duration::from_secs(10);

/// A call that runs to its end whether or not the face stays. It keeps its events, so that a face
/// can follow from any number on.
#[derive(Debug)]
pub(crate) struct Job {
    id: JobId,
    can_ask: bool,
    patience: Duration,
    log: RefCell<Vec<JobEvent>>,
    grown: watch::Sender<usize>,
    stop: watch::Sender<Option<Code>>,
    asked: Cell<u64>,
    pending: RefCell<Option<Pending>>,
    task: RefCell<Option<AbortHandle>>,
}

/// A question that waits for its answer.
#[derive(Debug)]
struct Pending {
    question: u64,
    answer: oneshot::Sender<Answer>,
}

impl Job {
    pub(super) fn new(id: JobId, caller: &Caller, patience: Duration) -> Self {
        Self {
            id,
            can_ask: caller.can_ask,
            patience,
            log: RefCell::default(),
            grown: watch::Sender::new(0),
            stop: watch::Sender::new(None),
            asked: Cell::new(0),
            pending: RefCell::new(None),
            task: RefCell::new(None),
        }
    }

    /// What a call that is answered at once runs as: it cannot ask and nobody follows it.
    pub(super) fn silent(caller: &Caller) -> Self {
        Self::new(0, &Caller { can_ask: false, ..*caller }, Duration::ZERO)
    }

    /// Its number.
    pub(crate) fn id(&self) -> JobId {
        self.id
    }

    pub(super) fn push(&self, what: JobWhat) {
        let mut log = self.log.borrow_mut();
        let seq = log.len() as u64 + 1;
        log.push(JobEvent { seq, what });
        let length = log.len();
        drop(log);
        self.grown.send_replace(length);
    }

    /// Resolves when there are more events than when it was made or last changed.
    pub(super) fn watch(&self) -> watch::Receiver<usize> {
        self.grown.subscribe()
    }

    /// The events behind number `seq`, and whether the last one ever is among or before them.
    pub(super) fn after(&self, seq: u64) -> (Vec<JobEvent>, bool) {
        let log = self.log.borrow();
        let last = log.last().map(|event| &event.what);
        let over = matches!(last, Some(JobWhat::Done { .. } | JobWhat::Failed { .. }));
        (log.iter().filter(|event| event.seq > seq).cloned().collect(), over)
    }

    /// Asks it to stop at its next safe point; `why` becomes the code of its error.
    pub(super) fn cancel(&self, why: Code) {
        self.stop.send_if_modified(|stop| stop.is_none() && stop.replace(why).is_none());
    }

    pub(super) fn run_by(&self, task: AbortHandle) {
        self.task.replace(Some(task));
    }

    /// Drops its work where it stands; the session puts back the state before the step.
    pub(super) fn abort(&self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    /// Hands `answer` to the question that waits.
    pub(super) fn answer(&self, question: u64, answer: Answer) -> Result<(), ApiError> {
        let waiting = self.pending.borrow().as_ref().is_some_and(|p| p.question == question);
        let pending = if waiting { self.pending.take() } else { None };
        let sent = pending.and_then(|pending| pending.answer.send(answer).ok());
        sent.ok_or_else(|| {
            ApiError::new(
                Code::BadRequest,
                format!("question {question} does not wait for an answer"),
            )
        })
    }

    async fn question(&self, about: About, flag: &str) -> Result<Answer, ApiError> {
        self.check()?;
        if !self.can_ask {
            return Err(needs_answer("this needs an answer, and nobody may be asked", flag));
        }
        let is_command = matches!(about, About::RunCommand(_));
        let answer = self.post(about, flag);
        let mut stop = self.stop.subscribe();
        let answer = tokio::select! {
            answer = answer => answer.unwrap_or(Answer::Cancel),
            _ = stop.wait_for(Option::is_some) => return self.check().and(Ok(Answer::Cancel)),
            () = self.abandoned(), if is_command => Answer::CannotAsk,
            () = time::sleep(self.patience), if !is_command => Answer::CannotAsk,
        };
        let unanswered = self.pending.take().is_some();
        match answer {
            Answer::CannotAsk if unanswered => Err(needs_answer("nobody answered in time", flag)),
            Answer::CannotAsk => {
                Err(needs_answer("this needs an answer, and nobody may be asked", flag))
            }
            answer => Ok(answer),
        }
    }

    /// Until nobody follows any more, nor comes back: whoever runs a command follows all the while.
    async fn abandoned(&self) {
        loop {
            time::sleep(self.patience.min(RETURN)).await;
            if self.grown.receiver_count() == 0 {
                return;
            }
            self.grown.closed().await;
        }
    }

    /// Makes the question known and gets ready for its answer.
    fn post(&self, about: About, flag: &str) -> oneshot::Receiver<Answer> {
        let id = self.asked.get() + 1;
        self.asked.set(id);
        let (sender, answer) = oneshot::channel();
        self.pending.replace(Some(Pending { question: id, answer: sender }));
        self.push(JobWhat::Question(Question { id, flag: flag.to_owned(), about }));
        answer
    }
}

fn needs_answer(text: &str, flag: &str) -> ApiError {
    let advice = "give the answer beforehand".to_owned();
    let hint = Hint { advice, action: None, args: vec![flag.to_owned()] };
    ApiError::new(Code::NeedsAnswer, text).with_hint(hint)
}

impl Asker for Job {
    fn ask<'a>(&'a self, about: About, flag: &'a str) -> LocalFuture<'a, Result<Answer, ApiError>> {
        Box::pin(self.question(about, flag))
    }
}

impl Progress for Job {
    fn report(&self, text: &str) {
        if self.log.borrow().len() < MOST_PROGRESS {
            self.push(JobWhat::Progress { text: text.to_owned() });
        }
    }

    fn check(&self) -> Result<(), ApiError> {
        match *self.stop.borrow() {
            None => Ok(()),
            Some(Code::ShuttingDown) => Err(super::context::shutting_down()),
            Some(code) => Err(ApiError::new(code, "cancelled")),
        }
    }
}
