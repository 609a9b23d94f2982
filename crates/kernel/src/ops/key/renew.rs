use gpgsmith_gpg::{Certificate, Expiry, Fingerprint, Key, Renewal, Validity};
use jiff::Timestamp;

use super::{live, pick, secret};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{NewEnd, RenewKeys, RenewedKeys},
    },
    home::settings::SUBKEY_EXPIRY,
    ops::{Env, error::Fail as _, listing, metadata},
    session::{Change, Home, Session, SessionError},
};

/// Gives keys a new end, each read back.
///
/// # Errors
/// A key or a date is none, the user said no, or gpg failed; the vault is then as it was.
pub async fn renew(
    env: &Env<'_>,
    session: &Session,
    call: &RenewKeys,
) -> Result<RenewedKeys, ApiError> {
    let own = live(session).await?;
    let expiry = expiry(session, call).await?;
    let until = end(expiry, env.clock.now())?;
    let keys = chosen(&own, &call.keys)?;
    let planned: Vec<NewEnd> =
        keys.iter().map(|key| NewEnd { key: listing::key_of(&own, key), until }).collect();
    env.confirm(About::RenewKeys { keys: planned.clone() }, "--yes").await?;
    env.unlock_keys(session).await?;
    env.progress.check()?;
    env.progress.report("signing new ends");
    let renewal = Renewal { keys: keys.iter().map(|key| key.fingerprint).collect(), expiry };
    let done = session
        .step(async |home: &Home<'_>| set_ends(home, &own.fingerprint(), &renewal).await)
        .await?;
    let keys = planned.into_iter().zip(&done);
    Ok(RenewedKeys {
        master_fp: own.fingerprint().to_string(),
        keys: keys.map(|(NewEnd { key, .. }, done)| NewEnd { key, until: done.expires }).collect(),
        notes: outlived(&own, &done).into_iter().collect(),
    })
}

async fn expiry(session: &Session, call: &RenewKeys) -> Result<Expiry, ApiError> {
    if let Some(text) = &call.expiry {
        return text.parse().bad_request();
    }
    let span = session.settings().await?.subkey_expiry;
    let span = if span.is_empty() { SUBKEY_EXPIRY } else { &span };
    span.parse().fail(Code::BadFile)
}

/// OpenPGP counts seconds in 32 bits.
const LAST_DAY: &str = "2106-02-07T00:00:00Z";

/// When that is, which must be to come and before the end of time.
fn end(expiry: Expiry, now: Timestamp) -> Result<Option<Timestamp>, ApiError> {
    let until = expiry.counted_from(now);
    let last: Timestamp = LAST_DAY.parse().fail(Code::Internal)?;
    let wrong = match until {
        Some(time) if time <= now => "is over already",
        Some(time) if time > last => "is later than OpenPGP can tell",
        _ => return Ok(until),
    };
    Err(ApiError::new(Code::BadRequest, format!("{} {wrong}", told(until))))
}

/// The keys that are named; else all subkeys that are not revoked, and the master key if it ends.
fn chosen<'a>(own: &'a Certificate, names: &[String]) -> Result<Vec<&'a Key>, ApiError> {
    let mut keys = pick::all(own, names)?;
    if let Some(key) = keys.iter().find(|key| key.validity == Validity::Revoked) {
        let text = format!("key {} is revoked, which is for good", key.key_id);
        return Err(ApiError::new(Code::BadRequest, text));
    }
    if names.is_empty() {
        let ends = own.primary.expires.is_some();
        keys = own.keys().filter(|key| key.validity != Validity::Revoked).collect();
        keys.retain(|key| ends || key.fingerprint != own.fingerprint());
    }
    if keys.is_empty() {
        let text = "the master key does not end, and has no subkey that is not revoked";
        let hint = Hint::run("Make new subkeys.", "keys generate", &[]);
        return Err(ApiError::new(Code::BadRequest, text).with_hint(hint));
    }
    Ok(keys)
}

async fn set_ends(
    home: &Home<'_>,
    master: &Fingerprint,
    renewal: &Renewal,
) -> Result<Change<Vec<Key>>, ApiError> {
    let done = home.gpg().set_expiry(master, renewal, secret(home)?).await;
    let done = done.map_err(SessionError::from)?;
    let ids: Vec<_> = done.iter().map(|key| key.key_id.to_string()).collect();
    let ids = ids.join(" ");
    let until = done.first().and_then(|key| key.expires);
    let until = told(until);
    Ok(Change {
        value: done,
        action: "renew-keys",
        details: format!("renewed {ids}, expires {until}"),
        metadata: metadata([("key_id", ids), ("expires", until)]),
    })
}

/// To the second, as the audit log has it.
fn told(end: Option<Timestamp>) -> String {
    end.map_or_else(|| "never".to_owned(), |time| time.strftime("%FT%TZ").to_string())
}

/// Subkeys are of no use once their master key has ended.
fn outlived(own: &Certificate, done: &[Key]) -> Option<String> {
    let master = done.iter().find(|key| key.fingerprint == own.fingerprint());
    let end = master.unwrap_or(&own.primary).expires?;
    let later = |key: &&Key| key.expires.is_none_or(|time| time > end);
    let subkeys = done.iter().filter(|key| key.fingerprint != own.fingerprint());
    let longer = subkeys.filter(later).count();
    let end = end.strftime("%F");
    (longer > 0).then(|| format!("the master key expires on {end}, and its subkeys with it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_to_come_and_can_be_told() {
        let now: Timestamp = "2026-06-15T12:00:00Z".parse().unwrap();
        let end = |text: &str| end(text.parse().unwrap(), now).map_err(|error| error.to_string());
        assert_eq!(end("never"), Ok(None));
        assert_eq!(end("1d"), Ok(Some("2026-06-16T12:00:00Z".parse().unwrap())));
        assert_eq!(end("2026-06-15"), Err("2026-06-15T12:00:00Z is over already".to_owned()));
        let late = end("80y").unwrap_err();
        assert_eq!(late, "2106-05-27T12:00:00Z is later than OpenPGP can tell");
    }
}
