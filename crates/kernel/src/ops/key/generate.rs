use std::collections::BTreeMap;

use gpgsmith_gpg::{Algorithm, Certificate, Expiry, Fingerprint, SubkeySpec, Usage};

use super::{finish, master, secret};
use crate::{
    api::{
        ApiError, Code,
        key::{CreatedKeys, Key},
    },
    home::settings::Settings,
    ops::{Env, error::Fail as _, listing},
    session::{Change, Home, Session, SessionError},
};

/// The usages that get a subkey each, in this order.
pub(super) const SUBKEYS: [Usage; 3] = [Usage::Sign, Usage::Encrypt, Usage::Authenticate];

/// How long subkeys live unless the user says otherwise.
pub(super) const SUBKEY_EXPIRY: &str = "2y";

/// What new subkeys are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubkeyPlan {
    pub(super) algorithm: Algorithm,
    pub(super) expiry: Expiry,
}

/// Adds a subkey for each usage, as the vault's settings say, and seals a checkpoint.
///
/// # Errors
/// There is no master key, its settings are none, or gpg failed.
pub async fn generate(env: &Env<'_>, session: &Session) -> Result<CreatedKeys, ApiError> {
    session.check_heads().await?;
    let master = master(session)?;
    let settings = session.settings().await?;
    let certificates = session.certificates().await?;
    let plan = plan(&settings, certificates.iter().find(|c| c.fingerprint() == master))?;
    env.unlock_keys(session).await?;
    let subkeys = session
        .step(async |home: &Home<'_>| {
            let subkeys = add_subkeys(env, home, &master, plan).await?;
            Ok::<_, ApiError>(Change {
                value: subkeys,
                action: "generate-subkeys",
                details: format!("S/E/A {} expires {}", plan.algorithm, plan.expiry),
                metadata: BTreeMap::new(),
            })
        })
        .await?;
    finish(env, session, "new subkeys", (master, subkeys)).await
}

/// What `gpgsmith.yaml` says; where it says nothing, the master's algorithm for two years.
fn plan(settings: &Settings, master: Option<&Certificate>) -> Result<SubkeyPlan, ApiError> {
    let text = |value: &str, default: &str| {
        if value.is_empty() { default.to_owned() } else { value.to_owned() }
    };
    let fallback = master.map_or(Algorithm::Ed25519, |c| c.primary.algorithm);
    let algorithm = if settings.subkey_algo.is_empty() {
        fallback
    } else {
        settings.subkey_algo.parse().fail(Code::BadFile)?
    };
    let expiry = text(&settings.subkey_expiry, SUBKEY_EXPIRY).parse().fail(Code::BadFile)?;
    let plan = SubkeyPlan { algorithm, expiry };
    check_pairs(plan.algorithm, plan)?;
    Ok(plan)
}

/// One subkey for each usage; each is read back by gpg's client before the next begins.
pub(super) async fn add_subkeys(
    env: &Env<'_>,
    home: &Home<'_>,
    master: &Fingerprint,
    plan: SubkeyPlan,
) -> Result<Vec<Key>, ApiError> {
    let secret = secret(home)?;
    let mut made = Vec::new();
    for usage in SUBKEYS {
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
pub(super) fn check_pairs(master: Algorithm, plan: SubkeyPlan) -> Result<(), ApiError> {
    master.for_usage(Usage::Certify).bad_request()?;
    for usage in SUBKEYS {
        plan.algorithm.for_usage(usage).bad_request()?;
    }
    Ok(())
}
