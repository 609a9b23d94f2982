//! Opening a vault: the newest snapshot, or unfinished work, and what the user has to say to it.

use std::path::PathBuf;

use gpgsmith_vault::{OpenError, registry::Entry};

use super::{
    Env,
    error::Fail as _,
    vault::{Outcome, describe, outcome, session_opts},
};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::{About, Answer},
        vault::{Accept, OpenVault, OpenedHow, Unfinished, UnfinishedChoice},
    },
    session::{
        OnUnfinished, OpenSessionResult, ReadOnly, Session, SessionError, SessionOpts, Vault,
        ephemeral::{Ephemeral, find_ephemeral_for},
    },
};

/// A file that needs more work than this (4 GiB of memory) is never opened.
const WORK_CEILING: u8 = 22;

/// Opens a vault: the newest snapshot, or unfinished work, as the call or the user says.
///
/// # Errors
/// See [`Session::open`]; also the user's own no.
pub async fn open(
    env: &Env<'_>,
    call: &OpenVault,
    entry: &Entry,
    vault: &Vault,
) -> Result<Outcome, ApiError> {
    let mut opts = session_opts(env)?;
    opts.gpg = entry.gpg_binary.as_ref().filter(|name| !name.is_empty()).map(PathBuf::from);
    opts.read_only = call.read_only;
    opts.snapshot = call.snapshot.as_deref().map(str::parse).transpose().bad_request()?;
    env.progress.check()?;
    if let Some(host) = &call.from {
        return take_over(env, (call, host), (vault, entry), opts).await;
    }
    env.progress.report("opening the vault");
    match attempt(env, call, (vault, entry), &mut opts).await? {
        Err(SessionError::Unfinished { found, .. }) => {
            settle(env, call, (vault, entry), (opts, found)).await
        }
        opened => recorded(env, opened?, OpenedHow::Opened),
    }
}

/// Whether the call only joins the session that is open on `vault` for work: what it asks for
/// besides is of an opening, and would be passed over in silence.
///
/// # Errors
/// `busy`: it asks for more.
pub fn may_join(call: &OpenVault, vault: &str) -> Result<(), ApiError> {
    let seal_first = || {
        let advice = "Seal its session first (or discard it), then open it so.";
        Hint::run(advice, "vault seal", &["--vault", vault])
    };
    let (what, hint) = if let Some(host) = &call.from {
        (format!("the work of {host} does not come into its session"), seal_first())
    } else if call.unfinished == Some(UnfinishedChoice::Fresh) {
        let advice = "If nothing in it is to be kept, discard it; then open it afresh.";
        let hint = Hint::run(advice, "vault discard", &["--vault", vault]);
        ("its session is not thrown away by opening it again".to_owned(), hint)
    } else if call.accept != Accept::default() {
        ("joining its session accepts nothing".to_owned(), seal_first())
    } else {
        return Ok(());
    };
    let text = format!("the vault {vault} is open already: {what}");
    Err(ApiError::new(Code::Busy, text).with_hint(hint))
}

/// What stands in the way of opening, and goes away when the user says so.
enum Obstacle {
    /// The file wants more memory than usual.
    Heavy { about: About, work_factor: u8 },
    /// It is not what this machine has seen, which the call says is right.
    Refused(About),
    /// It is from the future, which the call says is right.
    Future(About),
}

/// Opens, and asks what has to be asked. The outer error is the user's no.
async fn attempt(
    env: &Env<'_>,
    call: &OpenVault,
    (vault, entry): (&Vault, &Entry),
    opts: &mut SessionOpts,
) -> Result<Result<OpenSessionResult, SessionError>, ApiError> {
    loop {
        let opened = Session::open(vault, entry, opts.clone()).await;
        match obstacle(call, opts, &opened) {
            None => return Ok(opened),
            Some(Obstacle::Heavy { about, work_factor }) => {
                if env.confirm(about, "--yes").await.is_err() {
                    return Ok(opened);
                }
                opts.max_work_factor = work_factor;
            }
            Some(Obstacle::Refused(about)) => {
                env.confirm(about, "--yes").await?;
                opts.accept.rollback = true;
            }
            Some(Obstacle::Future(about)) => {
                opened?.session.discard().await?;
                env.confirm(about, "--yes").await?;
                opts.accept.future = true;
            }
        }
    }
}

fn obstacle(
    call: &OpenVault,
    opts: &SessionOpts,
    opened: &Result<OpenSessionResult, SessionError>,
) -> Option<Obstacle> {
    match opened {
        Err(SessionError::Open {
            source: OpenError::ExcessiveWork { path, required, .. }, ..
        }) if (opts.max_work_factor + 1..=WORK_CEILING).contains(required) => {
            let file = path.display().to_string();
            let about = About::HeavyWork { file, work_factor: *required };
            Some(Obstacle::Heavy { about, work_factor: *required })
        }
        Err(error) => {
            let about = acceptable(error, call)?;
            (!opts.accept.rollback).then_some(Obstacle::Refused(about))
        }
        Ok(OpenSessionResult { session, .. }) => match session.read_only() {
            Some(ReadOnly::Future(dated)) if call.accept.future && !opts.accept.future => {
                Some(Obstacle::Future(About::AcceptFuture {
                    vault: session.vault_name().to_owned(),
                    snapshot: session.canonical_base(),
                    dated: *dated,
                }))
            }
            _ => None,
        },
    }
}

/// The question, if the call says that what is refused is as it should be.
fn acceptable(error: &SessionError, call: &OpenVault) -> Option<About> {
    let SessionError::Refused { vault, why } = error else { return None };
    (call.accept.rollback && why.is_acceptable())
        .then(|| About::AcceptRollback { vault: vault.clone(), why: why.to_string() })
}

/// There is unfinished work: resume it, or throw it away and open afresh. What turns up while the
/// user is asked is asked about in its turn.
async fn settle(
    env: &Env<'_>,
    call: &OpenVault,
    (vault, entry): (&Vault, &Entry),
    (mut opts, mut found): (SessionOpts, Vec<Ephemeral>),
) -> Result<Outcome, ApiError> {
    loop {
        let described: Vec<Unfinished> =
            found.iter().map(|pair| describe(env, &entry.name, pair)).collect::<Result<_, _>>()?;
        let choice = match call.unfinished {
            Some(choice) => choice,
            None => ask_unfinished(env, entry, described.clone()).await?,
        };
        if let (UnfinishedChoice::Resume, Some(newest)) = (choice, found.first()) {
            env.progress.report("resuming unfinished work");
            return resume(env, call, (vault, entry, newest), opts).await;
        }
        let about = About::DiscardUnfinished { vault: entry.name.clone(), found: described };
        env.confirm(about, "--yes").await?;
        env.progress.check()?;
        opts.unfinished = OnUnfinished::Discard(found);
        match attempt(env, call, (vault, entry), &mut opts).await? {
            Err(SessionError::Unfinished { found: more, .. }) => found = more,
            opened => return recorded(env, opened?, OpenedHow::Opened),
        }
    }
}

async fn resume(
    env: &Env<'_>,
    call: &OpenVault,
    (vault, entry, pair): (&Vault, &Entry, &Ephemeral),
    mut opts: SessionOpts,
) -> Result<Outcome, ApiError> {
    let mut resumed = Session::resume(vault, entry, pair, opts.clone()).await;
    if let Some(about) = resumed.as_ref().err().and_then(|error| acceptable(error, call)) {
        env.confirm(about, "--yes").await?;
        opts.accept.rollback = true;
        resumed = Session::resume(vault, entry, pair, opts).await;
    }
    recorded(env, resumed?, OpenedHow::Resumed)
}

async fn ask_unfinished(
    env: &Env<'_>,
    entry: &Entry,
    found: Vec<Unfinished>,
) -> Result<UnfinishedChoice, ApiError> {
    let about = About::Unfinished { vault: entry.name.clone(), found };
    match env.asker.ask(about, "--resume").await? {
        Answer::Yes => Ok(UnfinishedChoice::Resume),
        Answer::No => Ok(UnfinishedChoice::Fresh),
        _ => Err(ApiError::new(Code::Cancelled, "cancelled; the unfinished work is still there")),
    }
}

/// Goes on with another host's unfinished work; asks first if that host seems to be at it.
async fn take_over(
    env: &Env<'_>,
    (call, host): (&OpenVault, &str),
    (vault, entry): (&Vault, &Entry),
    opts: SessionOpts,
) -> Result<Outcome, ApiError> {
    let found = find_ephemeral_for(vault.store.dir(), host).fail(Code::Io)?;
    let Some(pair) = found.filter(|pair| pair.session_path.is_some()) else {
        let text = format!("{host} has no unfinished work on the vault {}", entry.name);
        return Err(ApiError::new(Code::BadRequest, text).with_hint(Hint::run(
            "See what is unfinished, and where.",
            "vault status",
            &[],
        )));
    };
    let work = describe(env, &entry.name, &pair)?;
    if work.live {
        env.confirm(About::TakeOver { vault: entry.name.clone(), work }, "--yes").await?;
    }
    env.progress.report("resuming unfinished work");
    resume(env, call, (vault, entry, &pair), opts).await
}

/// A first use is recorded once the snapshot that holds the key is durable, which it is.
fn recorded(env: &Env<'_>, result: OpenSessionResult, how: OpenedHow) -> Result<Outcome, ApiError> {
    if let Some(master) = result.tofu_fingerprint
        && how == OpenedHow::Opened
    {
        env.record_anchor(result.session.vault_name(), master)?;
    }
    Ok(outcome(result, how))
}
