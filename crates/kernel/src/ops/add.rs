//! Making a vault known to this machine that another one has made.

use gpgsmith_vault::{Store, registry::Entry};

use super::{
    Env,
    error::Fail as _,
    open,
    unlock::unlock,
    vault::{Outcome, entry, known_already, register, unregister},
};
use crate::api::{
    ApiError, Code, Hint,
    vault::{Accept, AddVault, OpenVault},
};

/// Puts a vault whose directory is there already into the registry, and opens it.
///
/// # Errors
/// The name or the directory is known already, there is no vault in the directory, or what is given
/// is not what opens it: the registry is then as before. What else [`open::open`] refuses is left to
/// be settled with the vault in the registry.
pub async fn add(env: &Env<'_>, call: AddVault) -> Result<Outcome, ApiError> {
    let entry = entry((&call.name, &call.path, call.identity.as_deref()))?;
    refuse_known(env, &entry)?;
    refuse_empty(&entry)?;
    let vault = unlock(env, &entry, &call.unlock).await?;
    register(env, &entry)?;
    let call = OpenVault {
        name: Some(call.name),
        unlock: call.unlock,
        unfinished: None,
        read_only: false,
        snapshot: None,
        from: None,
        accept: Accept::default(),
    };
    match Box::pin(open::open(env, &call, &entry, &vault)).await {
        Err(mut error) if is_locked(error.code) => {
            unregister(env, &entry)?;
            error.hint = Some(Hint::run(
                "Try again; nothing has changed.",
                "vault add",
                &[&entry.name, "--path", &entry.path],
            ));
            Err(error)
        }
        opened => opened,
    }
}

/// Whether what was given is not what opens the vault.
fn is_locked(code: Code) -> bool {
    matches!(code, Code::WrongPassphrase | Code::WrongIdentity | Code::NeedsPassphrase)
}

fn refuse_known(env: &Env<'_>, new: &Entry) -> Result<(), ApiError> {
    let known = env.config()?.listing().into_iter();
    let mut same = known.filter(|known| known.name == new.name || known.dir() == new.dir());
    same.next().map_or(Ok(()), |known| Err(known_already(&known)))
}

fn refuse_empty(entry: &Entry) -> Result<(), ApiError> {
    let dir = entry.dir();
    let listing = Store::new(&dir).list().fail(Code::Io).map_err(|error| {
        error.with_hint(Hint::advice("Name the directory in which its snapshots are."))
    })?;
    if !listing.snapshots.is_empty() {
        return Ok(());
    }
    let text = format!("there is no snapshot in {}", dir.display());
    let (name, dir) = (&*entry.name, &*dir.to_string_lossy());
    let hint = Hint::run(
        "Let your sync service bring the vault first. To make a new one there:",
        "vault create",
        &[name, "--path", dir],
    );
    Err(ApiError::new(Code::Io, text).with_hint(hint))
}
