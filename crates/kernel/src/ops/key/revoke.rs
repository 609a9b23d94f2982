use gpgsmith_gpg::{Certificate, Fingerprint, Key, Revocation, Usage, Validity};

use super::{live, pick, secret};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{Reason, RevokeKeys, RevokedKeys},
    },
    ops::{Env, listing, metadata},
    session::{Change, Home, Session, SessionError},
};

/// Revokes subkeys for good, each read back with its reason.
///
/// # Errors
/// A key is none of the master key's subkeys or is revoked already, the user said no, or gpg
/// failed; the vault is then as it was.
pub async fn revoke(
    env: &Env<'_>,
    session: &Session,
    call: &RevokeKeys,
) -> Result<RevokedKeys, ApiError> {
    let own = live(session).await?;
    let subkeys = chosen(&own, &call.keys)?;
    let about = About::RevokeKeys {
        keys: subkeys.iter().map(|key| listing::key_of(&own, key)).collect(),
        reason: call.reason,
        message: call.message.clone(),
        last: last(&own, &subkeys),
    };
    env.confirm(about, "--yes").await?;
    env.unlock_keys(session).await?;
    let subkeys: Vec<_> = subkeys.iter().map(|key| key.fingerprint).collect();
    let why = Revocation { reason: reason(call.reason), message: call.message.clone() };
    session.step(async |home: &Home<'_>| revoke_each(env, home, &subkeys, &why).await).await?;
    let own = super::own(session).await?;
    let revoked = own.subkeys.iter().filter(|key| subkeys.contains(&key.fingerprint));
    Ok(RevokedKeys {
        master_fp: own.fingerprint().to_string(),
        keys: revoked.map(|key| listing::key(key, false)).collect(),
    })
}

fn chosen<'a>(own: &'a Certificate, names: &[String]) -> Result<Vec<&'a Key>, ApiError> {
    let keys = pick::all(own, names)?;
    let (wrong, hint) = match keys.iter().find(|key| !may_go(own, key)) {
        Some(key) if key.fingerprint == own.fingerprint() => {
            let text = format!("{} is the master key, and everything hangs on it", key.key_id);
            (
                text,
                Some(Hint::run(
                    "This ends it, and everything on it, for good.",
                    "keys master revoke",
                    &["--reason", "superseded"],
                )),
            )
        }
        Some(key) => (format!("subkey {} is revoked already", key.key_id), None),
        None if keys.is_empty() => ("no subkey is named".to_owned(), None),
        None => return Ok(keys),
    };
    Err(ApiError::new(Code::BadRequest, wrong).with_hint(hint))
}

fn may_go(own: &Certificate, key: &Key) -> bool {
    key.fingerprint != own.fingerprint() && key.validity != Validity::Revoked
}

/// The usages that only `leaving` serve now.
fn last(own: &Certificate, leaving: &[&Key]) -> String {
    let leaves = |key: &&Key| leaving.iter().any(|other| other.fingerprint == key.fingerprint);
    let served = |usage: &Usage| own.keys().any(|key| key.serves(*usage));
    let stays = |usage: &Usage| own.keys().any(|key| key.serves(*usage) && !leaves(&key));
    let last = Usage::ALL.into_iter().filter(|usage| served(usage) && !stays(usage));
    last.map(Usage::letter).collect()
}

pub(super) fn reason(reason: Reason) -> gpgsmith_gpg::Reason {
    match reason {
        Reason::Compromised => gpgsmith_gpg::Reason::Compromised,
        Reason::Superseded => gpgsmith_gpg::Reason::Superseded,
        Reason::Retired => gpgsmith_gpg::Reason::Retired,
        Reason::None => gpgsmith_gpg::Reason::Unspecified,
    }
}

async fn revoke_each(
    env: &Env<'_>,
    home: &Home<'_>,
    subkeys: &[Fingerprint],
    why: &Revocation,
) -> Result<Change<()>, ApiError> {
    for subkey in subkeys {
        env.progress.check()?;
        env.progress.report(&format!("revoking the subkey {}", subkey.key_id()));
        let done = home.gpg().revoke_subkey(subkey, why, secret(home)?).await;
        done.map_err(SessionError::from)?;
    }
    let ids: Vec<_> = subkeys.iter().map(|subkey| subkey.key_id().to_string()).collect();
    let noun = if ids.len() == 1 { "subkey" } else { "subkeys" };
    let ids = ids.join(" ");
    Ok(Change {
        value: (),
        action: "revoke-subkey",
        details: format!("revoked {noun} {ids}"),
        metadata: metadata([("key_id", ids), ("reason", why.to_string())]),
    })
}
