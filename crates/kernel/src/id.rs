//! Ids and random numbers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The identity of a machine: 32 random hex digits, made once. Unlike a host name it never
/// collides, so that two machines called `laptop` are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MachineId(String);

/// A text that is not 32 lower-case hex digits.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an id of 32 hex digits")]
pub struct BadId(String);

impl MachineId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random_hex::<16>())
    }

    /// Its first eight digits: enough to tell two machines of one name apart.
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl FromStr for MachineId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        is_id(text).then(|| Self(text.to_owned())).ok_or_else(|| BadId(text.to_owned()))
    }
}

impl TryFrom<String> for MachineId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<MachineId> for String {
    fn from(id: MachineId) -> Self {
        id.0
    }
}

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// `N` bytes of the system's generator as lower-case hex digits.
pub(crate) fn random_hex<const N: usize>() -> String {
    hex(&random::<N>())
}

/// `N` bytes of the system's generator, which on the systems that we run on cannot fail once
/// the machine is up; without it nothing here may go on.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    #[cfg(test)]
    if let Some(bytes) = repeatable::next() {
        return bytes;
    }
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "no safe way to go on without random numbers")]
    getrandom::fill(&mut bytes).expect("the system's random number generator works");
    bytes
}

/// Lower-case hex digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// Random numbers that a test can have again.
#[cfg(test)]
pub(crate) mod repeatable {
    use std::cell::RefCell;

    use sha2::{Digest as _, Sha256};

    thread_local! {
        static SEED: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
    }

    /// From now on this thread draws what follows from `seed`; with `None`, the system's.
    pub(crate) fn draw_from(seed: Option<String>) {
        SEED.set(seed.map(|seed| (seed, 0)));
    }

    pub(super) fn next<const N: usize>() -> Option<[u8; N]> {
        SEED.with_borrow_mut(|seed| {
            let (seed, count) = seed.as_mut()?;
            *count += 1;
            let drawn = Sha256::digest(format!("{seed} {count}"));
            Some(std::array::from_fn(|at| drawn[at]))
        })
    }
}
