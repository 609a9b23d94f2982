//! The lines that gpg writes to `--status-fd` (gnupg doc/DETAILS § Format of the --status-fd output).

use crate::id::Fingerprint;

/// One `[GNUPG:]` line, as far as this crate has a use for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// gpg waits for a line on its command descriptor.
    Prompt { keyword: String },
    /// A key was made: `P` primary, `S` subkey, `B` both.
    KeyCreated { fingerprint: Fingerprint },
    /// An operation failed; the code is libgpg-error's without the error source.
    Failure { code: u16 },
    /// A signature is good and was made by this (sub)key.
    ValidSignature { fingerprint: Fingerprint },
    /// One key was imported, or was there already.
    Imported { fingerprint: Fingerprint },
    /// Anything else: progress, hints, notes.
    Other,
}

impl Status {
    /// Reads one line without its line end; `None` when it is no status line at all.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("[GNUPG:] ")?.split(' ');
        let known = match words.next()? {
            "GET_BOOL" | "GET_LINE" | "GET_HIDDEN" => Some(prompt(words.next())),
            "KEY_CREATED" => key(words.nth(1)).map(|fingerprint| Self::KeyCreated { fingerprint }),
            "VALIDSIG" => key(words.next()).map(|fingerprint| Self::ValidSignature { fingerprint }),
            "IMPORT_OK" => key(words.nth(1)).map(|fingerprint| Self::Imported { fingerprint }),
            "ERROR" | "FAILURE" => code(words.nth(1)).map(|code| Self::Failure { code }),
            _ => None,
        };
        Some(known.unwrap_or(Self::Other))
    }
}

/// A prompt without a keyword still waits for an answer, and must not pass unseen.
fn prompt(keyword: Option<&str>) -> Status {
    Status::Prompt { keyword: keyword.unwrap_or_default().to_owned() }
}

fn key(word: Option<&str>) -> Option<Fingerprint> {
    word?.parse().ok()
}

/// The low 16 bits hold the code, the high byte names the component.
fn code(word: Option<&str>) -> Option<u16> {
    let number: u32 = word?.parse().ok()?;
    u16::try_from(number & 0xffff).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prompts_are_never_missed() {
        let keyword = |line| match Status::parse(line) {
            Some(Status::Prompt { keyword }) => keyword,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(keyword("[GNUPG:] GET_HIDDEN passphrase.enter"), "passphrase.enter");
        assert_eq!(keyword("[GNUPG:] GET_LINE keyedit.prompt"), "keyedit.prompt");
        assert_eq!(keyword("[GNUPG:] GET_BOOL"), "");
    }

    #[test]
    fn failures_lose_the_component_that_reported_them() {
        assert_eq!(
            Status::parse("[GNUPG:] ERROR keyedit.revoke.uid 33554448"),
            Some(Status::Failure { code: 16 })
        );
        assert_eq!(
            Status::parse("[GNUPG:] FAILURE sign 67108875"),
            Some(Status::Failure { code: 11 })
        );
        assert_eq!(Status::parse("[GNUPG:] FAILURE sign x"), Some(Status::Other));
    }

    #[test]
    fn new_keys_are_named() {
        let fingerprint = "F9CAF289370EE985BE5C13DFBC7CB14180B30A87".parse().unwrap();
        let line = format!("[GNUPG:] KEY_CREATED S {fingerprint}");
        assert_eq!(Status::parse(&line), Some(Status::KeyCreated { fingerprint }));
        assert_eq!(Status::parse("[GNUPG:] KEY_CREATED"), Some(Status::Other));
    }

    proptest! {
        #[test]
        fn no_line_makes_the_parser_panic(line in "(\\[GNUPG:\\] )?(ERROR|GET_LINE|VALIDSIG|[A-Z_]*)?\\PC{0,60}") {
            let parsed = Status::parse(&line);
            prop_assert_eq!(parsed.is_some(), line.starts_with("[GNUPG:] "));
        }
    }
}
