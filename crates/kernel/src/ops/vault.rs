//! Making, listing, sealing and trusting vaults.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
};

use gpgsmith_gpg::Fingerprint;
use gpgsmith_vault::{
    Store,
    registry::{Config, Entry, VaultName},
};

use super::{Env, error::Fail as _, machine::MachineSettings, unlock::unlock};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        vault::{
            CreateVault, ForeignFile, Forked, OpenedHow, SealVault, Sealed, Snapshot, Snapshots,
            TrustVault, Unfinished, VaultEntry, Vaults,
        },
    },
    session::{
        OpenSessionResult, Session, SessionError, SessionOpts, Vault,
        ephemeral::{Ephemeral, LockSource, list_ephemerals},
        pairs::{Owner, owner, strangers},
        seen::{Seen, SeenFiles},
    },
};

/// A session that was opened, and how.
#[derive(Debug)]
pub struct Outcome {
    /// The session.
    pub session: Session,
    /// How it came about.
    pub how: OpenedHow,
    /// The master key that was recorded as the anchor just now.
    pub first_use: Option<String>,
    /// What the user should know.
    pub notes: Vec<String>,
}

/// The vaults of the registry.
///
/// # Errors
/// The registry does not parse.
pub fn list(env: &Env<'_>) -> Result<Vaults, ApiError> {
    let config = env.config()?;
    let default = config.resolve(None).ok().map(|entry| entry.name);
    let vaults = config.listing().into_iter().map(|entry| VaultEntry {
        path: entry.dir(),
        identity: entry.identity_file(),
        default: Some(&entry.name) == default.as_ref(),
        trusted_master_fp: entry.trusted_master_fp.filter(|text| !text.is_empty()),
        name: entry.name,
    });
    Ok(Vaults { vaults: vaults.collect() })
}

/// The snapshots of a vault, oldest first.
///
/// # Errors
/// There is no such vault, or its directory cannot be read.
pub fn snapshots(env: &Env<'_>, name: Option<&str>) -> Result<Snapshots, ApiError> {
    let entry = resolve(env, name)?;
    let listing = Store::new(entry.dir()).list().fail(Code::Io)?;
    let foreign = strangers(&entry.dir(), &listing).fail(Code::Io)?.into_iter();
    Ok(Snapshots {
        heads: other_heads(env, &entry.dir())?,
        vault: entry.name,
        snapshots: listing.snapshots.iter().map(snapshot).collect(),
        foreign: foreign.map(|(file_name, what)| ForeignFile { file_name, what }).collect(),
    })
}

/// The heads of the vault in `dir` besides the one that opens, as far as this machine has seen.
fn other_heads(env: &Env<'_>, dir: &Path) -> Result<Vec<String>, ApiError> {
    let seen = SeenFiles::new(env.state).in_dir(dir).map_err(SessionError::from)?;
    let heads = seen.iter().flat_map(Seen::other_heads);
    Ok(heads.map(|head| head.name.clone()).collect())
}

/// The vaults with more than one head.
///
/// # Errors
/// The registry, or what this machine has seen, does not parse.
pub fn forked(env: &Env<'_>) -> Result<Vec<Forked>, ApiError> {
    let mut forked = Vec::new();
    for entry in env.config()?.listing() {
        let heads = other_heads(env, &entry.dir())?;
        if !heads.is_empty() {
            forked.push(Forked { vault: entry.name, heads });
        }
    }
    Ok(forked)
}

/// A snapshot as faces see it.
pub fn snapshot(snapshot: &gpgsmith_vault::Snapshot) -> Snapshot {
    Snapshot {
        timestamp: snapshot.name.taken(),
        file_name: snapshot.name.file_name(),
        message: snapshot.name.slug().to_string(),
        size: snapshot.size,
    }
}

/// Unfinished work in the directories of all vaults, but for those that `is_open` knows. A
/// directory that cannot be read (not mounted, not synced yet) has none.
///
/// # Errors
/// The registry or the machine's settings do not parse.
pub fn unfinished(
    env: &Env<'_>,
    is_open: impl Fn(&Path) -> bool,
) -> Result<Vec<Unfinished>, ApiError> {
    let mut found = Vec::new();
    for entry in env.config()?.listing() {
        let dir = entry.dir();
        if is_open(&dir) {
            continue;
        }
        for pair in list_ephemerals(&dir).unwrap_or_default() {
            found.push(describe(env, &entry.name, &pair)?);
        }
    }
    Ok(found)
}

/// A pair as faces see it.
pub(super) fn describe(
    env: &Env<'_>,
    vault: &str,
    pair: &Ephemeral,
) -> Result<Unfinished, ApiError> {
    let host = MachineSettings::load(env.registry.path())?.host()?;
    let now = env.clock.now();
    let whose = owner(pair, &host, env.state.machine(), now);
    let names: Vec<String> = Store::new(&pair.vault_dir).list().map_or_else(
        |_| Vec::new(),
        |listing| listing.snapshots.iter().map(|s| s.name.file_name()).collect(),
    );
    let info = &pair.info;
    Ok(Unfinished {
        vault: vault.to_owned(),
        canonical: pair.canonical_base.clone(),
        hostname: info.hostname.clone(),
        ours: whose == Owner::Ours,
        live: whose != Owner::Ours && !info.is_stale(now) && !info.is_idle_sealed(),
        source: info.source.as_str().to_owned(),
        started_at: info.started_at,
        last_heartbeat: info.last_heartbeat,
        generation: info.generation,
        status: info.status.to_string(),
        resumable: pair.session_path.is_some(),
        divergent: pair.is_divergent(&names),
        as_of: now,
    })
}

/// Makes a vault and opens it. If that fails, neither the registry nor the directory keeps
/// anything of it (W-49).
///
/// # Errors
/// The name or the directory is taken or cannot be used, or the passphrase cannot.
pub async fn create(env: &Env<'_>, call: CreateVault) -> Result<Outcome, ApiError> {
    let entry = new_entry(env, (&call.name, &call.path, call.identity.as_deref()))?;
    let opts = session_opts(env)?;
    let vault = unlock(env, &entry, &call.unlock).await?;
    register(env, &entry)?;
    env.progress.report("making the vault");
    vault.key.prepare();
    match Session::create(&vault, &entry, opts).await {
        Ok(result) => Ok(outcome(result, OpenedHow::Created)),
        Err(error) => {
            unregister(env, &entry)?;
            Err(error.into())
        }
    }
}

/// The entry of a vault that is to be made: name, directory, identity file.
///
/// # Errors
/// The name or the directory is taken or cannot be used.
pub(super) fn new_entry(
    env: &Env<'_>,
    of: (&str, &Path, Option<&Path>),
) -> Result<Entry, ApiError> {
    let entry = entry(of)?;
    refuse_taken(env, &entry)?;
    Ok(entry)
}

/// The entry of a vault that is not in the registry: name, directory, identity file.
///
/// # Errors
/// They cannot be used.
pub(super) fn entry(
    (name, path, identity): (&str, &Path, Option<&Path>),
) -> Result<Entry, ApiError> {
    let name: VaultName = name.parse().bad_request()?;
    if !path.is_absolute() {
        let text = format!("{} is not an absolute path", path.display());
        return Err(ApiError::new(Code::BadRequest, text));
    }
    Ok(Entry {
        name: name.to_string(),
        path: path.to_string_lossy().into_owned(),
        identity: identity.map(|path| path.to_string_lossy().into_owned()),
        ..Entry::default()
    })
}

/// Puts a new vault into the registry.
pub(super) fn register(env: &Env<'_>, entry: &Entry) -> Result<(), ApiError> {
    env.change(Code::Exists, |config| add(config, entry))
}

/// Takes a vault that could not be made out of the registry.
pub(super) fn unregister(env: &Env<'_>, entry: &Entry) -> Result<(), ApiError> {
    let remove = |config: &mut Config| Ok::<_, Infallible>(config.remove_vault(&entry.name));
    env.change(Code::BadFile, remove).map(drop)
}

/// An entry of that name that a crash left without a vault is taken over.
fn add(config: &mut Config, entry: &Entry) -> Result<(), gpgsmith_vault::registry::AddError> {
    if config.resolve(Some(&entry.name)).is_ok_and(|there| there.dir() == entry.dir()) {
        config.remove_vault(&entry.name);
    }
    config.add_vault(entry.clone())
}

/// The refusal of a name or a directory that a vault of the registry has.
pub(super) fn known_already(there: &Entry) -> ApiError {
    let text = format!("there is a vault {} already, in {}", there.name, there.dir().display());
    let hint = Hint::run("Choose another name, or open that vault.", "vault open", &[&there.name]);
    ApiError::new(Code::Exists, text).with_hint(hint)
}

fn refuse_taken(env: &Env<'_>, entry: &Entry) -> Result<(), ApiError> {
    let holds = |dir: &Path| Store::new(dir).list().is_ok_and(|l| !l.snapshots.is_empty());
    if let Ok(there) = env.config()?.resolve(Some(&entry.name))
        && (there.dir() != entry.dir() || holds(&there.dir()))
    {
        return Err(known_already(&there));
    }
    if holds(&entry.dir()) {
        let text = format!("{} holds snapshots already", entry.dir().display());
        let hint = Hint::run(
            "Choose an empty directory. To make the vault that is there known here:",
            "vault add",
            &[&entry.name, "--path", &entry.path],
        );
        return Err(ApiError::new(Code::Exists, text).with_hint(hint));
    }
    Ok(())
}

/// What came of opening a vault.
pub(super) fn outcome(result: OpenSessionResult, how: OpenedHow) -> Outcome {
    Outcome {
        session: result.session,
        how,
        first_use: result.tofu_fingerprint.map(|master| master.to_string()),
        notes: result.notes,
    }
}

/// Seals a session as a new snapshot; the first one that holds the master key brings the anchor.
///
/// # Errors
/// See [`Session::seal`]; the session is then open and whole.
pub async fn seal(env: &Env<'_>, session: &Session, call: &SealVault) -> Result<Sealed, ApiError> {
    let sealed = if call.fork {
        session.seal_fork(&call.message).await?
    } else {
        session.seal(&call.message).await?
    };
    env.note_anchor(session.vault_name(), sealed.first_anchor);
    Ok(Sealed {
        vault: session.vault_name().to_owned(),
        snapshot: snapshot(&sealed.snapshot),
        notes: sealed.left.into_iter().collect(),
    })
}

/// Compares what was given for a vault that is open already with what opened it.
///
/// # Errors
/// `wrong_passphrase` or `wrong_identity`, after as much work as opening it would have cost.
pub async fn prove(session: &Session, given: &Vault) -> Result<(), ApiError> {
    if session.vault().key.matches(&given.key) {
        return Ok(());
    }
    Err(session.try_in_vain(given).await.into())
}

/// Sets or removes the trust anchor, after asking.
///
/// # Errors
/// There is no such vault, the fingerprint is none, or the user said no.
pub async fn trust(env: &Env<'_>, call: &TrustVault) -> Result<(), ApiError> {
    let entry = resolve(env, Some(&call.name))?;
    let new = call.fingerprint.as_ref().map(|text| text.parse::<Fingerprint>()).transpose();
    let new = new.bad_request()?.map(|fingerprint| fingerprint.to_string());
    let old = entry.trusted_master_fp.filter(|text| !text.is_empty());
    if old == new {
        return Ok(());
    }
    let about = About::Trust { vault: entry.name.clone(), old, new: new.clone() };
    env.confirm(about, "--yes").await?;
    env.change(Code::BadFile, |config| config.trust(&entry.name, new.as_deref()))
}

/// The entry of the vault `name`, or of the default vault.
///
/// # Errors
/// `unknown_vault`, or the registry does not parse.
pub fn resolve(env: &Env<'_>, name: Option<&str>) -> Result<Entry, ApiError> {
    env.config()?.resolve(name).fail(Code::UnknownVault).map_err(|error| {
        error.with_hint(Hint::run("See which vaults there are.", "vault list", &[]))
    })
}

/// Opens a vault for one sealed step; whoever opens it ends it.
///
/// # Errors
/// As [`Session::open`]; unfinished work is not passed over.
pub async fn for_one_step(
    env: &Env<'_>,
    entry: &Entry,
    given: &Vault,
) -> Result<Session, ApiError> {
    let opts = opts_for(env, entry)?;
    env.progress.report("opening the vault");
    let opened = Session::open(given, entry, opts).await?;
    if let Some(master) = opened.tofu_fingerprint {
        env.record_anchor(&entry.name, master)?;
    }
    Ok(opened.session)
}

/// Ends a session that was opened for one step, whatever became of that; untouched, it leaves no
/// files.
///
/// # Errors
/// The step's, else that of the ending.
pub async fn ended<T>(session: Session, done: Result<T, ApiError>) -> Result<T, ApiError> {
    let ended = session.auto_seal_and_drop().await;
    let done = done?;
    ended?;
    Ok(done)
}

/// How sessions on this vault are opened.
pub(super) fn opts_for(env: &Env<'_>, entry: &Entry) -> Result<SessionOpts, ApiError> {
    let mut opts = session_opts(env)?;
    opts.gpg = gpg_of(entry);
    Ok(opts)
}

/// The gpg that the registry names for a vault.
pub(super) fn gpg_of(entry: &Entry) -> Option<PathBuf> {
    entry.gpg_binary.as_ref().filter(|name| !name.is_empty()).map(PathBuf::from)
}

/// How sessions are opened on this machine, by this face.
pub(super) fn session_opts(env: &Env<'_>) -> Result<SessionOpts, ApiError> {
    let machine = MachineSettings::load(env.registry.path())?;
    let mut opts = SessionOpts::new(LockSource::from(env.face), env.state.clone());
    opts.clock = env.clock.clone();
    opts.host = machine.host()?;
    opts.workdir = machine.workdir();
    Ok(opts)
}
