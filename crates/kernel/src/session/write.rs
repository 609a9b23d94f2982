//! Writing: the state after each step, a snapshot at the end or at a checkpoint.

use std::sync::atomic::Ordering;

use gpgsmith_gpg::{Certificate, Fingerprint};
use gpgsmith_vault::{Key, NoNameLeft, SealError, SealOptions, Slug, Snapshot, SnapshotName};

use super::{
    Session, SessionError, Shared, ephemeral::EphemeralStatus, heads::Facts, look,
    open::newest_within_reason, recall, step::local_secrets, work::Work,
};
use crate::home::{
    journal,
    lineage::{AuditMark, Base, FileKind, Lineage, NextFile, manifest},
};

/// A name may be taken between choosing and using it; more than this is not bad luck.
const NAME_TRIES: usize = 8;

/// What a seal does when another machine has sealed meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrivals {
    /// Fails with [`SessionError::Diverged`].
    Refuse,
    /// Seals beside it.
    Fork,
}

/// What a snapshot is sealed with.
pub(super) struct Sealing<'a> {
    pub(super) message: &'a str,
    pub(super) key: Key,
    /// The session's steps that it holds.
    pub(super) generation: u64,
}

/// A snapshot that this session sealed.
#[derive(Clone, Debug)]
pub struct SealedSnapshot {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// The master key, when this is the first snapshot that holds it and the registry has no
    /// anchor yet: the caller records it.
    pub first_anchor: Option<Fingerprint>,
    /// What of the session's files could not be removed, and why. It holds nothing that is not
    /// sealed, and a later opening removes it.
    pub left: Option<String>,
}

impl Session {
    /// Seals the home as a new snapshot, deletes the ephemeral pair, and ends the session. An
    /// empty `message` becomes `session-<date>`. If it fails, the session is open and whole.
    ///
    /// # Errors
    /// It has ended, is for reading only, another machine has sealed meanwhile, files have
    /// vanished, or the snapshot cannot be written and read back.
    pub async fn seal(&self, message: &str) -> Result<SealedSnapshot, SessionError> {
        self.seal_as(message, Arrivals::Refuse).await
    }

    /// As [`Session::seal`], even when another machine has sealed meanwhile: both snapshots are
    /// kept, neither holds the other's changes, and this one is the newest.
    ///
    /// # Errors
    /// As [`Session::seal`], but for that one.
    pub async fn seal_fork(&self, message: &str) -> Result<SealedSnapshot, SessionError> {
        self.seal_as(message, Arrivals::Fork).await
    }

    async fn seal_as(
        &self,
        message: &str,
        arrivals: Arrivals,
    ) -> Result<SealedSnapshot, SessionError> {
        let shared = &self.shared;
        shared.writable()?;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        let sealed = shared.seal_home(open, message, arrivals).await?;
        let left = shared.end(guard.take(), true).await;
        Ok(SealedSnapshot { left, ..sealed })
    }

    /// A seal that stays open: what it seals can no longer be discarded. The ephemeral pair of
    /// before is deleted, and the session goes on from the new snapshot.
    ///
    /// # Errors
    /// As [`Session::seal`].
    pub async fn checkpoint(&self, message: &str) -> Result<SealedSnapshot, SessionError> {
        let shared = &self.shared;
        shared.writable()?;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        let sealed = shared.seal_home(open, message, Arrivals::Refuse).await?;
        Ok(shared.move_pair(open, sealed).await)
    }

    /// Refuses with [`SessionError::Diverged`] when another machine has sealed meanwhile: to be
    /// asked before keys are made that a seal would then refuse.
    ///
    /// # Errors
    /// That, or the session has ended or is for reading only.
    pub async fn check_heads(&self) -> Result<(), SessionError> {
        self.shared.writable()?;
        let guard = self.shared.work.lock().await;
        self.shared.refuse_arrivals(guard.as_ref().ok_or(SessionError::Closed)?).await
    }

    /// Writes the state though nothing has changed: for a session whose pair is new.
    pub(super) async fn flush_anew(&self) -> Result<(), SessionError> {
        let shared = &self.shared;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        let listing = shared.listing(open).await?;
        shared.write_state(open, self.generation(), &listing).await
    }
}

impl Shared {
    /// Writes the state if the one on disk is older than the home.
    pub(super) async fn flush(&self, open: &mut Work) -> Result<(), SessionError> {
        open.mend().await?;
        let generation = self.generation.load(Ordering::SeqCst);
        let is_there = open.pair.written.is_none() || self.holds(&open.pair).await?;
        if is_there && self.flushed.load(Ordering::SeqCst) == generation {
            return Ok(());
        }
        let listing = self.listing(open).await?;
        self.write_state(open, generation, &listing).await
    }

    /// Writes the state file of `generation`; once it is durable the step is a fact, and a
    /// sidecar that cannot be written is tried again at the next heartbeat.
    pub(super) async fn write_state(
        &self,
        open: &mut Work,
        generation: u64,
        listing: &[Certificate],
    ) -> Result<(), SessionError> {
        let given_up = self.claim(open).await?;
        let name = &open.pair.state_name;
        self.write_lineage(open, (name, FileKind::Ephemeral, generation), listing)?;
        let (store, tree, key) = (self.store.clone(), open.tree.clone(), self.vault().key);
        let (name, vault) = (name.clone(), self.entry.name.clone());
        let written = tokio::task::spawn_blocking(move || store.write_state(&name, &tree, &key))
            .await?
            .map_err(|source| SessionError::Seal { vault, source })?;
        open.pair.written = Some(written.sha256);
        self.flushed.store(generation, Ordering::SeqCst);
        if let Some(pair) = given_up {
            self.remove(&pair).await?;
        }
        if let Err(error) = self.write_info_at(EphemeralStatus::Active, generation).await {
            tracing::warn!(%error, "the sidecar could not be written");
        }
        Ok(())
    }

    /// Writes the lineage of the file `name` that is about to be written into the home.
    fn write_lineage(
        &self,
        open: &Work,
        (name, kind, generation): (&str, FileKind, u64),
        listing: &[Certificate],
    ) -> Result<Lineage, SessionError> {
        let home = open.tree.main();
        let head = journal::log(home, &open.base.vault).head()?;
        let lineage = open.base.next(NextFile {
            name,
            kind,
            session: &self.id,
            generation,
            sealed: match kind {
                FileKind::Canonical => generation,
                FileKind::Ephemeral => self.sealed.load(Ordering::SeqCst),
            },
            machine: self.opts.state.machine(),
            host: self.opts.host.as_str(),
            time: self.opts.clock.now(),
            manifest: manifest(&open.tree.contents()?),
            local_secrets: local_secrets(listing).into_iter().collect(),
            audit: AuditMark { count: head.count, head: head.digest.to_string() },
        });
        lineage.write(home)?;
        Ok(lineage)
    }

    /// Seals the home as it is.
    async fn seal_home(
        &self,
        open: &mut Work,
        message: &str,
        arrivals: Arrivals,
    ) -> Result<SealedSnapshot, SessionError> {
        open.mend().await?;
        if arrivals == Arrivals::Refuse {
            self.refuse_arrivals(open).await?;
        }
        let listing = self.listing(open).await?;
        let (key, generation) = (self.vault().key, self.generation.load(Ordering::SeqCst));
        let snapshot = self.write_snapshot(open, &listing, Sealing { message, key, generation });
        Ok(self.sealed(generation, snapshot.await?))
    }

    /// Seals a snapshot and makes it the base of what follows.
    pub(super) async fn write_snapshot(
        &self,
        open: &mut Work,
        listing: &[Certificate],
        sealing: Sealing<'_>,
    ) -> Result<Snapshot, SessionError> {
        let Sealing { message, key, generation } = sealing;
        let slug = self.slug(message);
        for _ in 0..NAME_TRIES {
            let name = self.next_name(&slug, open)?;
            let file_name = name.file_name();
            let lineage =
                self.write_lineage(open, (&file_name, FileKind::Canonical, generation), listing)?;
            let (store, tree, key) = (self.store.clone(), open.tree.clone(), key.clone());
            let sealed = tokio::task::spawn_blocking(move || {
                store.seal(&name, &tree, &key, &SealOptions::default())
            })
            .await?;
            match sealed {
                Err(SealError::NameTaken { .. }) => {}
                Err(source) => {
                    return Err(SessionError::Seal { vault: self.entry.name.clone(), source });
                }
                Ok(sealed) => {
                    let content = manifest(&sealed.contents);
                    open.base = Base::of(&file_name, &sealed.sha256, Some(&lineage), &content);
                    let (sha256, size) = (&sealed.sha256, sealed.size);
                    let file = look::File { name: &file_name, sha256, size, manifest: &content };
                    self.remember(look::facts(file, Some(&lineage), open.tree.main()));
                    open.known.insert(file_name);
                    return Ok(sealed.snapshot);
                }
            }
        }
        Err(SessionError::NoNameLeft)
    }

    /// What this machine has seen now. The snapshot is there whether this can be written or not:
    /// then the next opening finds it to be the head's successor.
    fn remember(&self, sealed: Facts) {
        if let Err(error) = recall::record_sealed(&self.vault(), &self.opts, sealed) {
            tracing::warn!(vault = self.entry.name, %error, "a seal was not taken note of");
        }
    }

    /// Takes note of a snapshot that is durable.
    pub(super) fn sealed(&self, generation: u64, snapshot: Snapshot) -> SealedSnapshot {
        self.sealed.store(generation, Ordering::SeqCst);
        self.set_brief(|brief| {
            brief.canonical_base = snapshot.name.file_name();
            brief.source_snap = Some(snapshot.clone());
        });
        let unanchored = self.entry.trusted_master_fp.as_deref().is_none_or(str::is_empty);
        let master = self.brief().master;
        SealedSnapshot { snapshot, first_anchor: master.filter(|_| unanchored), left: None }
    }

    fn slug(&self, message: &str) -> Slug {
        if message.trim().is_empty() {
            let today = self.opts.clock.now().strftime("session-%Y-%m-%d").to_string();
            Slug::from_message(&today)
        } else {
            Slug::from_message(message)
        }
    }

    /// Above the base and above every snapshot that is not dated absurdly.
    fn next_name(&self, slug: &Slug, open: &Work) -> Result<SnapshotName, SessionError> {
        let now = self.opts.clock.now();
        let listing = self.store.list()?;
        let newest = newest_within_reason(&listing.snapshots, now).map(|s| s.name.clone());
        let base = open.base.parent.as_ref().and_then(|parent| parent.name.parse().ok());
        let above = newest.max(base);
        match self.store.next_name(slug, now, above.as_ref()) {
            Ok(name) => Ok(name),
            Err(NoNameLeft::Path(error)) => Err(error.into()),
            Err(NoNameLeft::Exhausted { .. }) => Err(SessionError::NoNameLeft),
        }
    }

    /// Refuses when a snapshot has arrived that this session does not stand on, be it under the
    /// name of one that it does: two machines can seal under one name.
    pub(super) async fn refuse_arrivals(&self, open: &Work) -> Result<(), SessionError> {
        let listing = self.store.list()?;
        let names = listing.snapshots.iter().map(|snapshot| snapshot.name.file_name());
        let mut arrived: Vec<String> = names
            .filter(|name| !open.known.contains(name) && !open.base.descends_from(name))
            .collect();
        let replaced = recall::replaced(&self.vault(), &self.opts, &listing).await?;
        let replaced = replaced.into_iter().filter(|facts| !open.base.holds(&facts.id));
        arrived.extend(replaced.map(|facts| facts.name));
        if arrived.is_empty() {
            return Ok(());
        }
        Err(SessionError::Diverged { vault: self.entry.name.clone(), arrived })
    }
}
