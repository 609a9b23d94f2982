//! How a session ends, and what of its files goes with it.

use std::sync::atomic::Ordering;

use super::{
    SealedSnapshot, Session, SessionError, Shared,
    ephemeral::{EphemeralInfo, EphemeralStatus, parse_session_filename},
    work::{Pair, Work},
};
use crate::api::ApiError;

impl Session {
    /// Throws away what no snapshot holds: the ephemeral pair and the workdir.
    ///
    /// # Errors
    /// It has ended already, or the pair cannot be removed; then it is still open.
    pub async fn discard(&self) -> Result<(), SessionError> {
        let mut guard = self.shared.work.lock().await;
        let open = guard.as_ref().ok_or(SessionError::Closed)?;
        // A session that only reads has no pair; what lies there is someone's unfinished work.
        if open.lock.is_some() {
            self.shared.delete_pair(&open.pair).await?;
        }
        self.shared.end(guard.take(), true).await;
        Ok(())
    }

    /// Puts the session to rest: its state is flushed and marked `idle-sealed`, the home wiped.
    /// An untouched session leaves no pair. If it fails, the session is open and whole.
    ///
    /// # Errors
    /// It has ended already, files have vanished, or the state cannot be written.
    pub async fn auto_seal_and_drop(&self) -> Result<(), SessionError> {
        let shared = &self.shared;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        let untouched = shared.unsealed() == 0;
        if !untouched {
            shared.flush(open).await?;
            shared.write_info(EphemeralStatus::IdleSealed).await?;
        }
        shared.end(guard.take(), untouched).await;
        Ok(())
    }
}

impl Shared {
    fn unsealed(&self) -> u64 {
        let generation = self.generation.load(Ordering::SeqCst);
        generation.saturating_sub(self.sealed.load(Ordering::SeqCst))
    }

    /// After a snapshot: the pair of the old base goes, a sidecar of the new one comes. The snapshot
    /// is there whether that works or not.
    pub(super) async fn move_pair(
        &self,
        open: &mut Work,
        sealed: SealedSnapshot,
    ) -> SealedSnapshot {
        let name = sealed.snapshot.name.file_name();
        let pair = Pair::new(self.store.dir(), &name, self.opts.host.as_str());
        let mut sidecar = self.sidecar.lock().await;
        let left = self.remove(&open.pair).await.err().map(left_behind);
        *sidecar = Some(pair.info.clone());
        open.pair = pair;
        drop(sidecar);
        self.flushed.store(self.generation.load(Ordering::SeqCst), Ordering::SeqCst);
        if let Err(error) = self.write_info(EphemeralStatus::Active).await {
            tracing::warn!(%error, "the sidecar could not be written");
        }
        SealedSnapshot { left, ..sealed }
    }

    async fn delete_pair(&self, pair: &Pair) -> Result<(), SessionError> {
        let mut sidecar = self.sidecar.lock().await;
        self.remove(pair).await?;
        *sidecar = None;
        Ok(())
    }

    /// The last act of every ending. Once here the session is over, whatever fails: what is
    /// sealed or flushed is durable, and what is left of a pair, which is returned, is recognised
    /// as finished.
    pub(super) async fn end(&self, work: Option<Work>, delete_pair: bool) -> Option<String> {
        self.closed.store(true, Ordering::SeqCst);
        self.set_brief(|brief| brief.listing = None);
        let work = work?;
        let mut left = None;
        if delete_pair && work.lock.is_some() {
            left = self.delete_pair(&work.pair).await.err().map(left_behind);
        } else {
            *self.sidecar.lock().await = None;
        }
        if let Err(error) = work.close().await {
            tracing::error!(%error, "the end of a session left something behind");
        }
        left
    }

    /// Refreshes the sidecar.
    pub(super) async fn write_info(&self, status: EphemeralStatus) -> Result<(), SessionError> {
        self.write_info_at(status, self.generation.load(Ordering::SeqCst)).await
    }

    pub(super) async fn write_info_at(
        &self,
        status: EphemeralStatus,
        generation: u64,
    ) -> Result<(), SessionError> {
        let mut sidecar = self.sidecar.lock().await;
        let Some(path) = sidecar.clone().filter(|path| self.is_own_info(path)) else {
            return Ok(());
        };
        let in_name = path.file_stem().and_then(|name| parse_session_filename(name.to_str()?));
        let info = EphemeralInfo {
            hostname: in_name.map_or_else(|| self.opts.host.to_string(), |(_, host)| host),
            source: self.opts.source.clone(),
            started_at: self.started_at,
            last_heartbeat: self.opts.clock.now(),
            generation,
            status,
            machine: Some(self.opts.state.machine().clone()),
            session: Some(self.id.clone()),
        };
        let is_last = info.is_idle_sealed();
        tokio::task::spawn_blocking(move || info.write(&path)).await??;
        if is_last {
            *sidecar = None; // a heartbeat that is due at the same moment says nothing any more
        }
        Ok(())
    }
}

/// To the log, and for the user.
fn left_behind(error: SessionError) -> String {
    let error = ApiError::from(error);
    tracing::warn!(%error, "a finished session's files stay behind");
    format!("{error}; it holds nothing that is not sealed, and a later opening removes it")
}
