//! Looking at a snapshot: what a judgement has to know of it.

use std::path::Path;

use gpgsmith_vault::{OpenError, OpenOptions, Workdir};

use super::{
    SessionError, SessionOpts, Vault,
    heads::{Facts, Origin},
    opening::{make_dirs, tree},
};
use crate::{
    home::{
        journal,
        lineage::{self, AuditMark, Base, Lineage, manifest},
    },
    id::hex,
};

/// An encrypted file that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) sha256: &'a [u8; 32],
    pub(super) size: u64,
    /// Of its content.
    pub(super) manifest: &'a str,
}

/// What a file with this `lineage` is, whose content lies in `home`. Its audit log is read whole
/// only by [`trail`].
pub(super) fn facts(file: File<'_>, lineage: Option<&Lineage>, home: &Path) -> Facts {
    let base = Base::of(file.name, file.sha256, lineage, file.manifest);
    let (id, seq) = base.parent.map_or_else(Default::default, |parent| (parent.id, parent.seq));
    let origin = match lineage.map(|lineage| &lineage.this) {
        None => Origin::Foreign { base: String::new() },
        Some(this) if this.manifest != file.manifest => Origin::Foreign { base: this.id.clone() },
        Some(this) if this.name != file.name => Origin::Copy { of: this.name.clone() },
        Some(_) => Origin::Ours,
    };
    Facts {
        name: file.name.to_owned(),
        sha256: hex(file.sha256),
        size: file.size,
        vault: lineage.map(|lineage| lineage.vault.clone()),
        id,
        seq,
        origin,
        behind: base.ancestors,
        joins: lineage.is_some_and(|lineage| lineage.parents.len() > 1),
        pins: lineage.map(Lineage::pins).unwrap_or_default(),
        audit: audit(home),
        trail: Vec::new(),
    }
}

/// Logs of one vault are compared before it has an id, too, so without one.
const NO_VAULT: &str = "";

/// A log that cannot be read is like no other.
fn audit(home: &Path) -> AuditMark {
    journal::log(home, NO_VAULT).head().map_or_else(
        |error| {
            tracing::warn!(%error, "the audit log of a snapshot cannot be read");
            AuditMark { count: 0, head: String::new() }
        },
        mark,
    )
}

/// How far the audit log in `home` had come after each entry.
pub(super) fn trail(home: &Path) -> Vec<AuditMark> {
    let heads = journal::log(home, NO_VAULT).heads().unwrap_or_default();
    heads.into_iter().map(mark).collect()
}

fn mark(head: gpgsmith_audit::Head) -> AuditMark {
    AuditMark { count: head.count, head: head.digest.to_string() }
}

/// Decrypts the snapshot `name` into a directory of its own, which is wiped at once.
pub(super) async fn look(
    vault: &Vault,
    opts: &SessionOpts,
    name: &str,
) -> Result<Facts, SessionError> {
    let workdir = Workdir::create(&opts.workdir)?;
    let tree = tree(&workdir);
    let (store, key, into) = (vault.store.clone(), vault.key.clone(), tree.clone());
    let (file, max_work_factor) = (name.to_owned(), opts.max_work_factor);
    let opened = tokio::task::spawn_blocking(move || {
        let options = OpenOptions { max_work_factor, ..OpenOptions::default() };
        store.open(&file, &key, &into, &options)
    });
    let opened = opened.await?.map_err(|source| {
        let vault = name.to_owned();
        SessionError::Open { vault, source }
    })?;
    make_dirs(&tree)?;
    let (home, manifest) = (tree.main(), manifest(&opened.contents));
    let lineage = lineage::read(home)?;
    let file = File { name, sha256: &opened.sha256, size: opened.size, manifest: &manifest };
    let mut facts = facts(file, lineage.as_ref(), home);
    facts.trail = trail(home);
    workdir.wipe()?;
    Ok(facts)
}

/// Whether the file is one for somebody else, or of the time before the passphrase was changed.
pub(super) fn is_locked(error: &OpenError) -> bool {
    use OpenError::{KeyKind, WrongIdentity, WrongPassphrase};
    matches!(error, WrongPassphrase { .. } | WrongIdentity { .. } | KeyKind { .. })
}
