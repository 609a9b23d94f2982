//! Going back to an old state.

use std::path::PathBuf;

use gpgsmith_vault::registry::Entry;

use super::{
    Env,
    error::Fail as _,
    vault::{session_opts, snapshot},
};
use crate::{
    api::{
        ApiError,
        event::About,
        vault::{RevertVault, Reverted},
    },
    session::{Session, Vault, revert::Undone},
};

/// Seals the state of an old snapshot as the newest, after telling what that undoes.
///
/// # Errors
/// See [`Session::revert`]; also the user's own no. Nothing has changed then.
pub async fn revert(
    env: &Env<'_>,
    call: &RevertVault,
    entry: &Entry,
    vault: &Vault,
) -> Result<Reverted, ApiError> {
    let to = call.snapshot.parse().bad_request()?;
    let mut opts = session_opts(env)?;
    opts.gpg = entry.gpg_binary.as_ref().filter(|name| !name.is_empty()).map(PathBuf::from);
    env.progress.report("opening the newest snapshot and the old one");
    let revert = Session::revert(vault, entry, opts, &to).await?;
    env.confirm(question(entry, call, revert.undone()), "--yes").await?;
    env.progress.check()?;
    env.progress.report("sealing");
    let message = format!("revert to {}", to.taken().strftime("%Y-%m-%d %H:%M:%S"));
    let sealed = Box::pin(revert.seal(&message)).await?;
    if let Some(master) = sealed.first_anchor {
        env.record_anchor(&entry.name, master)?;
    }
    let snapshot = snapshot(&sealed.snapshot);
    Ok(Reverted { vault: entry.name.clone(), to: to.file_name(), snapshot })
}

fn question(entry: &Entry, call: &RevertVault, undone: &Undone) -> About {
    let entries = undone.entries.as_ref().map(|entries| {
        let line = |entry: &gpgsmith_audit::Entry| format!("{}: {}", entry.action, entry.details);
        entries.iter().map(line).collect()
    });
    About::Revert {
        vault: entry.name.clone(),
        snapshot: call.snapshot.clone(),
        heads: undone.heads.clone(),
        undone: entries,
        secrets: undone.secrets as u64,
        recipients: undone.recipients,
    }
}
