//! Secrets that travel: typed at a face, carried over the daemon's socket, wiped when dropped.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroize;

/// A passphrase inside a request or an answer. It is wiped when dropped and never printed; it
/// is written out only by serialisation, which has one destination: the daemon's socket.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// Takes over `text` and wipes nothing else: the caller's copy, if any, is the caller's.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The secret in the form that the crates below take.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Gives the secret away.
    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

impl From<SecretString> for Passphrase {
    fn from(secret: SecretString) -> Self {
        Self(secret)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

impl Serialize for Passphrase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Passphrase {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A line read from a terminal or a file: wiped when dropped, turned into a [`Passphrase`] once.
#[derive(Default)]
pub struct Line(String);

impl Line {
    /// Takes over a line as it was read, with or without its end-of-line characters.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The line without its `\n` or `\r\n`; nothing else is trimmed.
    pub fn into_passphrase(mut self) -> Passphrase {
        let kept = self
            .0
            .strip_suffix('\n')
            .map_or(self.0.as_str(), |rest| rest.strip_suffix('\r').unwrap_or(rest));
        let passphrase = Passphrase::new(kept.to_owned());
        self.0.zeroize();
        passphrase
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_never_printed() {
        let passphrase = Passphrase::new("correct horse".to_owned());
        assert!(!format!("{passphrase:?}").contains("horse"));
    }

    #[test]
    fn only_the_end_of_line_is_taken_off() {
        for (read, kept) in [("a b \n", "a b "), ("x\r\n", "x"), ("y", "y"), ("\n", "")] {
            let passphrase = Line::new(read.to_owned()).into_passphrase();
            assert_eq!(passphrase.secret().expose_secret(), kept);
        }
    }
}
