//! Going back: an old state sealed as the newest. Nothing is taken away: what it undoes stays in
//! the snapshots that hold it.

use std::{collections::BTreeMap, fs, io};

use gpgsmith_vault::{
    Listing, OpenError, Snapshot, SnapshotName, atomic::At, registry::Entry as VaultEntry,
};

use super::{
    ReadOnly, SealedSnapshot, Session, SessionError, SessionOpts, Vault,
    heads::{Facts, Refusal},
    look::look,
    open::{hold, is_unexpected},
    opening::Opening,
    pairs,
    recall::Recall,
    seen::{Seen, SeenSnapshot},
};
use crate::home::{
    journal,
    lineage::{Ancestor, Lineage, Parent},
    settings::VaultSettings,
};

/// An old state that is to become the newest. Until [`Revert::seal`] nothing has changed.
#[derive(Debug)]
pub struct Revert {
    to: String,
    old: Opening,
    undone: Undone,
}

/// What going back undoes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// What the audit log says was done since, oldest first; `None` where the old snapshot's log is
    /// not the beginning of the newest one's.
    pub entries: Option<Vec<gpgsmith_audit::Entry>>,
    /// How many keys have their secret part in the newest snapshot and not in the old one.
    pub secrets: usize,
    /// Whether the vault was sealed to others then. Whom it is sealed to is not taken back: somebody
    /// may have been removed.
    pub recipients: bool,
    /// All heads, whose place the new snapshot takes.
    pub heads: Vec<String>,
}

impl Session {
    /// Prepares to go back to the state of the snapshot `to`. The newest snapshot may be damaged;
    /// the newest one that opens then says where the vault stood.
    ///
    /// # Errors
    /// As [`Session::open`]; also when there is unfinished work, or no such snapshot, or nothing to
    /// go back from.
    pub async fn revert(
        vault: &Vault,
        entry: &VaultEntry,
        opts: SessionOpts,
        to: &SnapshotName,
    ) -> Result<Revert, SessionError> {
        let lock = hold(vault, entry, &opts)?;
        pairs::refuse_ours(vault, entry, &opts)?;
        let listing = vault.store.list()?;
        let wanted = listing.snapshots.iter().find(|snapshot| snapshot.name == *to);
        let wanted = wanted.ok_or_else(|| SessionError::NoSuchSnapshot(to.file_name()))?;
        let mut newest = Newest::open((vault, entry), opts.clone(), &listing, wanted).await?;
        newest.join_heads((vault, &opts)).await?;
        let heads = newest.heads();
        if heads == [to.file_name()] {
            return Err(SessionError::AlreadyNewest(to.file_name()));
        }
        let mut old = Opening::unpack(vault, entry, opts, &to.file_name()).await?;
        newest.refuse_stranger(&old, &to.file_name())?;
        let undone = Undone { heads, ..undone(&newest.opening, &old)? };
        take_log(&newest.opening, &old)?;
        let recipients = keep_recipients(&newest.opening, &old)?;
        let undone = Undone { recipients, ..undone };
        old.goes_on_from(newest.opening, newest.recall);
        old.lock = Some(lock);
        Ok(Revert { to: to.file_name(), old, undone })
    }
}

impl Revert {
    /// What it undoes.
    pub fn undone(&self) -> &Undone {
        &self.undone
    }

    /// Seals it, with an entry in the audit log that goes on from the newest one's.
    ///
    /// # Errors
    /// As [`Session::seal`]; the vault is then as it was.
    pub async fn seal(self, message: &str) -> Result<SealedSnapshot, SessionError> {
        let Self { to, mut old, .. } = self;
        let metadata = BTreeMap::from([("snapshot".to_owned(), to.clone())]);
        let details = format!("went back to {to}");
        let now = old.opts.clock.now();
        let entry = gpgsmith_audit::Entry::new(now, "revert", details, metadata);
        journal::log(old.tree.main(), &old.base.vault).append(entry)?;
        old.counts_one_step();
        let session = Box::pin(old.finish()).await?.session;
        match session.seal(message).await {
            Ok(sealed) => Ok(sealed),
            Err(error) => {
                session.discard().await?;
                Err(error)
            }
        }
    }
}

/// The newest snapshot that opens, and what else there is.
struct Newest {
    opening: Opening,
    recall: Recall,
    now: Seen,
    /// Newer ones that do not open, as far as they are known.
    damaged: Vec<SeenSnapshot>,
}

impl Newest {
    async fn open(
        (vault, entry): (&Vault, &VaultEntry),
        mut opts: SessionOpts,
        listing: &Listing,
        wanted: &Snapshot,
    ) -> Result<Self, SessionError> {
        let mut damaged = Vec::new();
        for snapshot in listing.snapshots.iter().rev() {
            let name = snapshot.name.file_name();
            let opened = Opening::unpack(vault, entry, opts.clone(), &name).await;
            let mut opening = match opened {
                Err(error) if is_damage(&error) && snapshot.name > wanted.name => {
                    damaged.push(name);
                    // The head is damaged, which going back is for.
                    opts.accept.rollback = true;
                    continue;
                }
                opened => opened?,
            };
            if is_unexpected(snapshot, vault, &opts)? {
                let why = ReadOnly::Future(snapshot.name.taken());
                return Err(SessionError::ReadOnly { vault: entry.name.clone(), why });
            }
            let recall = Recall::judge(&opening, snapshot, listing).await?;
            opening.based_on(snapshot, listing);
            let known = |name: &String| recall.before()?.by_name(name).cloned();
            let damaged = damaged.iter().filter_map(known).collect();
            return Ok(Self { now: recall.now(), opening, recall, damaged });
        }
        Err(SessionError::NoSnapshots { dir: vault.store.dir().to_owned() })
    }

    /// What is sealed on it takes the place of the other heads too, so that it has all of their
    /// ancestors behind it.
    async fn join_heads(
        &mut self,
        (vault, opts): (&Vault, &SessionOpts),
    ) -> Result<(), SessionError> {
        let others = self.now.other_heads().into_iter().chain(&self.damaged).cloned();
        for head in others.collect::<Vec<_>>() {
            match look(vault, opts, &head.name).await {
                Ok(Facts { behind, .. }) => self.opening.base.ancestors.extend(behind),
                Err(SessionError::Open { .. }) => {}
                Err(error) => return Err(error),
            }
            let SeenSnapshot { name, id, seq, sha256, .. } = head;
            let sha256 = sha256.unwrap_or_default();
            self.opening.base.also.push(Parent { name, sha256, id, seq });
        }
        let ancestors = &mut self.opening.base.ancestors;
        ancestors.sort_by(|a: &Ancestor, b: &Ancestor| (b.seq, &b.id).cmp(&(a.seq, &a.id)));
        ancestors.dedup_by(|a, b| a.id == b.id);
        Ok(())
    }

    fn heads(&self) -> Vec<String> {
        let base = &self.opening.base;
        base.parent.iter().chain(&base.also).map(|parent| parent.name.clone()).collect()
    }

    /// An old snapshot that somebody has put there is none of this vault's.
    fn refuse_stranger(&self, old: &Opening, name: &str) -> Result<(), SessionError> {
        let (Some(ours), Some(theirs)) = (&self.opening.lineage, &old.lineage) else {
            return Ok(());
        };
        let newest = name.to_owned();
        let why = if ours.vault != theirs.vault {
            Refusal::OtherVault { newest }
        } else if ours.pins().iter().any(|pin| theirs.has_pinned(pin)) {
            return Ok(());
        } else {
            Refusal::Forged { newest, head: self.opening.canonical.clone() }
        };
        Err(SessionError::Refused { vault: self.opening.entry.name.clone(), why })
    }
}

fn is_damage(error: &SessionError) -> bool {
    use OpenError::{Archive, Damaged};
    matches!(error, SessionError::Open { source: Damaged { .. } | Archive { .. }, .. })
}

fn undone(newest: &Opening, old: &Opening) -> Result<Undone, SessionError> {
    let log = |opening: &Opening| journal::log(opening.tree.main(), &newest.base.vault).load();
    let (now, then) = (log(newest)?, log(old)?);
    let entries = gpgsmith_audit::is_prefix(&then, &now).then(|| {
        let since = now.get(then.len()..).unwrap_or_default();
        since.to_vec()
    });
    let secrets = |lineage: &Option<Lineage>| {
        lineage.as_ref().map(|lineage| lineage.local_secrets.clone()).unwrap_or_default()
    };
    let then = secrets(&old.lineage);
    let lost = secrets(&newest.lineage).iter().filter(|grip| !then.contains(grip)).count();
    Ok(Undone { entries, secrets: lost, ..Undone::default() })
}

/// Writes the list of recipients of `newest` into `old`; whether it was another one.
fn keep_recipients(newest: &Opening, old: &Opening) -> Result<bool, SessionError> {
    let list = |opening: &Opening| VaultSettings::load(opening.tree.main()).map(|s| s.recipients);
    let now = list(newest)?;
    if list(old)? == now {
        return Ok(false);
    }
    VaultSettings::save_recipients(old.tree.main(), &now)?;
    Ok(true)
}

/// The audit log is not taken back: it goes on, and says that everything else was.
fn take_log(newest: &Opening, old: &Opening) -> Result<(), SessionError> {
    let file = |opening: &Opening| opening.tree.main().join(journal::FILE_NAME);
    let (from, to) = (file(newest), file(old));
    match fs::copy(&from, &to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::remove_file(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
        copied => copied.map(drop),
    }
    .at("copy the audit log to", &to)?;
    Ok(())
}
