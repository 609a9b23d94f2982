//! Checking a vault.

use std::path::PathBuf;

use gpgsmith_vault::registry::Entry;
use secrecy::SecretString;

use super::{
    Env,
    error::Fail as _,
    vault::{session_opts, snapshots},
};
use crate::{
    api::{
        ApiError, Code,
        event::{About, Answer},
        vault::{CheckVault, CheckedSnapshot, CheckedVault},
    },
    session::{
        SessionError, SessionOpts, Vault,
        check::{self, Checked},
    },
};

/// Checks the newest snapshot of a vault, or all. Nothing is written.
///
/// # Errors
/// This machine cannot check it, or nothing that was to be checked opens: that is the wrong
/// passphrase. What is wrong with the vault is in the reply.
pub async fn check(
    env: &Env<'_>,
    call: &CheckVault,
    entry: &Entry,
    vault: &Vault,
) -> Result<CheckedVault, ApiError> {
    let mut opts = session_opts(env)?;
    opts.gpg = entry.gpg_binary.as_ref().filter(|name| !name.is_empty()).map(PathBuf::from);
    let listing = vault.store.list().fail(Code::Io)?;
    let Some(newest) = listing.snapshots.last() else {
        return Err(SessionError::NoSnapshots { dir: vault.store.dir().to_owned() }.into());
    };
    let every = call.all || call.deep;
    let skipped = if every { 0 } else { listing.snapshots.len() - 1 };
    let mut passphrase = vault.passphrase.clone();
    let mut checked = Vec::new();
    for snapshot in listing.snapshots.iter().skip(skipped) {
        env.progress.check()?;
        let name = snapshot.name.file_name();
        env.progress.report(&format!("checking {name}"));
        checked.push(one(env, (vault, entry, &opts), &name, &mut passphrase).await?);
    }
    let opens = checked.iter().any(|snapshot| snapshot.locked_out.is_none());
    let first = checked.first_mut().filter(|_| !opens);
    if let Some(source) = first.and_then(|first| first.locked_out.take()) {
        return Err(SessionError::Open { vault: entry.name.clone(), source }.into());
    }
    check::compare(&mut checked, call.deep);
    env.progress.report("comparing with what this machine has seen");
    let problems = Box::pin(check::whole((vault, entry), &opts, &listing, newest)).await?;
    let listed = snapshots(env, Some(&entry.name))?;
    Ok(CheckedVault {
        vault: entry.name.clone(),
        snapshots: checked.into_iter().map(described).collect(),
        problems,
        foreign: listed.foreign,
        heads: listed.heads,
    })
}

/// Checks one snapshot; asks for the passphrase of its keys if the one that is known is not it.
async fn one(
    env: &Env<'_>,
    (vault, entry, opts): (&Vault, &Entry, &SessionOpts),
    name: &str,
    passphrase: &mut Option<SecretString>,
) -> Result<Checked, ApiError> {
    let check = check::snapshot((vault, entry), opts, name, passphrase.as_ref());
    let checked = Box::pin(check).await?;
    let unproven = checked.master.is_some() && passphrase.is_none();
    if !checked.locked && !unproven {
        return Ok(checked);
    }
    let of = format!("the keys in {name}");
    let about = About::Passphrase { of, again: checked.locked };
    if let Answer::Secret(answer) = env.asker.ask(about, "--key-passphrase-file").await? {
        *passphrase = Some(answer.into_secret());
    }
    let check = check::snapshot((vault, entry), opts, name, passphrase.as_ref());
    let mut checked = Box::pin(check).await?;
    if checked.locked {
        checked.problems.push("the passphrase does not open its keys".to_owned());
    }
    Ok(checked)
}

fn described(checked: Checked) -> CheckedSnapshot {
    CheckedSnapshot {
        file_name: checked.name,
        master_fp: checked.master.map(|master| master.to_string()),
        signed: checked.signed as u64,
        decrypted: checked.decrypted as u64,
        skipped: checked.skipped,
        problems: checked.problems,
    }
}
