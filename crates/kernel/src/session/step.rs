//! The one way to change a home.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use gpgsmith_gpg::{Certificate, Client, Fingerprint, Key, Secret};
use gpgsmith_vault::registry::Entry;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    Listing, Session, SessionError, Shared, evidence,
    keyring::Keyring,
    trust::Verdict,
    work::{Backup, Work},
};
use crate::{
    clock::Clock,
    home::{journal, lineage, settings::Settings},
};

/// The home during a step: gpg on it, and our files in it.
#[derive(Debug)]
pub struct Home<'a> {
    gpg: &'a Keyring,
    dir: &'a Path,
    carried: &'a Path,
    secret: Option<&'a SecretString>,
    clock: &'a dyn Clock,
    entry: &'a Entry,
}

impl Home<'_> {
    /// gpg on this home.
    pub fn gpg(&self) -> &Client {
        self.gpg.gpg()
    }

    /// The GNUPGHOME.
    pub fn dir(&self) -> &Path {
        self.dir
    }

    /// What a vault carries beside the GNUPGHOME, out of gpg's sight: option files.
    pub fn carried(&self) -> &Path {
        self.carried
    }

    /// The passphrase of the keys in it, where one is known.
    pub fn secret(&self) -> Option<&SecretString> {
        self.secret
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What opening the vault would say of its master key now; to be asked where the work was not
    /// ours.
    ///
    /// # Errors
    /// gpg failed, or a file of ours does not parse.
    pub async fn judge(&self) -> Result<Verdict, SessionError> {
        let anchor = self.entry.trusted_master_fp.as_deref();
        let lineage = lineage::read(self.dir)?;
        let secrets = lineage.as_ref().map(|lineage| lineage.local_secrets.as_slice());
        Ok(evidence::gather(self.gpg, self.dir, anchor, secrets).await?.judge())
    }
}

/// What a step did: its result, and the words for the audit log.
#[derive(Debug)]
pub struct Change<T> {
    /// What the caller gets.
    pub value: T,
    /// The audit action: `create-key`.
    pub action: &'static str,
    /// A phrase: `revoked subkey 0123456789ABCDEF`.
    pub details: String,
    /// Names and values.
    pub metadata: BTreeMap<String, String>,
}

impl Session {
    /// Changes the home by `work`: it runs on the home with a copy aside, its result is read
    /// back by listing the keys, the audit entry is written, the generation counted and the
    /// ephemeral flushed; then it is a fact. Where any of this fails, or the future is dropped,
    /// or `work` panics, the home is again what it was.
    ///
    /// # Errors
    /// The session has ended or is for reading only; `work` failed; a secret part was lost; the
    /// state could not be written.
    pub async fn step<T, E>(
        &self,
        work: impl AsyncFnOnce(&Home<'_>) -> Result<Change<T>, E>,
    ) -> Result<T, E>
    where
        E: From<SessionError>,
    {
        let shared = &self.shared;
        shared.writable()?;
        let mut guard = shared.work.lock().await;
        let open = guard.as_mut().ok_or(SessionError::Closed)?;
        let before = shared.begin(open).await?;
        let done = run(shared, open, work).await;
        let committed = match done {
            Ok(change) => shared.commit(open, &before, change).await.map_err(E::from),
            Err(error) => Err(error),
        };
        settle(open, committed.is_ok()).await?;
        committed
    }
}

/// What a step must not undo.
pub(super) struct Before {
    secrets: BTreeSet<String>,
    /// The primary keys that do not ask for OCB.
    modest: BTreeSet<Fingerprint>,
}

impl Before {
    async fn look(listing: &[Certificate], open: &Work) -> Result<Self, SessionError> {
        let ask = open.gpg()?.asks_for_aead().await?;
        let all = listing.iter().map(Certificate::fingerprint);
        let modest = all.filter(|fingerprint| !ask.contains(fingerprint)).collect();
        Ok(Self { secrets: local_secrets(listing), modest })
    }
}

/// Forgets the copy after a step that is a fact; else brings it back.
pub(super) async fn settle(open: &mut Work, committed: bool) -> Result<(), SessionError> {
    if committed {
        open.note_shape()?;
        return Ok(open.torn.take().map_or(Ok(()), Backup::forget)?);
    }
    open.mend().await
}

pub(super) async fn run<T, E: From<SessionError>>(
    shared: &Shared,
    open: &Work,
    work: impl AsyncFnOnce(&Home<'_>) -> Result<Change<T>, E>,
) -> Result<Change<T>, E> {
    let secret = shared.key_passphrase();
    let home = Home {
        gpg: open.gpg()?,
        dir: open.tree.main(),
        carried: open.carried(),
        secret: secret.as_ref(),
        clock: shared.opts.clock.as_ref(),
        entry: &shared.entry,
    };
    work(&home).await
}

impl Shared {
    /// Takes the copy aside; returns what the step must not undo.
    pub(super) async fn begin(&self, open: &mut Work) -> Result<Before, SessionError> {
        open.mend().await?;
        let before = Before::look(&self.listing(open).await?, open).await?;
        let dirs = [open.tree.main(), open.carried()];
        open.torn = Some(Backup::take(&dirs, &open.workdir.path().join("before"))?);
        Ok(before)
    }

    /// Reads back, writes the audit entry, counts, flushes.
    async fn commit<T>(
        &self,
        open: &mut Work,
        before: &Before,
        change: Change<T>,
    ) -> Result<T, SessionError> {
        let (value, after) = self.record(open, before, change).await?;
        let generation = self.generation.load(Ordering::SeqCst) + 1;
        self.write_state(open, generation, &after).await?;
        self.count(open, after);
        Ok(value)
    }

    /// Reads back, and writes the audit entry.
    pub(super) async fn record<T>(
        &self,
        open: &Work,
        before: &Before,
        change: Change<T>,
    ) -> Result<(T, Listing), SessionError> {
        let after = Arc::new(open.gpg()?.list().await?);
        self.refuse_lost_secrets(&before.secrets, &after)?;
        self.refuse_aead(open, before).await?;
        self.name_master(open.tree.main(), &after)?;
        let Change { value, action, details, metadata } = change;
        let entry = gpgsmith_audit::Entry::new(self.opts.clock.now(), action, details, metadata);
        journal::log(open.tree.main(), &open.base.vault).append(entry)?;
        Ok((value, after))
    }

    /// Where so far the registry alone says which key is the master, the vault does too from now on.
    fn name_master(&self, home: &Path, listing: &[Certificate]) -> Result<(), SessionError> {
        let Some(master) = self.brief().master else { return Ok(()) };
        let mut settings = Settings::load(home)?;
        let master = listing.iter().find(|certificate| certificate.fingerprint() == master);
        if let Some(master) = master.filter(|_| settings.master_fp.is_empty()) {
            settings.name(&master.fingerprint(), &master.primary.algorithm.to_string());
            settings.save(home)?;
        }
        Ok(())
    }

    /// Counts a step that is durable.
    pub(super) fn count(&self, open: &Work, after: Listing) {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let master = super::evidence::master(open.tree.main(), &after);
        self.set_brief(|brief| {
            brief.listing = Some((generation, after));
            brief.master = master.or(brief.master);
        });
    }

    /// A seal or step that loses a secret part needs a waiver, and no step has one yet.
    fn refuse_lost_secrets(
        &self,
        before: &BTreeSet<String>,
        after: &[Certificate],
    ) -> Result<(), SessionError> {
        let lost: Vec<String> = before.difference(&local_secrets(after)).cloned().collect();
        if lost.is_empty() {
            return Ok(());
        }
        Err(SessionError::SecretLost { vault: self.entry.name.clone(), keys: lost })
    }

    /// gpg 2.3 and later may let keys ask for OCB, which other programs, and gpg 2.2, cannot read. A
    /// key that came in with that wish keeps it.
    async fn refuse_aead(&self, open: &Work, before: &Before) -> Result<(), SessionError> {
        let ask = open.gpg()?.asks_for_aead().await?;
        let new: Vec<_> = ask.intersection(&before.modest).map(ToString::to_string).collect();
        if new.is_empty() {
            return Ok(());
        }
        Err(SessionError::AsksForAead { vault: self.entry.name.clone(), keys: new })
    }

    /// The listing in memory, while it is true: no step was done and no key has ended since.
    pub(super) fn remembered(&self) -> Option<Listing> {
        let (of, listing) = self.brief().listing?;
        let now = self.opts.clock.now();
        let over = |key: &Key| key.is_live() && key.expires.is_some_and(|end| end <= now);
        let same = of == self.generation.load(Ordering::SeqCst);
        let true_still = same && !listing.iter().flat_map(Certificate::keys).any(over);
        true_still.then_some(listing)
    }

    /// gpg's listing at this generation, from memory where nothing has changed.
    pub(super) async fn listing(&self, open: &Work) -> Result<Listing, SessionError> {
        if let Some(listing) = self.remembered() {
            return Ok(listing);
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let listing = Arc::new(open.gpg()?.list().await?);
        self.set_brief(|brief| brief.listing = Some((generation, Arc::clone(&listing))));
        Ok(listing)
    }
}

/// The keygrips whose secret part is in the home.
pub(super) fn local_secrets(certificates: &[Certificate]) -> BTreeSet<String> {
    let keys = certificates.iter().flat_map(|c| std::iter::once(&c.primary).chain(&c.subkeys));
    keys.filter(|key| key.secret == Secret::Present)
        .filter_map(|key| key.keygrip.map(|grip| grip.to_string()))
        .collect()
}
