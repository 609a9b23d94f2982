//! Who answers gpg's prompts. An answer goes to a keyword, never to a place in a sequence: gpg asks
//! more or less often as the key has it, and takes a surplus answer for its next command.

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// One line for gpg's command descriptor, without its line end; wiped after use.
pub(crate) type Answer = Zeroizing<String>;

/// The asked side of a conversation with gpg.
pub(crate) trait Dialogue: Send {
    /// Whether there is any prompt that it answers; without, gpg gets no `--command-fd`.
    fn has_answers(&self) -> bool;

    /// How often gpg may ask before it counts as stuck.
    fn limit(&self) -> usize;

    /// `None` ends the call: a prompt nobody foresaw is not one to guess at.
    fn answer(&mut self, keyword: &str) -> Option<Answer>;
}

/// Answers by keyword; a keyword's answers are used up in order, the passphrase never.
#[derive(Debug, Default)]
pub(crate) struct Script<'a> {
    passphrase: Option<&'a SecretString>,
    answers: Vec<(&'static str, Option<String>)>,
    more: usize,
}

/// For the key's passphrase, a few times over: to unlock, to protect, to bind.
const PASSPHRASE_PROMPTS: usize = 8;

impl<'a> Script<'a> {
    /// Answers nothing.
    pub(crate) fn silent() -> Self {
        Self::default()
    }

    /// Answers the prompt for the key's passphrase, and no other.
    pub(crate) fn passphrase(passphrase: &'a SecretString) -> Self {
        Self { passphrase: Some(passphrase), ..Self::default() }
    }

    /// Answers `keyword` with `text`, after the answers that it already has.
    pub(crate) fn then(mut self, keyword: &'static str, text: impl Into<String>) -> Self {
        self.answers.push((keyword, Some(text.into())));
        self
    }

    /// Lets gpg ask so many times more: once for each key of an export.
    pub(crate) fn prompts(mut self, more: usize) -> Self {
        self.more = more;
        self
    }

    fn next(&mut self, keyword: &str) -> Option<String> {
        let waiting =
            |(known, text): &&mut (&str, Option<String>)| *known == keyword && text.is_some();
        self.answers.iter_mut().find(waiting)?.1.take()
    }
}

impl Dialogue for Script<'_> {
    fn has_answers(&self) -> bool {
        self.passphrase.is_some() || !self.answers.is_empty()
    }

    fn limit(&self) -> usize {
        self.answers.len() + self.more + PASSPHRASE_PROMPTS
    }

    fn answer(&mut self, keyword: &str) -> Option<Answer> {
        match (keyword, self.passphrase) {
            ("passphrase.enter", Some(secret)) => {
                Some(Zeroizing::new(secret.expose_secret().to_owned()))
            }
            _ => self.next(keyword).map(Zeroizing::new),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_go_to_their_keyword_in_order() {
        let secret = SecretString::from("open sesame");
        let mut script = Script::passphrase(&secret)
            .then("keyedit.prompt", "key 1")
            .then("keyedit.prompt", "save")
            .then("ask.okay", "y");
        let mut answer = |keyword| script.answer(keyword).map(|answer| answer.to_string());
        assert_eq!(answer("keyedit.prompt").as_deref(), Some("key 1"));
        assert_eq!(answer("passphrase.enter").as_deref(), Some("open sesame"));
        assert_eq!(answer("ask.okay").as_deref(), Some("y"));
        assert_eq!(answer("keyedit.prompt").as_deref(), Some("save"));
        assert_eq!(answer("passphrase.enter").as_deref(), Some("open sesame"));
        assert_eq!(answer("keyedit.prompt"), None, "used up");
        assert_eq!(answer("cardedit.genkeys.replace_key"), None, "never foreseen");
    }

    #[test]
    fn silence_answers_nothing_and_needs_no_pipe() {
        assert!(!Script::silent().has_answers());
        assert_eq!(Script::silent().answer("passphrase.enter"), None);
    }
}
