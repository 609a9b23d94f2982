use gpgsmith_gpg::{Certificate, Fingerprint, Revocation};

use super::{checkpoint, live, pick, revoke::reason, secret};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
        key::{RevokeMaster, RevokedMaster},
    },
    ops::{Env, declined, listing, metadata},
    session::{Change, Home, Session, SessionError},
};

/// Revokes the master key, and with it everything on it, once its ID was typed; exports it, so that
/// it can be published, and seals a checkpoint. A yes is not enough: nothing brings it back, and
/// nobody types sixteen digits by accident.
///
/// # Errors
/// There is no master key or it is revoked, the ID is another's, or gpg failed; the vault is then
/// as it was.
pub async fn revoke_master(
    env: &Env<'_>,
    session: &Session,
    call: &RevokeMaster,
) -> Result<RevokedMaster, ApiError> {
    session.check_heads().await?;
    let own = live(session).await?;
    confirm(env, &own, call).await?;
    env.unlock_keys(session).await?;
    env.progress.check()?;
    env.progress.report("revoking the master key");
    let master = own.fingerprint();
    let why = Revocation { reason: reason(call.reason), message: call.message.clone() };
    let armored = session.step(async |home: &Home<'_>| revoke(home, &master, &why).await).await?;
    let (checkpoint, notes) = checkpoint(env, session, "master key revoked").await?;
    Ok(RevokedMaster { master_fp: master.to_string(), armored, checkpoint, notes })
}

async fn confirm(env: &Env<'_>, own: &Certificate, call: &RevokeMaster) -> Result<(), ApiError> {
    let typed = match &call.confirm {
        Some(given) => given.clone(),
        None => ask(env, own, call).await?,
    };
    if pick::names(&typed, &own.primary) {
        return Ok(());
    }
    let text = format!("{:?} is not the key id of this vault's master key", typed.trim());
    let hint = Hint::run("Nothing has changed. See which keys there are.", "keys list", &[]);
    Err(ApiError::new(Code::Refused, text).with_hint(hint))
}

async fn ask(env: &Env<'_>, own: &Certificate, call: &RevokeMaster) -> Result<String, ApiError> {
    let about = About::RevokeMaster {
        key: Box::new(listing::certificate(own)),
        reason: call.reason,
        message: call.message.clone(),
    };
    let flag = format!("--confirm={}", own.primary.key_id);
    match env.asker.ask(about, &flag).await? {
        Answer::Text(typed) => Ok(typed),
        _ => Err(declined()),
    }
}

async fn revoke(
    home: &Home<'_>,
    master: &Fingerprint,
    why: &Revocation,
) -> Result<Change<String>, ApiError> {
    let done = home.gpg().revoke_master(master, why, secret(home)?).await;
    done.map_err(SessionError::from)?;
    let armored = home.gpg().export_public(master).await.map_err(SessionError::from)?;
    let pairs = [("master_fp", master.to_string()), ("reason", why.to_string())];
    Ok(Change {
        value: String::from_utf8_lossy(&armored).into_owned(),
        action: "revoke-master",
        details: format!("revoked the master key {master}"),
        metadata: metadata(pairs),
    })
}
