use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::watch;

use super::{context::Caller, job::Job};
use crate::{
    api::{
        ApiError, Code,
        event::{JobId, JobWhat},
    },
    id,
};

/// So many jobs can still be asked for their outcome after they have ended.
const REMEMBERED: usize = 64;

/// The jobs that run, and those that ended last.
#[derive(Debug)]
pub(crate) struct Jobs {
    table: RefCell<HashMap<JobId, Rc<Job>>>,
    ended: RefCell<VecDeque<JobId>>,
    running: watch::Sender<usize>,
    patience: Duration,
}

impl Jobs {
    /// `patience`: how long a question waits for its answer.
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            table: RefCell::default(),
            ended: RefCell::default(),
            running: watch::Sender::new(0),
            patience,
        }
    }

    /// A new job. Its number is random: a reply may hold a token, and nobody shall find one by
    /// counting jobs. It fits 53 bits, so that it survives every JSON parser.
    pub(super) fn start(&self, verb: &str, caller: &Caller) -> Rc<Job> {
        let number = u64::from_be_bytes(id::random()) >> 11;
        let job = Rc::new(Job::new(number, caller, self.patience));
        job.push(JobWhat::Started { verb: verb.to_owned() });
        self.table.borrow_mut().insert(number, Rc::clone(&job));
        self.running.send_modify(|count| *count += 1);
        job
    }

    /// Records how `job` ended.
    pub(super) fn finish(&self, job: &Job, outcome: Result<Value, ApiError>) {
        job.push(match outcome {
            Ok(reply) => JobWhat::Done { reply },
            Err(error) => JobWhat::Failed { error },
        });
        self.forget_oldest(job.id());
        self.running.send_modify(|count| *count -= 1);
    }

    fn forget_oldest(&self, ended: JobId) {
        let mut queue = self.ended.borrow_mut();
        queue.push_back(ended);
        if queue.len() > REMEMBERED
            && let Some(oldest) = queue.pop_front()
        {
            self.table.borrow_mut().remove(&oldest);
        }
    }

    /// The job of that number, running or not long ended.
    pub(super) fn find(&self, number: JobId) -> Result<Rc<Job>, ApiError> {
        let found = self.table.borrow().get(&number).cloned();
        found.ok_or_else(|| ApiError::new(Code::BadRequest, format!("there is no job {number}")))
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        *self.running.borrow()
    }

    /// Resolves when none runs.
    pub(super) async fn idle(&self) {
        // An error would say that the sender is gone, and it is ours.
        drop(self.running.subscribe().wait_for(|&count| count == 0).await);
    }

    /// All that are remembered.
    pub(super) fn all(&self) -> Vec<Rc<Job>> {
        self.table.borrow().values().cloned().collect()
    }
}
