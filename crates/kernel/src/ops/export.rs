//! A vault's files out of it, decrypted.

use std::{fs, path::Path};

use gpgsmith_vault::{Store, registry::Entry};

use super::{Env, error::Fail as _, vault};
use crate::{
    api::{ApiError, Code, Hint, event::About, transfer::Exported},
    session::{Session, Vault},
};

/// Writes the files of the newest snapshot, or of `snapshot`, to `target`, after asking: secrets
/// then lie on a disk.
///
/// # Errors
/// The target is not empty; the user said no; the vault does not open. Nothing is written then.
pub async fn export(
    env: &Env<'_>,
    (entry, given): (&Entry, &Vault),
    snapshot: Option<&str>,
    target: &Path,
) -> Result<Exported, ApiError> {
    refuse_target(target)?;
    let mut opts = vault::opts_for(env, entry)?;
    opts.read_only = true;
    if let Some(wanted) = snapshot {
        opts.snapshot = Some(find(entry, wanted)?.parse().bad_request()?);
    }
    env.progress.report("opening the vault");
    let opened = Session::open(given, entry, opts).await?;
    let (vault, place) = (entry.name.clone(), target.to_owned());
    env.confirm(About::ExportPlain { vault: vault.clone(), target: place.clone() }, "--yes")
        .await?;
    env.progress.check()?;
    let copied = opened.session.copy_to(target).await?;
    let snapshot = opened.session.canonical_base();
    opened.session.discard().await?;
    let links = copied.links.iter().map(|path| path.display().to_string()).collect();
    Ok(Exported { vault, snapshot, target: place, files: copied.files, links })
}

fn refuse_target(target: &Path) -> Result<(), ApiError> {
    if !target.is_absolute() {
        let text = format!("{} is not an absolute path", target.display());
        return Err(ApiError::new(Code::BadRequest, text));
    }
    let taken = match fs::symlink_metadata(target) {
        Err(_) => false,
        Ok(meta) if meta.is_dir() => fs::read_dir(target).fail(Code::Io)?.next().is_some(),
        Ok(_) => true,
    };
    if !taken {
        return Ok(());
    }
    let text = format!("{} is not an empty directory", target.display());
    let hint = Hint::advice("Name a directory that is empty, or that is not there yet.");
    Err(ApiError::new(Code::Exists, text).with_hint(hint))
}

/// The snapshot of that name, or the only one whose name begins so.
fn find(entry: &Entry, wanted: &str) -> Result<String, ApiError> {
    let listing = Store::new(entry.dir()).list().fail(Code::Io)?;
    let mut names: Vec<_> = listing.snapshots.iter().map(|s| s.name.file_name()).collect();
    names.retain(|name| name.starts_with(wanted));
    if let Some(exact) = names.iter().find(|name| *name == wanted) {
        return Ok(exact.clone());
    }
    match names.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(see_which(entry, format!("the vault {} has no snapshot {wanted}", entry.name))),
        several => {
            let text = format!("{wanted} is the beginning of {} snapshots", several.len());
            Err(see_which(entry, text))
        }
    }
}

fn see_which(entry: &Entry, text: String) -> ApiError {
    let hint = Hint::run("See which there are.", "vault snapshots", &[&entry.name]);
    ApiError::new(Code::BadRequest, text).with_hint(hint)
}
