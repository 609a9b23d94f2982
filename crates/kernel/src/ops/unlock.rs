//! What opens a vault: a passphrase, or an age identity file.

use std::path::Path;

use gpgsmith_vault::{IdentityError, Key, Store, registry::Entry};
use secrecy::SecretString;

use super::{Env, error::Fail as _};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
        vault::Unlock,
    },
    session::Vault,
};

/// What opens the vault of `entry`, from what the user gave.
///
/// # Errors
/// A passphrase or identity file is missing, wrong or cannot be used.
pub async fn unlock(env: &Env<'_>, entry: &Entry, given: &Unlock) -> Result<Vault, ApiError> {
    let store = Store::new(entry.dir());
    let passphrase = given.passphrase.as_ref().map(|passphrase| passphrase.secret().clone());
    if let Some(path) = entry.identity_file() {
        let key = identity(env, &path, passphrase).await?;
        return Ok(Vault { store, key, passphrase: None });
    }
    let Some(passphrase) = passphrase else {
        let text = format!("the vault {} needs its passphrase", entry.name);
        let hint = Hint::advice("Give it with --passphrase-file or --passphrase-fd, or type it.");
        return Err(ApiError::new(Code::NeedsPassphrase, text).with_hint(hint));
    };
    let key = Key::passphrase(passphrase.clone()).bad_request()?;
    Ok(Vault { store, key, passphrase: Some(passphrase) })
}

/// Reads an identity file; asks for its passphrase if it has one.
async fn identity(
    env: &Env<'_>,
    path: &Path,
    given: Option<SecretString>,
) -> Result<Key, ApiError> {
    match Key::identity_file(path, given.as_ref()) {
        Err(IdentityError::PassphraseNeeded { .. }) => {}
        Err(error @ IdentityError::WrongPassphrase { .. }) => {
            return Err(ApiError::chain(Code::WrongPassphrase, &error));
        }
        read => return read.fail(Code::Io),
    }
    let of = format!("the identity file {}", path.display());
    let about = About::Passphrase { of, again: false };
    match env.asker.ask(about, "--passphrase-file").await? {
        Answer::Secret(answer) => {
            Key::identity_file(path, Some(answer.secret())).fail(Code::WrongPassphrase)
        }
        _ => Err(ApiError::new(Code::Declined, "no passphrase was given")),
    }
}
