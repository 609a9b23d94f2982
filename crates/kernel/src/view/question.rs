mod exec;
mod heads;
mod key;
mod master;
mod transfer;

use jiff::Timestamp;

use super::{ago, count, rfc3339, visible};
use crate::api::{
    event::{About, Answer, Question},
    vault::Unfinished,
};

/// A question in words.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What the user has to know to answer, line by line.
    pub text: Vec<String>,
    /// The question itself, with its mark, without choices: `Resume?`.
    pub prompt: String,
    /// How it can be answered.
    pub answers: Answers,
    /// Whether yes cannot be taken back.
    pub dangerous: bool,
}

/// How a question can be answered.
#[derive(Clone, Debug)]
pub enum Answers {
    /// By one of these; the first is what an empty answer means.
    Choice(Vec<Choice>),
    /// By a secret.
    Secret,
    /// By a new secret, typed twice.
    NewSecret,
    /// By a text.
    Text,
}

/// One possible answer.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Words that mean it, the usual one first.
    pub words: &'static [&'static str],
    /// The text of a button.
    pub label: &'static str,
    /// What is sent.
    pub answer: Answer,
}

impl Prompt {
    /// The choices as a terminal lists them: `[Y/n/cancel]`, the default in capitals; nothing for a
    /// secret.
    pub fn choices(&self) -> Option<String> {
        let Answers::Choice(choices) = &self.answers else { return None };
        let default = choices.first()?;
        let mut words: Vec<&str> =
            choices.iter().filter_map(|c| c.words.first().copied()).collect();
        words.sort_by_key(|word| ["y", "n", "cancel"].iter().position(|usual| usual == word));
        let shown = words.iter().map(|word| match default.words.first() {
            Some(first) if first == word => word.to_uppercase(),
            _ => (*word).to_owned(),
        });
        Some(format!("[{}]", shown.collect::<Vec<_>>().join("/")))
    }

    /// What a typed line means. What is none of the words changes nothing: it cancels, or, where
    /// there is only yes and no, means no.
    pub fn understand(&self, line: &str) -> Answer {
        let choices = match &self.answers {
            Answers::Choice(choices) => choices,
            Answers::Text if !line.trim().is_empty() => {
                return Answer::Text(line.trim().to_owned());
            }
            _ => return Answer::Cancel,
        };
        let word = line.trim().to_lowercase();
        let chosen = match word.as_str() {
            "" => choices.first(),
            word => choices.iter().find(|choice| choice.words.contains(&word)),
        };
        chosen.map_or(Answer::Cancel, |choice| choice.answer.clone())
    }
}

/// The words for a question of a job.
pub fn question(question: &Question) -> Prompt {
    match &question.about {
        About::Unfinished { vault, found } => unfinished(vault, found),
        About::Passphrase { of, again } => secret(of, *again),
        About::NewPassphrase { of } => Prompt {
            text: Vec::new(),
            prompt: format!("New passphrase for {}:", visible(of)),
            answers: Answers::NewSecret,
            dangerous: false,
        },
        About::Trust { vault, old, new } => trust(vault, old.as_deref(), new.as_deref()),
        About::Discard { vault, steps } => discard(vault, *steps),
        About::DiscardUnfinished { vault, found } => discard_unfinished(vault, found),
        About::AcceptRollback { vault, why } => heads::accept_rollback(vault, why),
        About::AcceptFuture { vault, snapshot, dated } => {
            heads::accept_future(vault, snapshot, *dated)
        }
        About::TakeOver { vault, work } => heads::take_over(vault, work),
        About::Revert { vault, snapshot, heads, undone, secrets, recipients } => {
            let kept = (*secrets, *recipients);
            heads::revert((vault, snapshot), heads, undone.as_deref(), kept)
        }
        About::RevokeIdentity { identity } => key::revoke_identity(identity),
        About::SecondMaster { vault, fingerprint } => key::second_master(vault, fingerprint),
        About::SecondEncryption { there } => key::second_encryption(there),
        About::RenewKeys { keys } => key::renew(keys),
        About::RevokeKeys { keys, reason, message, last } => {
            key::revoke(keys, (*reason, message), last)
        }
        About::RevokeMaster { key, reason, message } => master::revoke(key, (*reason, message)),
        About::Certify { key, identities, level, expiry, local } => {
            master::certify(key, identities, (*level, expiry, *local))
        }
        About::ExportSecrets { file } => key::export_secrets(file),
        About::Reencrypt { vault, protected, clear } => {
            transfer::reencrypt(vault, (*protected, *clear))
        }
        About::ChooseMaster { candidates } => transfer::choose_master(candidates),
        About::ExportPlain { vault, target } => transfer::export(vault, target),
        About::RemoveRecipient { vault, recipient } => transfer::remove_recipient(vault, recipient),
        About::HeavyWork { file, work_factor } => heavy(file, *work_factor),
        About::RunCommand(order) => exec::run_command(order),
    }
}

fn unfinished(vault: &str, found: &[Unfinished]) -> Prompt {
    let vault = visible(vault);
    let mut text = vec![format!("There is unfinished work on the vault {vault}:")];
    text.extend(found.iter().map(describe));
    Prompt {
        text,
        prompt: "Resume?".to_owned(),
        answers: Answers::Choice(vec![
            Choice { words: &["y", "yes"], label: "Resume", answer: Answer::Yes },
            Choice { words: &["n", "no", "discard"], label: "Start afresh", answer: Answer::No },
            Choice { words: &["cancel"], label: "Leave it", answer: Answer::Cancel },
        ]),
        dangerous: false,
    }
}

/// One line about unfinished work: how much, where, since when, and whether it has been overtaken.
fn describe(work: &Unfinished) -> String {
    let heartbeat: Timestamp = work.last_heartbeat;
    let age = ago(heartbeat, work.as_of);
    let overtaken = if work.divergent { "; a newer snapshot has arrived since" } else { "" };
    format!(
        "  {} on {}, last heartbeat {} ({age}), based on {}{overtaken}",
        count(work.generation, "step"),
        visible(&work.hostname),
        rfc3339(heartbeat),
        visible(&work.canonical),
    )
}

fn secret(of: &str, again: bool) -> Prompt {
    let text = again.then(|| "That passphrase is wrong.".to_owned());
    Prompt {
        text: text.into_iter().collect(),
        prompt: format!("Passphrase for {}:", visible(of)),
        answers: Answers::Secret,
        dangerous: false,
    }
}

fn trust(vault: &str, old: Option<&str>, new: Option<&str>) -> Prompt {
    let vault = visible(vault);
    let now = old.map_or_else(
        || format!("The vault {vault} has no trusted master key yet."),
        |old| format!("The vault {vault} trusts the master key {old}."),
    );
    let then = new.map_or_else(
        || "From now on it trusts none: the next open trusts whatever key it finds.".to_owned(),
        |new| format!("From now on it trusts {} only.", visible(new)),
    );
    yes_or_no(vec![now, then], "Change the trusted key?")
}

fn discard(vault: &str, steps: u64) -> Prompt {
    let steps = count(steps, "step");
    let text = format!("{steps} on the vault {} will be lost.", visible(vault));
    yes_or_no(vec![text], "Throw the work away?")
}

fn discard_unfinished(vault: &str, found: &[Unfinished]) -> Prompt {
    let vault = visible(vault);
    let mut text = vec![format!("This unfinished work on the vault {vault} will be lost:")];
    text.extend(found.iter().map(describe));
    yes_or_no(text, "Throw it away?")
}

fn heavy(file: &str, work_factor: u8) -> Prompt {
    // scrypt with r = 8 takes 2^n KiB.
    let memory = match 1_u64.checked_shl(u32::from(work_factor)).unwrap_or(u64::MAX) / 1024 {
        mib @ 0..1024 => format!("{mib} MiB"),
        mib => format!("{} GiB", mib / 1024),
    };
    let text = format!("Opening {} takes {memory} of memory.", visible(file));
    Prompt { dangerous: false, ..yes_or_no(vec![text], "Open it all the same?") }
}

/// A question whose yes cannot be taken back: an empty answer means no.
fn yes_or_no(text: Vec<String>, prompt: &str) -> Prompt {
    Prompt {
        text,
        prompt: prompt.to_owned(),
        answers: Answers::Choice(vec![
            Choice { words: &["n", "no"], label: "No", answer: Answer::No },
            Choice { words: &["y", "yes"], label: "Yes", answer: Answer::Yes },
        ]),
        dangerous: true,
    }
}

/// A question about what can be done again: an empty answer means yes.
fn go_on(text: Vec<String>, prompt: &str) -> Prompt {
    let Prompt { answers, .. } = yes_or_no(Vec::new(), prompt);
    let answers = match answers {
        Answers::Choice(choices) => Answers::Choice(choices.into_iter().rev().collect()),
        other => other,
    };
    Prompt { text, prompt: prompt.to_owned(), answers, dangerous: false }
}

#[cfg(test)]
mod tests;
