//! Whether a secret key is really there: by what the agent makes of its file, not by a listing.

use std::fmt;

use secrecy::SecretString;

use crate::agent::AgentError;
use crate::certificate::Key;
use crate::client::Client;
use crate::error::Error;
use crate::id::{CardSerial, Keygrip};

/// What the agent finds where a key's secret part should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretState {
    /// A secret key in a file, under a passphrase.
    Protected,
    /// A secret key in a file, open to whoever reads it.
    Clear,
    /// A note that it is on this card.
    Card(CardSerial),
    /// A note that it is elsewhere, which names no card.
    Stub,
    /// A file that holds no key.
    Garbage,
    /// A file that holds another key than its name says.
    Foreign,
    /// Nothing.
    Absent,
}

impl fmt::Display for SecretState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protected => f.write_str("under a passphrase"),
            Self::Clear => f.write_str("without a passphrase"),
            Self::Card(serial) => write!(f, "on card {serial}"),
            Self::Stub => f.write_str("elsewhere"),
            Self::Garbage => f.write_str("unreadable"),
            Self::Foreign => f.write_str("that of another key"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

// libgpg-error's numbers, without the component.
pub(crate) const BAD_PASSPHRASE: u32 = 11;
const NOT_FOUND: u32 = 27;
/// `GPG_ERR_ENOENT`: no file.
const NO_FILE: u32 = 0x8051;

impl Client {
    /// What the agent has for `key`: it parses the file, and its public half must be the key's own.
    ///
    /// The secret half is proven only by its use: see [`Client::unlocks`] and [`Client::prove`].
    ///
    /// # Errors
    ///
    /// The agent does not answer.
    pub async fn secret_of(&self, key: &Key) -> Result<SecretState, Error> {
        let Some(keygrip) = key.keygrip else { return Ok(SecretState::Absent) };
        let state = self.secret_file(&keygrip).await?;
        let foreign = matches!(state, SecretState::Protected | SecretState::Clear)
            && !self.public_half(&keygrip).await?.is_some_and(|half| belongs(&half, key));
        Ok(if foreign { SecretState::Foreign } else { state })
    }

    /// Whether there is a file with a secret key under this name: one that the agent can read.
    ///
    /// # Errors
    ///
    /// The agent does not answer.
    pub async fn has_secret(&self, keygrip: &Keygrip) -> Result<bool, Error> {
        let state = self.secret_file(keygrip).await?;
        Ok(matches!(state, SecretState::Protected | SecretState::Clear))
    }

    /// Whether `passphrase` opens the secret key of this name. Its integrity is checked thereby.
    ///
    /// # Errors
    ///
    /// There is no such key, or the agent does not answer.
    pub async fn unlocks(
        &self,
        keygrip: &Keygrip,
        passphrase: &SecretString,
    ) -> Result<bool, Error> {
        crate::client::check_passphrase(passphrase)?;
        let mut agent = self.agent().connect().await?;
        agent.command("OPTION pinentry-mode=loopback", None).await?;
        match agent.command(&format!("PASSWD --verify {keygrip}"), Some(passphrase)).await {
            Ok(_) => Ok(true),
            Err(AgentError::Refused { code, .. }) if code & 0xffff == BAD_PASSPHRASE => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn secret_file(&self, keygrip: &Keygrip) -> Result<SecretState, Error> {
        let mut agent = self.agent().connect().await?;
        match agent.command(&format!("KEYINFO {keygrip}"), None).await {
            Ok(reply) => Ok(reply
                .status
                .iter()
                .find_map(|line| described(line))
                .unwrap_or(SecretState::Garbage)),
            Err(AgentError::Refused { code, .. }) => Ok(match code & 0xffff {
                NOT_FOUND | NO_FILE => SecretState::Absent,
                _ => SecretState::Garbage,
            }),
            Err(error) => Err(error.into()),
        }
    }

    async fn public_half(&self, keygrip: &Keygrip) -> Result<Option<Vec<u8>>, Error> {
        let mut agent = self.agent().connect().await?;
        match agent.command(&format!("READKEY {keygrip}"), None).await {
            Ok(reply) => Ok(Some(reply.data)),
            Err(AgentError::Refused { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// `KEYINFO <keygrip> <type> <serialno> <idstr> <cached> <protection> …` (gnupg agent/command.c).
fn described(line: &str) -> Option<SecretState> {
    let words: Vec<&str> = line.split(' ').collect();
    let ["KEYINFO", _, kind, serial, _, _, protection, ..] = words.as_slice() else { return None };
    match (*kind, *protection) {
        ("D", "P") => Some(SecretState::Protected),
        ("D", "C") => Some(SecretState::Clear),
        ("T", _) => Some(serial.parse().map_or(SecretState::Stub, SecretState::Card)),
        _ => None,
    }
}

/// The agent gives the public half as a canonical S-expression; the numbers of the certificate must
/// stand in it. Curve names, flags and an RSA number's leading zero byte are not compared.
fn belongs(expression: &[u8], key: &Key) -> bool {
    let atoms = atoms(expression);
    let stands = |number: &[u8]| atoms.iter().any(|atom| trimmed(atom) == trimmed(number));
    key.material.iter().map(Vec::as_slice).find(|number| number.len() >= 32).is_some_and(stands)
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The texts of a canonical S-expression: `3:ecc` and so on, between parentheses.
fn atoms(expression: &[u8]) -> Vec<&[u8]> {
    let (mut atoms, mut rest) = (Vec::new(), expression);
    while let [first, tail @ ..] = rest {
        if matches!(first, b'(' | b')') {
            rest = tail;
            continue;
        }
        let Some((atom, after)) = atom(rest) else { break };
        atoms.push(atom);
        rest = after;
    }
    atoms
}

fn atom(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(text.get(..colon)?).ok()?.parse().ok()?;
    text.get(colon + 1..)?.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn key_info_tells_files_from_cards() {
        let grip = "8FCF204BE0522D61C810BD44923FDA0817D2D63B";
        let described = |rest: &str| described(&format!("KEYINFO {grip} {rest}"));
        assert_eq!(described("D - - - P - - -"), Some(SecretState::Protected));
        assert_eq!(described("D - - - C - - -"), Some(SecretState::Clear));
        let serial = "D2760001240103040006098765430000".parse().unwrap();
        assert_eq!(
            described("T D2760001240103040006098765430000 OPENPGP.1 - - - - -"),
            Some(SecretState::Card(serial))
        );
        assert_eq!(described("X - - - - - - -"), None);
        assert_eq!(described(""), None);
    }

    #[test]
    fn atoms_of_a_key() {
        let expression = b"(10:public-key(3:ecc(5:curve7:Ed25519)(1:q3:@)())))";
        let expected: [&[u8]; 6] = [b"public-key", b"ecc", b"curve", b"Ed25519", b"q", b"@)("];
        assert_eq!(atoms(expression), expected);
    }

    proptest! {
        #[test]
        fn no_expression_makes_the_parser_panic(bytes: Vec<u8>, text in "[()0-9:a-z]{0,40}") {
            drop((atoms(&bytes), atoms(text.as_bytes())));
        }
    }
}
