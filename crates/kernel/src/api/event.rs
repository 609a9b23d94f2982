//! Jobs, questions, and what happens to sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    ApiError, Done, Face, call,
    exec::{CommandEnd, Order},
    key::{Certificate, Key, Level, NewEnd, Reason},
    vault::Unfinished,
};
use crate::secret::Passphrase;

/// The number of a job: random, so that nobody comes upon the reply of another's job, which may
/// hold a token.
pub type JobId = u64;

/// The answer to a call that became a job. Its events: `GET /v1/jobs/<job>/events?after=<seq>`,
/// one JSON object a line, ending after `done` or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// What to follow.
    pub job: JobId,
}

/// One event of a job, numbered from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobEvent {
    /// Its number; `after=<seq>` goes on behind it.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: JobWhat,
}

/// What can happen in a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum JobWhat {
    /// It runs.
    Started {
        /// The call's verb.
        verb: String,
    },
    /// It does this now.
    Progress {
        /// A phrase: `deriving the key`.
        text: String,
    },
    /// It waits for an answer ([`AnswerJob`]); after five minutes without one it fails. A command
    /// may take as long as it does, while somebody follows the job.
    Question(Question),
    /// It waits for the user to touch a card.
    WaitsForTouch {
        /// The card's serial number.
        serial: String,
    },
    /// It is done; the reply of the call.
    Done {
        /// The JSON of `Call::Reply`.
        reply: Value,
    },
    /// It failed, and nothing has changed unless the error says so.
    Failed {
        /// Why.
        error: ApiError,
    },
}

/// A question of a job; faces word it with [`crate::view::question`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its number within the job.
    pub id: u64,
    /// The flag of the command line that answers it beforehand: `--yes`, `--resume`.
    pub flag: String,
    /// What is asked.
    pub about: About,
}

/// What a question is about. All but [`About::Unfinished`], [`About::Passphrase`],
/// [`About::NewPassphrase`], [`About::ChooseMaster`], [`About::RevokeMaster`] and
/// [`About::RunCommand`] are answered yes or no.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum About {
    /// Unfinished work of this machine: resume it, discard it, or leave it.
    Unfinished {
        /// The vault.
        vault: String,
        /// What was found; the first is the one that would be resumed.
        found: Vec<Unfinished>,
    },
    /// The passphrase of an identity file, or of a key with one of its own.
    Passphrase {
        /// What it opens.
        of: String,
        /// Whether an earlier answer was wrong.
        again: bool,
    },
    /// A passphrase to be chosen, which the face has its user type twice.
    NewPassphrase {
        /// What it shall open.
        of: String,
    },
    /// The trust anchor is to change.
    Trust {
        /// The vault.
        vault: String,
        /// The anchor as it is.
        old: Option<String>,
        /// The anchor as it shall be.
        new: Option<String>,
    },
    /// The session's work is to be thrown away.
    Discard {
        /// The vault.
        vault: String,
        /// How many steps were done since the last snapshot.
        steps: u64,
    },
    /// Unfinished work is to be thrown away for a fresh start.
    DiscardUnfinished {
        /// The vault.
        vault: String,
        /// What was found.
        found: Vec<Unfinished>,
    },
    /// The newest snapshot is not what this machine has seen, nor its successor, and is to count
    /// all the same.
    AcceptRollback {
        /// The vault.
        vault: String,
        /// What was found.
        why: String,
    },
    /// The newest snapshot is from the future, and is to be worked on.
    AcceptFuture {
        /// The vault.
        vault: String,
        /// The snapshot.
        snapshot: String,
        /// Its date.
        dated: Timestamp,
    },
    /// An old state is to be sealed as the newest.
    Revert {
        /// The vault.
        vault: String,
        /// The snapshot to go back to.
        snapshot: String,
        /// The heads whose place it takes.
        heads: Vec<String>,
        /// What was done since, oldest first; nothing where that is not known.
        undone: Option<Vec<String>>,
        /// How many keys have their secret part in newer snapshots only.
        secrets: u64,
        /// Whether it was sealed to others then; that is not taken back.
        #[serde(default)]
        recipients: bool,
    },
    /// Another host's work is to be gone on with, and that host seems to be at it.
    TakeOver {
        /// The vault.
        vault: String,
        /// The work.
        work: Unfinished,
    },
    /// A user ID is to be revoked.
    RevokeIdentity {
        /// Its text.
        identity: String,
    },
    /// A second master key is to be made in a vault that has one.
    SecondMaster {
        /// The vault.
        vault: String,
        /// The master key that it has.
        fingerprint: String,
    },
    /// A subkey for encryption is to be made beside one that is live.
    SecondEncryption {
        /// The one that is there.
        there: Key,
    },
    /// Keys are to get new ends.
    RenewKeys {
        /// Which, and which ends.
        keys: Vec<NewEnd>,
    },
    /// Subkeys are to be revoked.
    RevokeKeys {
        /// Which.
        keys: Vec<Key>,
        /// Why.
        reason: Reason,
        /// The words that go with it.
        message: String,
        /// The usages, as letters, for which no other live key is there.
        last: String,
    },
    /// The master key is to be revoked, with everything on it. Answered by its key id.
    RevokeMaster {
        /// The key.
        key: Box<Certificate>,
        /// Why.
        reason: Reason,
        /// The words that go with it.
        message: String,
    },
    /// Somebody else's key is to be certified.
    Certify {
        /// The key.
        key: Box<Certificate>,
        /// Which of its identities.
        identities: Vec<String>,
        /// How well was checked whose it is.
        level: Level,
        /// When the certification ends, as it was typed; `0` is never.
        expiry: String,
        /// Whether it stays in the vault.
        local: bool,
    },
    /// Secret subkeys are to leave the vault.
    ExportSecrets {
        /// The file that they go to.
        file: String,
    },
    /// Imported keys are under another passphrase than the vault, or under none: shall they get the
    /// vault's?
    Reencrypt {
        /// The vault.
        vault: String,
        /// So many secret keys are under a passphrase.
        protected: u64,
        /// So many are not.
        clear: u64,
    },
    /// Which of several primary keys is the master? Answered by its number, from 1, or by its
    /// fingerprint.
    ChooseMaster {
        /// The keys.
        candidates: Vec<Candidate>,
    },
    /// A vault's files are to be written to a disk in the clear.
    ExportPlain {
        /// The vault.
        vault: String,
        /// Where to.
        target: std::path::PathBuf,
    },
    /// A recipient shall no longer be able to open what is sealed.
    RemoveRecipient {
        /// The vault.
        vault: String,
        /// Which.
        recipient: String,
    },
    /// A file asks for more work (memory) than usual to be opened.
    HeavyWork {
        /// The file.
        file: String,
        /// The work factor: 2^n KiB of memory.
        work_factor: u8,
    },
    /// The face is to run the command that its user gave it, and to say how that ended.
    RunCommand(Order),
}

/// A primary key that may be the master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// 40 hex digits.
    pub fingerprint: String,
    /// Its user IDs.
    pub identities: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Whether its secret part is there.
    pub secret: bool,
}

/// An answer to a question.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", content = "value", rename_all = "kebab-case")]
pub enum Answer {
    /// Yes, or: resume.
    Yes,
    /// No, or: discard and start afresh.
    No,
    /// Neither: stop here.
    Cancel,
    /// A secret.
    Secret(Passphrase),
    /// A text that was typed.
    Text(String),
    /// The command has ended.
    Ended(CommandEnd),
    /// This face cannot ask its user: the job fails with `needs_answer`, naming the flag.
    CannotAsk,
}

/// Answers a question of a job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AnswerJob {
    /// The job.
    pub job: JobId,
    /// [`Question::id`].
    pub question: u64,
    /// The answer.
    pub answer: Answer,
}
call!(AnswerJob, "job answer", Now, Done);

/// Asks a job to stop at its next safe point.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelJob {
    /// The job.
    pub job: JobId,
}
call!(CancelJob, "job cancel", Now, Done);

/// An event of the daemon: `GET /v1/events?after=<seq>`, one JSON object a line, without end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Numbered from 1 without gaps; when the ring no longer holds what was asked for, the first
    /// event is a [`What::Gap`].
    pub seq: u64,
    /// When.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen to sessions and vaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    /// Events were missed: load afresh.
    Gap,
    /// A session was opened, resumed, or attached to.
    Opened {
        /// The vault.
        vault: String,
        /// By which face.
        face: Face,
        /// The process that asked.
        pid: Option<i32>,
    },
    /// A step was done.
    Changed {
        /// The vault.
        vault: String,
        /// The audit action.
        action: String,
        /// The session's generation after it.
        generation: u64,
    },
    /// A snapshot was sealed.
    Sealed {
        /// The vault.
        vault: String,
        /// Its file name.
        snapshot: String,
    },
    /// A session ended.
    Ended {
        /// The vault.
        vault: String,
        /// How.
        how: Ending,
    },
    /// Something that the user should know: wrong passphrases in a row, a failed flush.
    Warning {
        /// The vault.
        vault: String,
        /// What.
        text: String,
    },
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// Sealed as a new snapshot.
    Sealed,
    /// Thrown away.
    Discarded,
    /// Put to rest by a limit, by logout or by the daemon's end; `vault open` resumes it.
    Parked,
}
