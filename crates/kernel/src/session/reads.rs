//! Reading an open vault: from memory where nothing has changed.

use std::sync::Arc;

use gpgsmith_audit::Log;
use gpgsmith_gpg::{Certificate, Client};

use super::{Session, SessionError};
use crate::home::{journal, settings::Settings};

impl Session {
    /// gpg's listing of all certificates. It is kept until a step or the end of a key makes it
    /// untrue, so that asking again costs nothing and does not wait for a running step.
    ///
    /// # Errors
    /// The session has ended, or gpg failed.
    pub async fn certificates(&self) -> Result<Arc<Vec<Certificate>>, SessionError> {
        if self.is_closed() {
            return Err(SessionError::Closed);
        }
        if let Some(listing) = self.shared.remembered() {
            return Ok(listing);
        }
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        open.mend().await?;
        self.shared.listing(open).await
    }

    /// The settings in the vault.
    ///
    /// # Errors
    /// The session has ended, or the file does not parse.
    pub async fn settings(&self) -> Result<Settings, SessionError> {
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        open.mend().await?;
        Ok(Settings::load(open.tree.main())?)
    }

    /// Reads the audit log with `read`.
    ///
    /// # Errors
    /// The session has ended, or `read` failed.
    pub async fn with_audit_log<T>(
        &self,
        read: impl FnOnce(&Log) -> Result<T, gpgsmith_audit::LoadError>,
    ) -> Result<T, SessionError> {
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        open.mend().await?;
        Ok(read(&journal::log(open.tree.main(), &open.base.vault))?)
    }

    /// Tries `given` on the newest snapshot, which costs whoever guesses a passphrase as much as
    /// opening the vault would. It is known not to be what opened the session.
    pub async fn try_in_vain(&self, given: &super::Vault) -> SessionError {
        let opts = super::SessionOpts { read_only: true, ..self.shared.opts.clone() };
        match Self::open(given, self.entry(), opts).await {
            Err(error) => error,
            // Another snapshot has arrived, which this opens; the session's own it does not.
            Ok(other) => {
                drop(other);
                let vault = self.vault_name().to_owned();
                let path = self.vault_dir().join(self.canonical_base());
                let source = gpgsmith_vault::OpenError::WrongPassphrase { path };
                SessionError::Open { vault, source }
            }
        }
    }

    /// Runs `read` with gpg on the home, which it must not change.
    ///
    /// # Errors
    /// The session has ended, or gpg failed.
    pub async fn with_gpg<T>(
        &self,
        read: impl AsyncFnOnce(&Client) -> Result<T, gpgsmith_gpg::Error>,
    ) -> Result<T, SessionError> {
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        open.mend().await?;
        Ok(read(open.gpg()?.gpg()).await?)
    }
}
