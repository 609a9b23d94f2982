//! What opens a vault, changed: its passphrase, and whom it is sealed to.

use gpgsmith_gpg::Error as GpgError;
use gpgsmith_vault::{Key, KeyKind, Recipient};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Env, error::Fail as _, secret::secret, vault};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        lock::{ChangedPassphrase, Recipients},
    },
    home::{journal, settings::VaultSettings},
    secret::Passphrase,
    session::{Change, Home, NewLock, SealedStep, Secrets, Session, SessionError},
};

/// Puts every secret key under a new passphrase and, unless it has an identity file, seals the
/// vault with it: one act, a snapshot.
///
/// # Errors
/// The new passphrase is the old one or cannot be one, the keys do not open, or the snapshot cannot
/// be sealed: all is then under the old one.
pub async fn passwd(
    env: &Env<'_>,
    session: &Session,
    new: Option<&Passphrase>,
) -> Result<ChangedPassphrase, ApiError> {
    session.check_heads().await?;
    let vault = session.vault();
    let vault_too = vault.key.kind() == KeyKind::Passphrase;
    if !vault_too && session.certificates().await?.is_empty() {
        return Err(no_passphrase(session));
    }
    env.unlock_keys(session).await?;
    let old = session.key_passphrase().or(vault.passphrase.clone());
    let old = old.ok_or_else(|| no_passphrase(session))?;
    let new = choose(env, session, new).await?;
    let key = Key::passphrase(new.clone()).bad_request()?;
    let same = |known: &SecretString| known.expose_secret() == new.expose_secret();
    if same(&old) && vault.passphrase.as_ref().is_none_or(same) {
        let text = format!("that is the passphrase of the vault {} already", session.vault_name());
        return Err(ApiError::new(Code::BadRequest, text));
    }
    let older = vault.store.list().fail(Code::Io)?.snapshots;
    let older = older.iter().map(|snapshot| snapshot.name.file_name()).collect();
    env.progress.check()?;
    env.progress.report("changing the passphrase");
    let lock =
        vault_too.then(|| NewLock { key, passphrase: Some(new.clone()), secrets: Secrets::Kept });
    let how = SealedStep { message: "new-passphrase", lock };
    let work = async |home: &Home<'_>| reencrypt(home, (&old, &new)).await;
    let (secret_keys, sealed) = session.sealed_step(how, work).await?;
    session.set_key_passphrase(new);
    env.note_anchor(session.vault_name(), sealed.first_anchor);
    Ok(ChangedPassphrase {
        vault: session.vault_name().to_owned(),
        snapshot: vault::snapshot(&sealed.snapshot),
        vault_too,
        secret_keys,
        older,
        notes: sealed.left.into_iter().collect(),
    })
}

fn no_passphrase(session: &Session) -> ApiError {
    let text = format!(
        "the vault {} opens with an identity file and holds no keys: there is no passphrase to change",
        session.vault_name()
    );
    ApiError::new(Code::BadRequest, text)
}

async fn choose(
    env: &Env<'_>,
    session: &Session,
    given: Option<&Passphrase>,
) -> Result<SecretString, ApiError> {
    if let Some(given) = given {
        return Ok(given.secret().clone());
    }
    let of = format!("the vault {} and its keys", session.vault_name());
    secret(env.asker.ask(About::NewPassphrase { of }, "--new-passphrase-file").await?)
}

async fn reencrypt(
    home: &Home<'_>,
    passphrases: (&SecretString, &SecretString),
) -> Result<Change<u64>, ApiError> {
    let changed = home.gpg().change_all_passphrases(passphrases).await;
    let changed = changed.map_err(|error| match error {
        GpgError::WrongPassphrase { .. } => ApiError::chain(Code::WrongPassphrase, &error).with_hint(
            Hint::advice("Nothing has changed. One of the keys has a passphrase of its own: change that first."),
        ),
        other => SessionError::from(other).into(),
    })?;
    let secret_keys = changed.len() as u64;
    Ok(Change {
        value: secret_keys,
        action: journal::CHANGE_PASSPHRASE,
        details: format!("new passphrase for {secret_keys} secret keys"),
        metadata: [("secret_keys".to_owned(), secret_keys.to_string())].into(),
    })
}

/// Whom the vault is sealed to.
///
/// # Errors
/// It has a passphrase.
pub fn recipients(session: &Session) -> Result<Recipients, ApiError> {
    let vault = session.vault();
    if vault.key.kind() == KeyKind::Passphrase {
        let text = format!(
            "the vault {} opens with a passphrase; only one with an identity file has recipients",
            session.vault_name()
        );
        return Err(ApiError::new(Code::BadRequest, text));
    }
    Ok(Recipients {
        vault: session.vault_name().to_owned(),
        recipients: vault.key.recipients().iter().map(ToString::to_string).collect(),
        snapshot: None,
        notes: Vec::new(),
    })
}

/// Seals to one more recipient from now on.
///
/// # Errors
/// It is none, or is one already; or the snapshot cannot be sealed.
pub async fn add_recipient(
    env: &Env<'_>,
    session: &Session,
    text: &str,
) -> Result<Recipients, ApiError> {
    recipients(session)?;
    let new: Recipient = text.trim().parse().bad_request()?;
    let mut all = session.vault().key.recipients();
    if all.contains(&new) {
        let text = format!("the vault {} is sealed to {new} already", session.vault_name());
        return Err(ApiError::new(Code::Exists, text));
    }
    all.push(new.clone());
    let what = (journal::ADD_RECIPIENT, format!("sealed to {new} too"));
    seal_to(env, session, (all, Secrets::Kept), what).await
}

/// Seals to one recipient less from now on, after asking. What was sealed before, that recipient
/// can still open.
///
/// # Errors
/// It is none of them, or this machine's own; the user said no; the snapshot cannot be sealed.
pub async fn remove_recipient(
    env: &Env<'_>,
    session: &Session,
    text: &str,
) -> Result<Recipients, ApiError> {
    recipients(session)?;
    let old: Recipient = text.trim().parse().bad_request()?;
    let mut all = session.vault().key.recipients();
    match all.iter().position(|recipient| *recipient == old) {
        None => {
            let text = format!("the vault {} is not sealed to {old}", session.vault_name());
            let hint = Hint::run("See to whom it is.", "vault recipients list", &[]);
            return Err(ApiError::new(Code::BadRequest, text).with_hint(hint));
        }
        Some(0) => {
            let text = format!("{old} is this machine's own: it could not open the vault any more");
            let hint = Hint::advice("Remove it from a machine with another identity file.");
            return Err(ApiError::new(Code::Refused, text).with_hint(hint));
        }
        Some(at) => drop(all.remove(at)),
    }
    let (vault, recipient) = (session.vault_name().to_owned(), old.to_string());
    env.confirm(About::RemoveRecipient { vault, recipient }, "--yes").await?;
    let what = (journal::REMOVE_RECIPIENT, format!("no longer sealed to {old}"));
    let mut now = seal_to(env, session, (all, Secrets::Renewed), what).await?;
    now.notes.push(format!(
        "{old} can still open every snapshot that was sealed before; what those hold, it may have read"
    ));
    Ok(now)
}

/// The list in the vault and the key that seals change together, in one snapshot.
async fn seal_to(
    env: &Env<'_>,
    session: &Session,
    (all, secrets): (Vec<Recipient>, Secrets),
    (action, details): (&'static str, String),
) -> Result<Recipients, ApiError> {
    env.progress.check()?;
    env.progress.report("sealing the vault");
    let key = session.vault().key.sealing_to(&all);
    let lock = Some(NewLock { key, passphrase: None, secrets });
    let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    let work = async |home: &Home<'_>| {
        VaultSettings::save_recipients(home.dir(), &texts).map_err(SessionError::from)?;
        Ok::<_, ApiError>(Change {
            value: (),
            action,
            details,
            metadata: [("recipients".to_owned(), texts.join(" "))].into(),
        })
    };
    let ((), sealed) = session.sealed_step(SealedStep { message: action, lock }, work).await?;
    env.note_anchor(session.vault_name(), sealed.first_anchor);
    let mut now = recipients(session)?;
    now.notes.extend(sealed.left);
    Ok(Recipients { snapshot: Some(vault::snapshot(&sealed.snapshot)), ..now })
}
