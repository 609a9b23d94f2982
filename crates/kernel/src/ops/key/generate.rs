use std::collections::BTreeMap;

use gpgsmith_gpg::{Algorithm, Certificate, Expiry, Fingerprint, SubkeySpec, Usage};

use super::{finish, live, secret};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{CreatedKeys, GenerateKeys, Key, Purpose},
    },
    home::settings::{SUBKEY_EXPIRY, Settings},
    ops::{Env, error::Fail as _, listing},
    session::{Change, Home, Session, SessionError},
};

/// The usages that get a subkey each, in this order.
pub(super) const SUBKEYS: [Usage; 3] = [Usage::Sign, Usage::Encrypt, Usage::Authenticate];

/// What new subkeys are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubkeyPlan {
    pub(super) algorithm: Algorithm,
    pub(super) expiry: Expiry,
}

/// Adds a subkey for each usage that is asked for, as the call and else the vault's settings say,
/// and seals a checkpoint.
///
/// # Errors
/// There is no master key, the user said no, the settings are none, or gpg failed.
pub async fn generate(
    env: &Env<'_>,
    session: &Session,
    call: &GenerateKeys,
) -> Result<CreatedKeys, ApiError> {
    session.check_heads().await?;
    let own = live(session).await?;
    let usages = usages(&call.usage);
    let plan = plan(&session.settings().await?, &own, call)?;
    check_pairs(&usages, plan)?;
    check_offer(session, &[plan.algorithm]).await?;
    let twice = own.subkeys.iter().rfind(|key| key.serves(Usage::Encrypt));
    if let Some(there) = twice.filter(|_| usages.contains(&Usage::Encrypt)) {
        let there = listing::key(there, false);
        env.confirm(About::SecondEncryption { there }, "--yes").await?;
    }
    env.unlock_keys(session).await?;
    let master = own.fingerprint();
    let letters = usages.iter().map(|usage| usage.letter().to_uppercase().to_string());
    let letters = letters.collect::<Vec<_>>().join("/");
    let subkeys = session
        .step(async |home: &Home<'_>| {
            let subkeys = add_subkeys(env, home, &master, (&usages, plan)).await?;
            Ok::<_, ApiError>(Change {
                value: subkeys,
                action: "generate-subkeys",
                details: format!("{letters} {} expires {}", plan.algorithm, plan.expiry),
                metadata: BTreeMap::new(),
            })
        })
        .await?;
    finish(env, session, "new subkeys", (master, subkeys)).await
}

/// Each once, in the usual order; none means all.
fn usages(asked: &[Purpose]) -> Vec<Usage> {
    let purpose = |usage: Usage| match usage {
        Usage::Encrypt => Purpose::Encrypt,
        Usage::Authenticate => Purpose::Auth,
        Usage::Sign | Usage::Certify => Purpose::Sign,
    };
    let wanted = |usage: &Usage| asked.is_empty() || asked.contains(&purpose(*usage));
    SUBKEYS.into_iter().filter(wanted).collect()
}

/// What the call says, then `gpgsmith.yaml`; where neither says anything, the master's algorithm
/// for two years.
fn plan(
    settings: &Settings,
    own: &Certificate,
    call: &GenerateKeys,
) -> Result<SubkeyPlan, ApiError> {
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let algorithm = match (&call.algo, set(&settings.subkey_algo)) {
        (Some(asked), _) => asked.parse().bad_request()?,
        (None, Some(set)) => set.parse().fail(Code::BadFile)?,
        (None, None) => own.primary.algorithm,
    };
    let expiry = match (&call.expiry, set(&settings.subkey_expiry)) {
        (Some(asked), _) => asked.parse().bad_request()?,
        (None, set) => set.as_deref().unwrap_or(SUBKEY_EXPIRY).parse().fail(Code::BadFile)?,
    };
    Ok(SubkeyPlan { algorithm, expiry })
}

/// One subkey for each usage; each is read back by gpg's client before the next begins.
pub(super) async fn add_subkeys(
    env: &Env<'_>,
    home: &Home<'_>,
    master: &Fingerprint,
    (usages, plan): (&[Usage], SubkeyPlan),
) -> Result<Vec<Key>, ApiError> {
    let secret = secret(home)?;
    let mut made = Vec::new();
    for &usage in usages {
        env.progress.check()?;
        env.progress.report(&format!("making the subkey for {}", purpose(usage)));
        let spec = SubkeySpec { usage, algorithm: plan.algorithm, expiry: plan.expiry };
        let key = home.gpg().add_subkey(master, &spec, secret).await.map_err(SessionError::from)?;
        made.push(listing::key(&key, false));
    }
    Ok(made)
}

fn purpose(usage: Usage) -> &'static str {
    match usage {
        Usage::Certify => "certification",
        Usage::Sign => "signing",
        Usage::Encrypt => "encryption",
        Usage::Authenticate => "authentication",
    }
}

/// Refuses what gpg would refuse half-way (W-53).
pub(super) fn check_pairs(usages: &[Usage], plan: SubkeyPlan) -> Result<(), ApiError> {
    usages.iter().try_for_each(|usage| plan.algorithm.for_usage(*usage).bad_request().map(drop))
}

/// Refuses what the gpg in use does not make, and names what it makes.
pub(super) async fn check_offer(
    session: &Session,
    algorithms: &[Algorithm],
) -> Result<(), ApiError> {
    let offer = session.with_gpg(async |gpg| gpg.algorithms().await).await?;
    let signing = algorithms.iter().filter_map(|wanted| wanted.for_usage(Usage::Sign).ok());
    let made = |wanted: &Algorithm| match wanted {
        Algorithm::Rsa(_) => offer.iter().any(|algorithm| matches!(algorithm, Algorithm::Rsa(_))),
        other => offer.contains(other),
    };
    let Some(missing) = signing.into_iter().find(|wanted| !made(wanted)) else { return Ok(()) };
    let names: Vec<_> = offer.iter().map(Algorithm::to_string).collect();
    let text = format!("{missing} is nothing to make new keys of here");
    let hint = Hint::advice(format!("Take one of these: {}.", names.join(", ")));
    Err(ApiError::new(Code::BadRequest, text).with_hint(hint))
}
