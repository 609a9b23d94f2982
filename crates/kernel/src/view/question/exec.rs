//! A command that waits to be run.

use super::{Answers, Choice, Prompt, visible};
use crate::api::{event::Answer, exec::Order};

/// For a face that did not give the command: it may stop it, not run it.
pub(super) fn run_command(order: &Order) -> Prompt {
    let line = visible(&order.line);
    let text = format!("A command is run on the vault {}: {line}", visible(&order.vault));
    Prompt {
        text: vec![text],
        prompt: "Stop waiting for it, and undo what it does?".to_owned(),
        answers: Answers::Choice(vec![Choice {
            words: &["cancel"],
            label: "Stop waiting",
            answer: Answer::Cancel,
        }]),
        dangerous: false,
    }
}
