//! Drives `gpg --edit-key`: its menu is one prompt, and what each command then asks is answered by
//! keyword.

use std::fmt;

use secrecy::SecretString;

use crate::client::Client;
use crate::dialogue::Script;
use crate::error::Error;
use crate::id::Fingerprint;

/// Why a key is revoked; other people's programs show it (RFC 9580 § 5.2.3.31).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// None is given.
    #[default]
    Unspecified,
    /// Somebody else may have the secret part: signatures of any date are in doubt.
    Compromised,
    /// Another key takes its place.
    Superseded,
    /// It is no longer used.
    Retired,
}

impl Reason {
    /// What a signature says; a number that means nothing here is no reason.
    pub(crate) fn of(code: u8) -> Self {
        match code {
            1 => Self::Superseded,
            2 => Self::Compromised,
            3 => Self::Retired,
            _ => Self::Unspecified,
        }
    }

    /// What gpg's menu takes, which has its own order.
    fn code(self) -> &'static str {
        match self {
            Self::Unspecified => "0",
            Self::Compromised => "1",
            Self::Superseded => "2",
            Self::Retired => "3",
        }
    }
}

/// A reason, with words for those who will see the revoked key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revocation {
    /// For programs.
    pub reason: Reason,
    /// For people; may have several lines, and may be empty.
    pub message: String,
}

impl Revocation {
    /// The lines that gpg is told, and then stores: trimmed, none of them empty.
    fn lines(&self) -> impl Iterator<Item = String> {
        let lines = self.message.lines().map(|line| crate::error::printable(line.trim()));
        lines.filter(|line| !line.is_empty())
    }

    /// What gpg asks about it. The text ends with an empty line, so that none may stand inside.
    pub(crate) fn prompts(&self) -> impl Iterator<Item = (&'static str, String)> {
        let text = self.lines().chain([String::new()]);
        [("ask_revocation_reason.code", self.reason.code().to_owned())]
            .into_iter()
            .chain(text.map(|line| ("ask_revocation_reason.text", line)))
            .chain([("ask_revocation_reason.okay", "y".to_owned())])
    }

    /// Whether `found`, of a signature, is what this one becomes.
    pub(crate) fn became(&self, found: &Self) -> bool {
        let wanted = self.lines().collect::<Vec<_>>().join("\n");
        found.reason == self.reason && found.message == wanted
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unspecified => "none",
            Self::Compromised => "compromised",
            Self::Superseded => "superseded",
            Self::Retired => "retired",
        })
    }
}

impl fmt::Display for Revocation {
    /// On one line: the reason, and the message where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.reason)?;
        self.lines().try_for_each(|line| write!(f, ", {line}"))
    }
}

/// A sequence of menu commands, each with the answers to what it asks.
#[derive(Debug)]
pub(crate) struct Edit {
    primary: Fingerprint,
    options: Vec<&'static str>,
    answers: Vec<(&'static str, String)>,
}

const MENU: &str = "keyedit.prompt";

impl Edit {
    pub(crate) fn of(primary: Fingerprint) -> Self {
        Self { primary, options: Vec::new(), answers: Vec::new() }
    }

    /// Gives gpg one more option.
    pub(crate) fn option(mut self, option: &'static str) -> Self {
        self.options.push(option);
        self
    }

    /// Lets all user ids say that they like this.
    pub(crate) fn prefer(self, list: &str) -> Self {
        self.answer(MENU, format!("setpref {list}")).answer("keyedit.setpref.okay", "y")
    }

    /// Lets signing subkeys sign their primary key where they have not.
    pub(crate) fn cross_certify(self) -> Self {
        self.answer(MENU, "cross-certify")
    }

    fn answer(mut self, keyword: &'static str, text: impl Into<String>) -> Self {
        self.answers.push((keyword, text.into()));
        self
    }

    fn asked(mut self, answers: impl Iterator<Item = (&'static str, String)>) -> Self {
        self.answers.extend(answers);
        self
    }

    /// By fingerprint: a position may not be what a listing showed.
    pub(crate) fn select(self, subkey: &Fingerprint) -> Self {
        self.answer(MENU, format!("key {subkey}"))
    }

    /// Of the selected subkeys; with none selected it would be the whole certificate.
    pub(crate) fn revoke_key(self, why: &Revocation) -> Self {
        self.answer(MENU, "revkey").answer("keyedit.revoke.subkey.okay", "y").asked(why.prompts())
    }

    /// Runs it; nothing is changed unless every prompt had its answer.
    pub(crate) async fn save(
        self,
        client: &Client,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let edit = self.answer(MENU, "save");
        let script = edit
            .answers
            .into_iter()
            .fold(Script::passphrase(passphrase), |script, (keyword, text)| {
                script.then(keyword, text)
            });
        let primary = edit.primary.to_string();
        let args = edit.options.into_iter().chain(["--edit-key", &primary]);
        client.converse(args, passphrase, script).await?;
        Ok(())
    }
}
