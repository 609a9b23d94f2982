//! A step that lands in a snapshot at once: the only one that may change what opens the vault.
//!
//! A step's state file must open with what the user is asked for when the work is resumed; between
//! two passphrases there is no such thing. So this step writes none: until the snapshot under the
//! new key is durable, the vault is what it was, under the old one; from then on it is the new one.
//! A state file of earlier steps that a crash leaves beside that snapshot is finished work, since
//! the snapshot is of the same session and later.

use std::sync::{PoisonError, atomic::Ordering};

use gpgsmith_vault::Key;
use secrecy::SecretString;

use super::{
    Change, Home, SealedSnapshot, Session, SessionError, Shared,
    step::{Before, run, settle},
    work::Work,
    write::Sealing,
};
use crate::home::lineage;

/// How a sealed step ends.
#[derive(Debug)]
pub struct SealedStep<'a> {
    /// Becomes part of the snapshot's name.
    pub message: &'a str,
    /// What opens the vault from then on, if that changes.
    pub lock: Option<NewLock>,
}

/// What opens a vault from now on.
#[derive(Debug)]
pub struct NewLock {
    /// The key that the snapshot is sealed with.
    pub key: Key,
    /// The passphrase in it, which is that of the keys in the vault too; `None` leaves both as
    /// they are.
    pub passphrase: Option<SecretString>,
    /// Whether those who could read so far may still prove it.
    pub secrets: Secrets,
}

/// The secrets in the lineage, which prove that their holder has read a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They stay as they are.
    Kept,
    /// A new one comes first: somebody shall not read any longer.
    Renewed,
}

impl Session {
    /// Changes the home by `work` as [`Session::step`] does, but ends with a snapshot instead of a
    /// state file, and goes on from there.
    ///
    /// # Errors
    /// As [`Session::step`] and [`Session::checkpoint`]; the home and what opens the vault are then
    /// as they were.
    pub async fn sealed_step<T, E: From<SessionError>>(
        &self,
        how: SealedStep<'_>,
        work: impl AsyncFnOnce(&Home<'_>) -> Result<Change<T>, E>,
    ) -> Result<(T, SealedSnapshot), E> {
        let shared = &self.shared;
        shared.writable()?;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        shared.refuse_arrivals(open).await?;
        let before = shared.begin(open).await?;
        let landed = match run(shared, open, work).await {
            Ok(change) => shared.land(open, &before, (change, how)).await.map_err(E::from),
            Err(error) => Err(error),
        };
        settle(open, landed.is_ok()).await?;
        let (value, sealed) = landed?;
        Ok((value, shared.move_pair(open, sealed).await))
    }
}

impl Shared {
    /// Reads back, writes the audit entry, seals, counts; then the new lock is the lock.
    async fn land<T>(
        &self,
        open: &mut Work,
        before: &Before,
        (change, how): (Change<T>, SealedStep<'_>),
    ) -> Result<(T, SealedSnapshot), SessionError> {
        let SealedStep { message, lock } = how;
        let (value, after) = self.record(open, before, change).await?;
        let base = open.base.clone();
        if lock.as_ref().is_some_and(|lock| lock.secrets == Secrets::Renewed) {
            open.base.secrets.insert(0, lineage::new_secret());
        }
        let key = lock.as_ref().map_or_else(|| self.vault().key, |lock| lock.key.clone());
        let generation = self.generation.load(Ordering::SeqCst) + 1;
        let written = self.write_snapshot(open, &after, Sealing { message, key, generation }).await;
        let snapshot = match written {
            Ok(snapshot) => snapshot,
            Err(error) => {
                open.base = base;
                return Err(error);
            }
        };
        self.count(open, after);
        if let Some(lock) = lock {
            self.relock(lock);
        }
        Ok((value, self.sealed(generation, snapshot)))
    }

    fn relock(&self, lock: NewLock) {
        lock.key.prepare();
        let mut vault = self.vault.lock().unwrap_or_else(PoisonError::into_inner);
        vault.key = lock.key;
        if let Some(passphrase) = lock.passphrase {
            vault.passphrase = Some(passphrase.clone());
            *self.key_passphrase.lock().unwrap_or_else(PoisonError::into_inner) = Some(passphrase);
        }
    }
}
