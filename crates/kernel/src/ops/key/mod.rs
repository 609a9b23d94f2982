//! Making, listing and exporting keys.

mod certify;
mod create;
mod export;
mod generate;
mod lint;
mod pick;
mod renew;
mod revocation;
mod revoke;
mod revoke_master;
mod ssh;

use gpgsmith_gpg::{Certificate, Fingerprint, Validity};

use super::{Env, listing, vault::snapshot};
use crate::{
    api::{
        ApiError, Code, Hint,
        key::{CreatedKeys, Key, Keys},
        vault::Sealed,
    },
    session::{Home, ReadOnly, Session, SessionError},
};

pub use self::{
    certify::certify,
    create::{create, plan},
    export::{export, export_secret_subkeys},
    generate::generate,
    lint::lint,
    renew::renew,
    revocation::revocation_cert,
    revoke::revoke,
    revoke_master::revoke_master,
    ssh::ssh_public_key,
};

/// The keys in an open vault.
///
/// # Errors
/// The session has ended, or gpg failed.
pub async fn list(session: &Session) -> Result<Keys, ApiError> {
    let certificates = session.certificates().await?;
    Ok(Keys {
        vault: session.vault_name().to_owned(),
        master_fp: session.configured_master_fp().map(|master| master.to_string()),
        certificates: certificates.iter().map(listing::certificate).collect(),
    })
}

/// Seals the checkpoint that ends every work that makes keys.
async fn finish(
    env: &Env<'_>,
    session: &Session,
    message: &str,
    (master, subkeys): (Fingerprint, Vec<Key>),
) -> Result<CreatedKeys, ApiError> {
    let (checkpoint, notes) = checkpoint(env, session, message).await?;
    Ok(CreatedKeys { master_fp: master.to_string(), subkeys, checkpoint, notes })
}

/// Seals a checkpoint, if no other machine has sealed meanwhile; and what the user should know.
async fn checkpoint(
    env: &Env<'_>,
    session: &Session,
    message: &str,
) -> Result<(Option<Sealed>, Vec<String>), ApiError> {
    let mut notes = Vec::new();
    let sealed = env.checkpoint(session, message, &mut notes).await?;
    let checkpoint = sealed.map(|sealed| Sealed {
        vault: session.vault_name().to_owned(),
        snapshot: snapshot(&sealed.snapshot),
        notes: Vec::new(),
    });
    Ok((checkpoint, notes))
}

/// The master key of the session's vault.
///
/// # Errors
/// `bad_request` with the command that makes one; or nothing says which key it is.
pub(super) fn master(session: &Session) -> Result<Fingerprint, ApiError> {
    session.configured_master_fp().ok_or_else(|| {
        let vault = session.vault_name().to_owned();
        let text = format!("the vault {vault} has no master key yet");
        let error = ApiError::new(Code::BadRequest, text);
        match session.read_only().cloned() {
            None => error.with_hint(Hint::run("Make one.", "keys create", &[])),
            Some(why @ ReadOnly::Unnamed(_)) => SessionError::ReadOnly { vault, why }.into(),
            Some(_) => error,
        }
    })
}

/// The certificate of the master key.
///
/// # Errors
/// As [`master`], and where gpg no longer lists it.
pub(super) async fn own(session: &Session) -> Result<Certificate, ApiError> {
    let master = master(session)?;
    let certificates = session.certificates().await?;
    let own = certificates.iter().find(|c| c.fingerprint() == master).cloned();
    own.ok_or_else(|| {
        let vault = session.vault_name();
        let text = format!("the vault {vault} no longer has its master key {master}");
        ApiError::new(Code::Damaged, text)
    })
}

/// The certificate of a master key that has not been revoked.
///
/// # Errors
/// As [`own`], and where it is revoked: nothing that is done to it would count any more.
pub(super) async fn live(session: &Session) -> Result<Certificate, ApiError> {
    let own = own(session).await?;
    if own.primary.validity != Validity::Revoked {
        return Ok(own);
    }
    let text = format!("the master key {} is revoked, which is for good", own.fingerprint());
    Err(ApiError::new(Code::BadRequest, text).with_hint(new_vault()))
}

/// What is left to do where the master key is revoked.
fn new_vault() -> Hint {
    let advice = "Make a new key, in a vault of its own.";
    Hint::run(advice, "setup", &["--vault-name", "new"])
}

/// The passphrase of the keys, which the workflow has asked for before the step.
pub(super) fn secret<'a>(home: &'a Home<'_>) -> Result<&'a secrecy::SecretString, ApiError> {
    home.secret().ok_or_else(|| {
        ApiError::new(Code::NeedsPassphrase, "the passphrase of the keys is not known")
    })
}
