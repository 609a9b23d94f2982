//! What a job asks and tells, brought to the user.

use std::cell::Cell;

use gpgsmith_kernel::{
    api::event::{About, Answer, Question},
    client::Host,
    view::{self, Answers, Prompt},
};

use crate::{
    context::{Context, Freshness},
    input::InputError,
    passphrase::Origin,
};

/// The user's end of a job.
#[derive(Debug)]
pub(crate) struct JobHost<'a> {
    cx: &'a Context<'a>,
    /// How often Ctrl-C had been pressed when the user was last told what it does.
    told: Cell<u32>,
}

impl<'a> JobHost<'a> {
    pub(crate) fn new(cx: &'a Context<'a>) -> Self {
        Self { cx, told: Cell::new(cx.interrupts.count()) }
    }

    /// The answer that a flag gives.
    fn answered(&self, question: &Question) -> Option<Answer> {
        let global = self.cx.global();
        match &question.about {
            About::RunCommand(_) => Some(Answer::CannotAsk), // only `exec` has a command
            About::Passphrase { again: true, .. } => None,
            About::Passphrase { .. } | About::NewPassphrase { .. } => {
                let origin = match question.flag.as_str() {
                    "--key-passphrase-file" => global.secrets.keys(),
                    "--passphrase-file" => global.secrets.vault(),
                    _ => None,
                };
                origin.and_then(|origin| self.secret_from(origin))
            }
            _ => (global.asking.yes && question.flag == "--yes").then_some(Answer::Yes),
        }
    }

    fn secret_from(&self, origin: Origin) -> Option<Answer> {
        match self.cx.given(Some(origin)) {
            Ok(secret) => secret.map(Answer::Secret),
            Err(error) => {
                self.cx.ui.note(&format!("error: {error}"));
                Some(Answer::Cancel)
            }
        }
    }

    /// Where something has to be typed to make sure.
    fn yes_is_not_enough(&self) {
        if self.cx.global().asking.yes {
            self.cx.ui.note("--yes is not enough for this:");
        }
    }

    /// Says what is asked, for whoever reads why the command failed.
    fn tell(&self, prompt: &Prompt) {
        for line in prompt.text.iter().chain([&prompt.prompt]) {
            self.cx.ui.note(line);
        }
    }

    fn put(&self, prompt: &Prompt) -> Result<Answer, InputError> {
        for line in &prompt.text {
            self.cx.ui.note(line);
        }
        let question = format!("{} ", prompt.prompt);
        match &prompt.answers {
            Answers::Secret => self.cx.passphrase(&question, Freshness::Known).map(Answer::Secret),
            Answers::NewSecret => self.cx.passphrase(&question, Freshness::New).map(Answer::Secret),
            Answers::Text => self.cx.line(&question).map(|line| prompt.understand(&line)),
            Answers::Choice(_) => {
                let choices = prompt.choices().unwrap_or_default();
                self.cx.line(&format!("{question}{choices}: ")).map(|line| prompt.understand(&line))
            }
        }
    }
}

impl Host for JobHost<'_> {
    fn can_ask(&self) -> bool {
        true // flags may answer; what they do not answer is said to be unanswerable then
    }

    fn progress(&mut self, text: &str) {
        self.cx.ui.progress(text);
    }

    fn ask(&mut self, question: &Question) -> Answer {
        if let Some(answer) = self.answered(question) {
            return answer;
        }
        let prompt = view::question(question);
        if prompt.dangerous && matches!(prompt.answers, Answers::Text) {
            self.yes_is_not_enough();
        }
        if self.cx.global().asking.no_input {
            self.tell(&prompt);
            return Answer::CannotAsk;
        }
        match self.put(&prompt) {
            Ok(answer) => answer,
            Err(InputError::NoInput { .. }) => Answer::CannotAsk,
            Err(InputError::Interrupted) => Answer::Cancel,
            Err(error) => {
                self.cx.ui.note(&format!("error: {error}"));
                Answer::Cancel
            }
        }
    }

    fn interrupts(&self) -> u32 {
        let count = self.cx.interrupts.count();
        if count > self.told.replace(count) {
            self.cx.ui.say("stopping at the next safe point; Ctrl-C again leaves the work running");
        }
        count
    }
}
