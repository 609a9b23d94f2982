//! Making, listing and exporting keys.

use std::collections::BTreeMap;

use gpgsmith_gpg::{
    Algorithm, Certificate, Expiry, Fingerprint, MasterSpec, Secret, SubkeySpec, Usage, UserId,
};

use super::{Env, error::Fail as _, listing, vault::snapshot};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{CreateKeys, CreatedKeys, ExportedKeys, Key, Keys},
        vault::Sealed,
    },
    home::settings::Settings,
    session::{Change, Home, Session, SessionError},
};

/// The usages that get a subkey each, in this order.
const SUBKEYS: [Usage; 3] = [Usage::Sign, Usage::Encrypt, Usage::Authenticate];

/// How long subkeys live unless the user says otherwise.
const SUBKEY_EXPIRY: &str = "2y";

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

/// What new subkeys are like.
#[derive(Clone, Copy, Debug)]
struct SubkeyPlan {
    algorithm: Algorithm,
    expiry: Expiry,
}

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
    let user_id = UserId::new(&call.name, &call.email).bad_request()?;
    let algorithm = call.algo.as_deref().map_or(Ok(Algorithm::Ed25519), str::parse);
    let algorithm = algorithm.bad_request()?;
    let expiry = call.expiry.as_deref().unwrap_or("0").parse().bad_request()?;
    let plan = SubkeyPlan {
        algorithm: call.subkey_algo.as_deref().map_or(Ok(algorithm), str::parse).bad_request()?,
        expiry: call.subkey_expiry.as_deref().unwrap_or(SUBKEY_EXPIRY).parse().bad_request()?,
    };
    check_pairs(algorithm, plan)?;
    session.check_heads().await?;
    refuse_second_master(env, session, call.force).await?;
    env.unlock_keys(session).await?;
    let master = MasterSpec { user_id, algorithm, expiry };
    let (fingerprint, subkeys) =
        session.step(async |home: &Home<'_>| make_keys(env, home, &master, plan).await).await?;
    finish(env, session, "new keys", (fingerprint, subkeys)).await
}

/// Refuses what gpg would refuse half-way (W-53).
fn check_pairs(master: Algorithm, plan: SubkeyPlan) -> Result<(), ApiError> {
    master.for_usage(Usage::Certify).bad_request()?;
    for usage in SUBKEYS {
        plan.algorithm.for_usage(usage).bad_request()?;
    }
    Ok(())
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
    let hint = Hint::run(
        "Add subkeys to it (or give --force for a second master key).",
        "keys generate",
        &[],
    );
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
    let subkeys = add_subkeys(env, home, &fingerprint, plan).await?;
    let metadata = [("master_fp", fingerprint.to_string()), ("uid", master.user_id.to_string())];
    Ok(Change {
        value: (fingerprint, subkeys),
        action: "create-key",
        details: format!(
            "master {fingerprint} + S/E/A {} expires {}",
            settings.subkey_algo, settings.subkey_expiry
        ),
        metadata: metadata.map(|(key, value)| (key.to_owned(), value)).into(),
    })
}

/// One subkey for each usage; each is read back by gpg's client before the next begins.
async fn add_subkeys(
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

/// Seals the checkpoint that ends every work that makes keys.
async fn finish(
    env: &Env<'_>,
    session: &Session,
    message: &str,
    (master, subkeys): (Fingerprint, Vec<Key>),
) -> Result<CreatedKeys, ApiError> {
    let mut notes = Vec::new();
    let sealed = env.checkpoint(session, message, &mut notes).await?;
    let checkpoint = sealed.map(|sealed| Sealed {
        vault: session.vault_name().to_owned(),
        snapshot: snapshot(&sealed.snapshot),
    });
    Ok(CreatedKeys { master_fp: master.to_string(), subkeys, checkpoint, notes })
}

/// Exports the public key; with `into`, also imports it there.
///
/// # Errors
/// There is no master key, `into` is no directory, or gpg failed.
pub async fn export(
    session: &Session,
    into: Option<std::path::PathBuf>,
) -> Result<ExportedKeys, ApiError> {
    let master = master(session)?;
    if let Some(dir) = into.as_ref().filter(|dir| !dir.is_dir()) {
        let text = format!("{} is not a directory", dir.display());
        let hint = Hint::run(
            "Run gpg once to make it, or write a file.",
            "keys export",
            &["--output", "key.asc"],
        );
        return Err(ApiError::new(Code::BadRequest, text).with_hint(hint));
    }
    let armored = session
        .with_gpg(async |gpg| {
            let armored = gpg.export_public(&master).await?;
            if let Some(dir) = &into {
                gpg.import_public_into(dir, &armored).await?;
            }
            Ok(armored)
        })
        .await?;
    let armored = String::from_utf8_lossy(&armored).into_owned();
    Ok(ExportedKeys { master_fp: master.to_string(), armored, imported_into: into })
}

/// The master key of the session's vault.
///
/// # Errors
/// `bad_request` with the command that makes one.
pub(super) fn master(session: &Session) -> Result<Fingerprint, ApiError> {
    session.configured_master_fp().ok_or_else(|| {
        let text = format!("the vault {} has no master key yet", session.vault_name());
        ApiError::new(Code::BadRequest, text).with_hint(Hint::run("Make one.", "keys create", &[]))
    })
}

/// The passphrase of the keys, which the workflow has asked for before the step.
pub(super) fn secret<'a>(home: &'a Home<'_>) -> Result<&'a secrecy::SecretString, ApiError> {
    home.secret().ok_or_else(|| {
        ApiError::new(Code::NeedsPassphrase, "the passphrase of the keys is not known")
    })
}
