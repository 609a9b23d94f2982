//! Keys from elsewhere into a vault: copied aside, proven, looked at; then one sealed step.

mod master;
mod source;
mod staging;

use std::path::PathBuf;

use gpgsmith_gpg::{Certificate, Fingerprint, Secret};
use gpgsmith_vault::{Store, registry::Entry};
use secrecy::SecretString;

use self::{
    master::{choose_master, is},
    staging::{Protection, Staging, gpg_failed},
};
use super::{
    Env, declined, error::Fail as _, machine::MachineSettings, metadata, secret::secret, vault,
};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
        transfer::{ImportVault, Imported},
    },
    home::settings::{self, Settings},
    session::{Change, Home, SealedSnapshot, SealedStep, Session, SessionError, Vault},
};

/// After so many wrong answers the import fails.
const TRIES: usize = 3;

/// Where keys are imported to.
#[derive(Debug)]
pub struct Destination {
    /// The vault, as it is registered or will be.
    pub entry: Entry,
    /// Whether it is yet to be registered.
    new: bool,
}

/// The vault that a call means: a registered one, or with a path a new one.
///
/// # Errors
/// There is no such vault, or the new one's name or directory is taken.
pub fn destination(env: &Env<'_>, call: &ImportVault) -> Result<Destination, ApiError> {
    let Some(path) = &call.path else {
        let entry = vault::resolve(env, call.name.as_deref())?;
        return Ok(Destination { entry, new: false });
    };
    let Some(name) = &call.name else {
        return Err(ApiError::new(Code::BadRequest, "a new vault needs a name")
            .with_hint(Hint::advice("Give it with --name.")));
    };
    let entry = vault::new_entry(env, (name, path, call.identity.as_deref()))?;
    Ok(Destination { entry, new: true })
}

/// What is about to enter a vault.
#[derive(Debug)]
struct Load {
    staging: Staging,
    master: Fingerprint,
    /// What opens the keys; `None` where none has a passphrase.
    passphrase: Option<SecretString>,
    reencrypted: bool,
    protection: Protection,
}

/// What entered.
#[derive(Debug, Default)]
struct Arrived {
    secret_keys: u64,
    carried: Vec<PathBuf>,
}

/// Imports into a vault that is not open: a new one, which is there with its keys or not at all,
/// or a registered one that holds no keys yet, or the same master key. Its session ends.
///
/// # Errors
/// The source holds no secret key; a passphrase is wrong; the vault holds other keys. The vault is
/// then as it was, and a new one is not there.
pub async fn import(
    env: &Env<'_>,
    call: &ImportVault,
    (to, given): (&Destination, &Vault),
) -> Result<Imported, ApiError> {
    let entry = &to.entry;
    let opts = vault::opts_for(env, entry)?;
    let holds_snapshots =
        Store::new(entry.dir()).list().is_ok_and(|listing| !listing.snapshots.is_empty());
    if holds_snapshots {
        let opened = Session::open(given, entry, opts).await?;
        let imported = import_into(env, call, &opened.session).await;
        return vault::ended(opened.session, imported).await;
    }
    given.key.prepare();
    let load = load(env, call, (entry, given.passphrase.clone())).await?;
    refuse_other_anchor(entry, load.master)?;
    if to.new {
        vault::register(env, entry)?;
    }
    env.progress.report("sealing the vault");
    let work = async |home: &Home<'_>| fill(home, &load).await;
    let made = Session::create_with(given, entry, opts, work).await;
    let (session, sealed, arrived) = match made {
        Ok(made) => made,
        Err(error) if to.new => {
            vault::unregister(env, entry)?;
            return Err(error);
        }
        Err(error) => return Err(error),
    };
    let imported = finish(env, &session, (load, arrived, sealed)).await;
    vault::ended(session, imported).await
}

/// Imports into an open session, which stays open.
///
/// # Errors
/// As [`import`].
pub async fn import_into(
    env: &Env<'_>,
    call: &ImportVault,
    session: &Session,
) -> Result<Imported, ApiError> {
    session.check_heads().await?;
    let all = session.certificates().await?;
    let there: Vec<&Certificate> =
        all.iter().filter(|c| c.primary.secret != Secret::Absent).collect();
    let mut target = session.vault().passphrase;
    if !there.is_empty() {
        env.unlock_keys(session).await?;
        target = session.key_passphrase();
    }
    let load = load(env, call, (session.entry(), target)).await?;
    refuse_other_anchor(session.entry(), load.master)?;
    if there.iter().any(|certificate| certificate.fingerprint() != load.master) {
        return Err(holds_other_keys(session, &there, load.master));
    }
    env.progress.check()?;
    env.progress.report("sealing the vault");
    let how = SealedStep { message: "import", lock: None };
    let (arrived, sealed) = if all.is_empty() {
        let how = SealedStep { message: "initial-import", ..how };
        session.sealed_step(how, async |home: &Home<'_>| fill(home, &load).await).await?
    } else {
        session.sealed_step(how, async |home: &Home<'_>| add(home, &load).await).await?
    };
    finish(env, session, (load, arrived, sealed)).await
}

/// Copies the source aside, proves its keys, puts them under the vault's passphrase if that is
/// wanted, and finds the master key.
async fn load(
    env: &Env<'_>,
    call: &ImportVault,
    (entry, target): (&Entry, Option<SecretString>),
) -> Result<Load, ApiError> {
    env.progress.report("copying the keys aside");
    let options = MachineSettings::load(env.registry.path())?.workdir();
    let staging = Staging::take(&call.source, &options, vault::gpg_of(entry).as_deref()).await?;
    let passphrase = prove(env, &staging, (call, target.as_ref())).await?;
    let protection = staging.protection().await?;
    if protection == Protection::default() {
        return Err(source::no_keys(&call.source));
    }
    let own = staging.own().await?;
    let mut settings = Settings::load(&staging.home()).map_err(SessionError::from)?;
    let master = choose_master(env, &own, (call, &settings)).await?;
    if let Some(certificate) = own.iter().find(|c| c.fingerprint() == master) {
        settings.name(&master, &certificate.primary.algorithm.to_string());
        settings.save(&staging.home()).map_err(SessionError::from)?;
    }
    let passphrase = passphrase.filter(|_| protection.protected > 0);
    let mut load = Load { staging, master, passphrase, reencrypted: false, protection };
    if let Some(target) = &target {
        reencrypt(env, &mut load, (call, &entry.name, target)).await?;
    }
    Ok(load)
}

/// Finds the passphrase of the keys by proof: the vault's, or what the user answers.
async fn prove(
    env: &Env<'_>,
    staging: &Staging,
    (call, target): (&ImportVault, Option<&SecretString>),
) -> Result<Option<SecretString>, ApiError> {
    env.progress.report("proving the passphrase of the keys");
    // Keys without a passphrase open with any.
    let first = target.cloned().unwrap_or_else(|| SecretString::from("none"));
    if staging.open(&first).await? {
        return Ok(Some(first));
    }
    for attempt in 0..TRIES {
        let of = format!("the keys in {}", call.source.display());
        let about = About::Passphrase { of, again: attempt > 0 };
        let answer = match env.asker.ask(about, "--key-passphrase-file").await {
            // Nobody can type another one.
            Err(error) if attempt > 0 && error.code == Code::NeedsAnswer => break,
            answer => secret(answer?)?,
        };
        if staging.open(&answer).await? {
            return Ok(Some(answer));
        }
    }
    let text = format!("the passphrase does not open all keys in {}", call.source.display());
    let hint = Hint::advice(
        "Nothing has changed. Keys with different passphrases need the same one first: `gpg --passwd KEY`.",
    );
    Err(ApiError::new(Code::WrongPassphrase, text).with_hint(hint))
}

/// Puts the keys under the vault's passphrase, where they are not and the user wants it.
async fn reencrypt(
    env: &Env<'_>,
    load: &mut Load,
    (call, vault, target): (&ImportVault, &str, &SecretString),
) -> Result<(), ApiError> {
    use secrecy::ExposeSecret as _;
    let same = |other: &SecretString| other.expose_secret() == target.expose_secret();
    if load.protection.clear == 0 && load.passphrase.as_ref().is_none_or(same) {
        return Ok(());
    }
    let wanted = match call.reencrypt {
        Some(true) => Answer::Yes,
        Some(false) => Answer::No,
        None => {
            let Protection { protected, clear } = load.protection;
            let about = About::Reencrypt { vault: vault.to_owned(), protected, clear };
            env.asker.ask(about, "--reencrypt").await?
        }
    };
    if !matches!(wanted, Answer::Yes | Answer::No) {
        return Err(declined());
    }
    if matches!(wanted, Answer::Yes) {
        env.progress.report("putting the keys under the vault's passphrase");
        let old = load.passphrase.clone().unwrap_or_else(|| target.clone());
        let gpg = &load.staging.gpg;
        gpg.change_all_passphrases((&old, target)).await.map_err(gpg_failed)?;
        load.passphrase = Some(target.clone());
        load.reencrypted = true;
    }
    Ok(())
}

fn refuse_other_anchor(entry: &Entry, master: Fingerprint) -> Result<(), ApiError> {
    match entry.trusted_master_fp.as_deref().filter(|text| !text.is_empty()) {
        Some(anchor) if !is(&master, anchor) => {
            let text = format!("the vault {} trusts the master key {anchor} only", entry.name);
            let hint = Hint::run(
                "If the imported key shall take its place:",
                "vault trust",
                &[&entry.name, &master.to_string()],
            );
            Err(ApiError::new(Code::MasterKeyMismatch, text).with_hint(hint))
        }
        _ => Ok(()),
    }
}

fn holds_other_keys(session: &Session, there: &[&Certificate], wanted: Fingerprint) -> ApiError {
    let keys: Vec<_> = there.iter().map(|c| c.fingerprint().to_string()).collect();
    let text = format!(
        "the vault {} holds the master key {} already, and {wanted} is another one",
        session.vault_name(),
        keys.join(", ")
    );
    let hint = Hint::advice("Import it into a vault of its own: give --name and --path.");
    ApiError::new(Code::Refused, text).with_hint(hint)
}

/// Into an empty home: the files as they are, with trust and local signatures.
async fn fill(home: &Home<'_>, load: &Load) -> Result<Change<Arrived>, ApiError> {
    // What gpg made of an empty home is not in the way of what was imported.
    // A key box would even hide a ring of old.
    for name in ["pubring.kbx", "pubring.gpg", "trustdb.gpg"] {
        let made = home.dir().join(name);
        if made.exists() {
            std::fs::remove_file(&made).fail(Code::Io)?;
        }
    }
    source::merge(&load.staging.home(), home.dir()).fail(Code::Io)?;
    carry(home, load).await
}

/// Into a home with the same master key: what is new, merged by gpg.
async fn add(home: &Home<'_>, load: &Load) -> Result<Change<Arrived>, ApiError> {
    let gpg = &load.staging.gpg;
    for certificate in load.staging.own().await? {
        let text = gpg.export_public(&certificate.fingerprint()).await.map_err(gpg_failed)?;
        home.gpg().import_public(&text).await.map_err(gpg_failed)?;
    }
    for dir in ["private-keys-v1.d", "openpgp-revocs.d"] {
        let from = load.staging.home().join(dir);
        if from.is_dir() {
            source::merge(&from, &home.dir().join(dir)).fail(Code::Io)?;
        }
    }
    let (from, to) = (load.staging.home(), home.dir().join(settings::FILE_NAME));
    if !to.exists() {
        source::copy(&from.join(settings::FILE_NAME), &to).fail(Code::Io)?;
    }
    carry(home, load).await
}

/// W-27: the user's option files are kept, where gpg does not see them. The keys are read back.
async fn carry(home: &Home<'_>, load: &Load) -> Result<Change<Arrived>, ApiError> {
    let arrived = home.gpg().certificate(&load.master).await;
    arrived.map_err(gpg_failed)?;
    let carried = source::merge(&load.staging.carried(), home.carried()).fail(Code::Io)?;
    let secret_keys = load.protection.protected + load.protection.clear;
    let pairs = [
        ("master_fp", load.master.to_string()),
        ("secret_keys", secret_keys.to_string()),
        ("reencrypted", load.reencrypted.to_string()),
    ];
    Ok(Change {
        value: Arrived { secret_keys, carried },
        action: "import-keys",
        details: format!("imported master {} with {secret_keys} secret keys", load.master),
        metadata: metadata(pairs),
    })
}

/// Tells, and wipes the copy.
async fn finish(
    env: &Env<'_>,
    session: &Session,
    (load, arrived, sealed): (Load, Arrived, SealedSnapshot),
) -> Result<Imported, ApiError> {
    env.note_anchor(session.vault_name(), sealed.first_anchor);
    if let Some(passphrase) = load.passphrase.clone() {
        session.set_key_passphrase(passphrase);
    }
    let mut notes: Vec<String> = sealed.left.into_iter().collect();
    if load.protection.clear > 0 && !load.reencrypted {
        notes.push(
            "some keys have no passphrase of their own; the vault alone protects them".to_owned(),
        );
    }
    let stub = load
        .staging
        .own()
        .await?
        .iter()
        .any(|c| c.fingerprint() == load.master && c.primary.secret != Secret::Present);
    if stub {
        notes.push("the secret part of the master key is not among them: it can make and renew nothing here".to_owned());
    }
    let imported = Imported {
        vault: session.vault_name().to_owned(),
        snapshot: vault::snapshot(&sealed.snapshot),
        master_fp: load.master.to_string(),
        secret_keys: arrived.secret_keys,
        reencrypted: load.reencrypted,
        carried: arrived.carried.iter().map(|path| path.display().to_string()).collect(),
        notes,
    };
    if let Err(error) = load.staging.close().await {
        tracing::error!(%error, "a copy of imported keys may remain");
    }
    Ok(imported)
}
