//! What went wrong, as facts: which program, which arguments, how it ended, what it said last.

use std::io;
use std::path::{Path, PathBuf};

use crate::agent::AgentError;
use crate::algo::IllegalPair;
use crate::certificate::{Key, Validity};
use crate::id::{Fingerprint, KeyId, UserId};
use crate::listing::ListingError;
use crate::program::Version;
use crate::secret::SecretState;
use crate::usage::Usage;

mod tool;

pub(crate) use tool::printable;
pub use tool::{Argv, ToolError};

/// Why something that was asked of a [`Client`](crate::Client) did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program could not be run to its good end.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The agent did not start, or did not do as asked.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// gpg's listing could not be read.
    #[error(transparent)]
    Listing(#[from] ListingError),
    /// No such key can be made.
    #[error(transparent)]
    IllegalPair(#[from] IllegalPair),
    /// The file system refused.
    #[error("cannot {doing} {}", path.display())]
    Path {
        /// What was to be done with the path, as it follows "cannot".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The passphrase does not open the secret key that was needed.
    #[error("the passphrase does not open the secret keys in {}", home.display())]
    WrongPassphrase {
        /// The GNUPGHOME.
        home: PathBuf,
    },
    /// gpg could not take this passphrase over a pipe, or would take it for "no passphrase".
    #[error("a passphrase has 1 to 255 bytes and neither NUL nor line breaks")]
    UnusablePassphrase,
    /// The sockets of the home's agent would not fit the system's limit for socket paths.
    #[error("{} has more than {limit} bytes, which leaves no room for a socket", home.display())]
    HomeTooLong {
        /// The GNUPGHOME.
        home: PathBuf,
        /// How many bytes its path may have.
        limit: usize,
    },
    /// An option file that this gpg reads even with `--no-options`.
    #[error("{} would be obeyed by gpg {version} whatever its command line says", path.display())]
    OptionFile {
        /// The file.
        path: PathBuf,
        /// Of the gpg that would obey it.
        version: Version,
    },
    /// The home has no key with this fingerprint where one was looked for.
    #[error("there is no key {fingerprint} in {}", home.display())]
    NoSuchKey {
        /// What was looked for.
        fingerprint: Fingerprint,
        /// The GNUPGHOME.
        home: PathBuf,
    },
    /// The key was revoked, which is for good.
    #[error("key {key} is revoked")]
    Revoked {
        /// The key.
        key: KeyId,
    },
    /// The key can't serve as it was to.
    #[error("key {key} is not there to {}: it is {found}", usage.verb())]
    Unfit {
        /// The key.
        key: KeyId,
        /// What it was to do.
        usage: Usage,
        /// What stands in the way, as it follows "it is".
        found: &'static str,
    },
    /// A text that should revoke a key does not, or does more than that.
    #[error("that is not a revocation certificate for key {fingerprint}")]
    NoRevocation {
        /// The key that it should revoke.
        fingerprint: Fingerprint,
    },
    /// The certificate does not carry this user id.
    #[error("key {fingerprint} has no user id {user_id}")]
    NoSuchUserId {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What was looked for.
        user_id: UserId,
    },
    /// The certificate carries this user id already, maybe revoked.
    #[error("key {fingerprint} already has the user id {user_id}")]
    UserIdExists {
        /// The certificate.
        fingerprint: Fingerprint,
        /// What was to be added.
        user_id: UserId,
    },
    /// gpg ended well, but the key ring does not show what it was asked to do.
    #[error("gpg was to {asked}, but key {key} then shows {found}")]
    NotDone {
        /// What was asked for, as it follows "to".
        asked: &'static str,
        /// The key that was read back.
        key: KeyId,
        /// What the listing says of it.
        found: String,
    },
    /// A key that was made was announced by no status line.
    #[error("gpg was to {asked}, ended well, and named no new key")]
    Unannounced {
        /// What was asked for, as it follows "to".
        asked: &'static str,
    },
    /// gpg exported nothing.
    #[error("gpg exported nothing for key {fingerprint}")]
    EmptyExport {
        /// What was to be exported.
        fingerprint: Fingerprint,
    },
    /// A text that should bring secret keys brings none.
    #[error("there is no secret key in it")]
    NoSecretKeys,
    /// A key ring that is kept by a background program of later releases.
    #[error("the key ring in {} is kept by keyboxd, which gpg {version} does not have", home.display())]
    Keyboxd {
        /// The GNUPGHOME.
        home: PathBuf,
        /// Of the gpg at hand.
        version: Version,
    },
    /// The key's secret part, as the agent has it, is of no use.
    #[error("the secret part of key {key} is {found}")]
    SecretUnusable {
        /// The key.
        key: KeyId,
        /// What the agent has for it.
        found: SecretState,
    },
    /// A test message came back changed, or not at all.
    #[error("key {key} did not {what} a test message")]
    ProofFailed {
        /// The subkey.
        key: KeyId,
        /// What it was to do with the message.
        what: &'static str,
    },
}

impl Error {
    /// For a key that does not serve this usage now.
    pub(crate) fn unfit(key: &Key, usage: Usage) -> Self {
        let found = match key.validity {
            Validity::Revoked => "revoked",
            Validity::Expired => "expired",
            Validity::Invalid => "invalid",
            _ if key.disabled => "disabled",
            _ => "made for something else",
        };
        Self::Unfit { key: key.key_id, usage, found }
    }
}

/// Adds to an I/O error what was being done, and to which path.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Path { doing, path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn errors_say_what_failed_on_which_thing() {
        let fingerprint: Fingerprint = "AB".repeat(20).parse().unwrap();
        let (home, key) = (PathBuf::from("/ram/home"), fingerprint.key_id());
        let asked = "add a subkey";
        let user_id: UserId = "Bob".parse().unwrap();
        let errors = [
            Error::WrongPassphrase { home: home.clone() },
            Error::UnusablePassphrase,
            Error::HomeTooLong { home: home.clone(), limit: 87 },
            Error::NoSuchKey { fingerprint, home: home.clone() },
            Error::Revoked { key },
            Error::Unfit { key, usage: Usage::Authenticate, found: "expired" },
            Error::NoRevocation { fingerprint },
            Error::NoSuchUserId { fingerprint, user_id: user_id.clone() },
            Error::UserIdExists { fingerprint, user_id },
            Error::NotDone { asked, key, found: "ed25519 [s] r, ends never".to_owned() },
            Error::Unannounced { asked },
            Error::EmptyExport { fingerprint },
            Error::NoSecretKeys,
            Error::Keyboxd { home: home.clone(), version: Version::OLDEST },
            Error::SecretUnusable { key, found: SecretState::Garbage },
            Error::ProofFailed { key, what: "sign" },
            Error::Agent(AgentError::Silent { after: Duration::from_secs(20) }),
        ];
        let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"));
    }
}
