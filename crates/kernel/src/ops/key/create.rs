use gpgsmith_gpg::{Algorithm, Expiry, Fingerprint, MasterSpec, Secret, Usage, UserId, Validity};

use super::{
    finish,
    generate::{SUBKEYS, SubkeyPlan, add_subkeys, check_offer, check_pairs},
    new_vault, secret,
};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{CreateKeys, CreatedKeys, Key, KeysPlan, PlannedKey},
    },
    home::settings::{SUBKEY_EXPIRY, Settings},
    ops::{Env, error::Fail as _, metadata},
    session::{Change, Home, Session, SessionError},
};

/// Makes the master key and a subkey each for signing, encryption and authentication, and seals
/// a checkpoint.
///
/// # Errors
/// A name, algorithm or date is none; there is a master key already; gpg failed. The vault is
/// then as it was.
pub async fn create(
    env: &Env<'_>,
    session: &Session,
    call: &CreateKeys,
) -> Result<CreatedKeys, ApiError> {
    let (master, plan) = understand(call)?;
    session.check_heads().await?;
    check_offer(session, &[master.algorithm, plan.algorithm]).await?;
    refuse_second_master(env, session, call.force).await?;
    env.unlock_keys(session).await?;
    let (fingerprint, subkeys) =
        session.step(async |home: &Home<'_>| make_keys(env, home, &master, plan).await).await?;
    finish(env, session, "new keys", (fingerprint, subkeys)).await
}

/// The keys that `call` asks for.
fn understand(call: &CreateKeys) -> Result<(MasterSpec, SubkeyPlan), ApiError> {
    let user_id = UserId::new(&call.name, &call.email).bad_request()?;
    let algorithm = call.algo.as_deref().map_or(Ok(Algorithm::Ed25519), str::parse);
    let algorithm = algorithm.bad_request()?;
    let expiry = call.expiry.as_deref().unwrap_or("0").parse().bad_request()?;
    let plan = SubkeyPlan {
        algorithm: call.subkey_algo.as_deref().map_or(Ok(algorithm), str::parse).bad_request()?,
        expiry: call.subkey_expiry.as_deref().unwrap_or(SUBKEY_EXPIRY).parse().bad_request()?,
    };
    algorithm.for_usage(Usage::Certify).bad_request()?;
    check_pairs(&SUBKEYS, plan)?;
    Ok((MasterSpec { user_id, algorithm, expiry }, plan))
}

/// What [`create`] would make.
///
/// # Errors
/// A name, algorithm or date is none.
pub fn plan(call: &CreateKeys) -> Result<KeysPlan, ApiError> {
    let (master, plan) = understand(call)?;
    let planned = |algorithm: Algorithm, usage: Usage, expiry: Expiry| {
        let algorithm = algorithm.for_usage(usage).bad_request()?.to_string();
        let letter = usage.letter();
        Ok::<_, ApiError>(PlannedKey {
            usage: letter.to_string(),
            algorithm,
            expiry: expiry.to_string(),
        })
    };
    let certify = planned(master.algorithm, Usage::Certify, master.expiry)?;
    let subkeys = SUBKEYS.iter().map(|usage| planned(plan.algorithm, *usage, plan.expiry));
    Ok(KeysPlan {
        identity: master.user_id.to_string(),
        master: PlannedKey { usage: certify.usage.to_uppercase(), ..certify },
        subkeys: subkeys.collect::<Result<_, _>>()?,
    })
}

async fn refuse_second_master(
    env: &Env<'_>,
    session: &Session,
    force: bool,
) -> Result<(), ApiError> {
    let certificates = session.certificates().await?;
    let Some(there) = certificates.iter().find(|c| c.primary.secret != Secret::Absent) else {
        return Ok(());
    };
    let (vault, fingerprint) = (session.vault_name().to_owned(), there.fingerprint().to_string());
    if force {
        return env.confirm(About::SecondMaster { vault, fingerprint }, "--yes").await;
    }
    let text = format!("the vault {vault} has the master key {fingerprint} already");
    let hint = match there.primary.validity {
        Validity::Revoked => new_vault(),
        _ => Hint::run(
            "Add subkeys to it (or give --force for a second master key).",
            "keys generate",
            &[],
        ),
    };
    Err(ApiError::new(Code::Refused, text).with_hint(hint))
}

async fn make_keys(
    env: &Env<'_>,
    home: &Home<'_>,
    master: &MasterSpec,
    plan: SubkeyPlan,
) -> Result<Change<(Fingerprint, Vec<Key>)>, ApiError> {
    env.progress.check()?;
    env.progress.report("making the master key");
    let secret = secret(home)?;
    let fingerprint =
        home.gpg().generate_master(master, secret).await.map_err(SessionError::from)?;
    let settings = Settings {
        master_fp: fingerprint.to_string(),
        subkey_algo: plan.algorithm.to_string(),
        subkey_expiry: plan.expiry.to_string(),
    };
    settings.save(home.dir()).map_err(SessionError::from)?;
    let subkeys = add_subkeys(env, home, &fingerprint, (&SUBKEYS, plan)).await?;
    let pairs = [("master_fp", fingerprint.to_string()), ("uid", master.user_id.to_string())];
    Ok(Change {
        value: (fingerprint, subkeys),
        action: "create-key",
        details: format!(
            "master {fingerprint} + S/E/A {} expires {}",
            settings.subkey_algo, settings.subkey_expiry
        ),
        metadata: metadata(pairs),
    })
}
