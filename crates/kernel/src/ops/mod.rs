//! Workflows on a session: gpg steps, the files of the home, the audit entry, the checkpoint.
//!
//! A workflow talks to its user through an [`Asker`] and a [`Progress`], and knows no HTTP.

pub mod add;
pub mod audit;
pub mod check;
mod error;
pub mod exec;
pub mod export;
pub mod identity;
pub mod import;
pub mod key;
mod listing;
pub mod lock;
pub mod machine;
pub mod open;
mod registry;
pub mod revert;
mod secret;
pub mod unlock;
pub mod vault;

use std::{collections::BTreeMap, pin::Pin, sync::Arc};

use gpgsmith_vault::registry::Registry;

use crate::{
    api::{
        ApiError, Code, Face,
        event::{About, Answer},
    },
    clock::Clock,
    session::{SealedSnapshot, Session, SessionError, state::StateDir},
};

/// A future that stays on its thread.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The user said no.
fn declined() -> ApiError {
    ApiError::new(Code::Declined, "declined; nothing has changed")
}

/// The metadata of an audit entry.
fn metadata<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

/// Puts questions to whoever started the work.
pub trait Asker {
    /// The answer, or the error `needs_answer` naming `flag` where nobody can be asked.
    fn ask<'a>(&'a self, about: About, flag: &'a str) -> LocalFuture<'a, Result<Answer, ApiError>>;
}

/// Tells how far the work is, and hears when it shall stop.
pub trait Progress {
    /// A phrase for what begins now: `deriving the key`.
    fn report(&self, text: &str);

    /// To be called where the work can stop without a trace.
    ///
    /// # Errors
    /// `cancelled`, once the user has asked for it.
    fn check(&self) -> Result<(), ApiError>;
}

/// What a workflow works with, besides its session.
#[expect(missing_debug_implementations, reason = "askers and progress have none")]
#[derive(Clone, Copy)]
pub struct Env<'a> {
    /// The registry of vaults.
    pub registry: &'a Registry,
    /// What this machine keeps.
    pub state: &'a StateDir,
    /// Where time comes from.
    pub clock: &'a Arc<dyn Clock>,
    /// The face that asked for the work.
    pub face: Face,
    /// Puts questions to its user.
    pub asker: &'a dyn Asker,
    /// Tells it how far the work is.
    pub progress: &'a dyn Progress,
}

impl Env<'_> {
    /// Goes on only if the user says yes.
    async fn confirm(&self, about: About, flag: &str) -> Result<(), ApiError> {
        match self.asker.ask(about, flag).await? {
            Answer::Yes => Ok(()),
            _ => Err(declined()),
        }
    }

    /// Seals a checkpoint after keys were made or ended, and records the anchor with the first snapshot
    /// that holds the master key. A snapshot of another machine that arrived meanwhile is no
    /// failure: the work stays in the session, and the note says so.
    async fn checkpoint(
        &self,
        session: &Session,
        message: &str,
        notes: &mut Vec<String>,
    ) -> Result<Option<SealedSnapshot>, ApiError> {
        self.progress.report("sealing a checkpoint");
        match session.checkpoint(message).await {
            Ok(sealed) => {
                self.note_anchor(session.vault_name(), sealed.first_anchor);
                notes.extend(sealed.left.clone());
                Ok(Some(sealed))
            }
            Err(error @ SessionError::Diverged { .. }) => {
                notes.push(format!("{error}; what was done is in the open session only"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}
