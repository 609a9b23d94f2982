//! What the user and the program of one machine do, and the laws that each act is held against.

use std::{collections::BTreeSet, fmt, path::PathBuf};

use super::{
    act::{Act, Who},
    content,
    laws::{self, Broken, Circumstances},
    machine::Machine,
};
use crate::session::{
    Accept, OnUnfinished, Session, SessionError,
    ephemeral::{Ephemeral, session_filenames_for},
    pairs,
};

/// Lets a machine do one thing, and holds what that does to the vault directory against the laws;
/// `harmed` says whether the service has done harm before.
pub(super) async fn run(machine: &mut Machine, act: Act, harmed: bool) -> Result<Done, Broken> {
    let before = machine.files();
    let session = machine.session.as_ref();
    let reads = session.map(|session| session.read_only().is_some());
    let how = Circumstances { reads, harmed, head: machine.head.clone() };
    let done = perform(machine, act).await?;
    let after = machine.files();
    let host = machine.opts();
    laws::only_own_pairs_change(&before, &after, (&host.host, host.state.machine()))?;
    laws::no_step_is_lost(&before, &after, &done.given_up)?;
    if let Some(error) = &done.refused {
        laws::refused_well(error, (&before, &after), &how)?;
    }
    Ok(done)
}

/// What came of an act.
#[derive(Debug, Default)]
pub(super) struct Done {
    told: String,
    /// Steps that the user threw away.
    given_up: BTreeSet<u32>,
    /// Why nothing came of it.
    pub(super) refused: Option<SessionError>,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refused {
            Some(error) => write!(f, "refused: {error}"),
            None => f.write_str(&self.told),
        }
    }
}

impl Done {
    fn told(text: impl Into<String>) -> Self {
        Self { told: text.into(), ..Self::default() }
    }

    fn of(result: Result<String, SessionError>) -> Self {
        match result {
            Ok(told) => Self::told(told),
            Err(error) => Self { refused: Some(error), ..Self::default() },
        }
    }
}

/// Whose program acts, if one does.
pub(super) fn who(act: Act) -> Option<Who> {
    match act {
        Act::Open(who)
        | Act::Resume(who)
        | Act::Fresh(who)
        | Act::Accept(who)
        | Act::Attach(who)
        | Act::Step(who)
        | Act::FailedStep(who)
        | Act::Seal(who)
        | Act::Fork(who)
        | Act::Checkpoint(who)
        | Act::Rest(who)
        | Act::Discard(who)
        | Act::Beat(who)
        | Act::Kill(who)
        | Act::KillInStep(who)
        | Act::KillInSeal(who)
        | Act::KillInCheckpoint(who) => Some(who),
        Act::Wait(_) | Act::Sync(_) | Act::Deliver(..) | Act::Harm(..) => None,
    }
}

async fn perform(machine: &mut Machine, act: Act) -> Result<Done, Broken> {
    let is_open = machine.session.is_some();
    match act {
        Act::Open(_) | Act::Fresh(_) | Act::Accept(_) | Act::Resume(_) | Act::Attach(_)
            if is_open =>
        {
            attach(machine).await
        }
        Act::Open(_) | Act::Fresh(_) | Act::Accept(_) => open(machine, act).await,
        Act::Resume(_) => resume(machine).await,
        _ if !is_open => Ok(Done::told("not open")),
        Act::Step(_) => step(machine).await,
        Act::FailedStep(_) => failed_step(machine).await,
        Act::Seal(_) | Act::Fork(_) | Act::Checkpoint(_) => seal(machine, act).await,
        Act::Rest(_) => rest(machine).await,
        Act::Discard(_) => discard(machine).await,
        Act::Beat(_) => {
            machine.session.as_ref().unwrap().shared.tick().await;
            Ok(Done::told("beats"))
        }
        Act::Kill(_) => {
            machine.session = None;
            Ok(Done::told("killed"))
        }
        Act::KillInStep(_) => kill_in_step(machine).await,
        Act::KillInSeal(_) => kill_in_seal(machine, Act::Seal(machine.who)).await,
        Act::KillInCheckpoint(_) => kill_in_seal(machine, Act::Checkpoint(machine.who)).await,
        Act::Attach(_) | Act::Wait(_) | Act::Sync(_) | Act::Deliver(..) | Act::Harm(..) => {
            Ok(Done::default())
        }
    }
}

async fn attach(machine: &Machine) -> Result<Done, Broken> {
    let again = Session::open(&machine.vault(), &machine.entry(), machine.opts()).await;
    let reads = machine.reads();
    match again {
        Ok(again) if reads || again.session.read_only().is_some() => {
            Ok(Done::told("is open for reading"))
        }
        Err(SessionError::Busy { .. }) => Ok(Done::told("is open already")),
        Ok(_) => Err(Broken("two sessions are open on one machine".to_owned())),
        Err(error) => Ok(Done { refused: Some(error), ..Done::default() }),
    }
}

async fn open(machine: &mut Machine, act: Act) -> Result<Done, Broken> {
    let files = machine.files();
    let accepts = matches!(act, Act::Accept(_));
    let mut given_up = BTreeSet::new();
    let mut opts = machine.opts();
    opts.accept = Accept { rollback: accepts, future: accepts };
    let result = loop {
        let opened = Session::open(&machine.vault(), &machine.entry(), opts.clone()).await;
        match opened {
            // The user is told what is there, and says that it may go.
            Err(SessionError::Unfinished { found, .. }) if matches!(act, Act::Fresh(_)) => {
                laws::tells_of_more(&opts.unfinished, &found)?;
                given_up = steps_of(machine, &found);
                opts.unfinished = OnUnfinished::Discard(found);
            }
            opened => break opened,
        }
    };
    if let Err(error) = machine.opened(result) {
        return Ok(Done { refused: Some(error), ..Done::default() });
    }
    let name = laws::opened_the_newest(machine, &files)?;
    laws::unfinished_work_was_reported(machine, &files, &given_up)?;
    laws::not_of_another_vault(&files[&name])?;
    if accepts {
        machine.accepted.extend(content::only_snapshots(&files).into_values());
    } else {
        laws::no_rollback(machine, &files)?;
        laws::every_fork_was_told(machine, &files, &name)?;
    }
    if !machine.reads() {
        machine.head = Some((name.clone(), files[&name].clone()));
    }
    machine.saw = content::only_snapshots(&files);
    Ok(Done { given_up, ..Done::told(name) })
}

/// The steps in the states of `pairs`.
fn steps_of(machine: &Machine, pairs: &[Ephemeral]) -> BTreeSet<u32> {
    let files = machine.files();
    let states = pairs.iter().filter_map(|pair| files.get(&pair.state_name()?));
    states.filter_map(content::content).flat_map(|content| content.steps.clone()).collect()
}

fn own_pairs(machine: &Machine) -> Vec<Ephemeral> {
    pairs::ours(&machine.vault(), &machine.entry(), &machine.opts()).unwrap_or_default()
}

async fn resume(machine: &mut Machine) -> Result<Done, Broken> {
    let files = machine.files();
    let pair = own_pairs(machine).into_iter().find(|pair| pair.session_path.is_some());
    let Some(pair) = pair else { return Ok(Done::told("nothing to resume")) };
    let result = Session::resume(&machine.vault(), &machine.entry(), &pair, machine.opts()).await;
    if let Err(error) = machine.opened(result) {
        return Ok(Done { refused: Some(error), ..Done::default() });
    }
    let name = pair.state_name().unwrap();
    laws::resumed_all(machine, &files[&name])?;
    laws::no_rollback(machine, &files)?;
    machine.saw = content::only_snapshots(&files);
    machine.saw.retain(|name, _| *name <= pair.canonical_base);
    Ok(Done::told(name))
}

async fn step(machine: &mut Machine) -> Result<Done, Broken> {
    let Some((number, done)) = machine.step().await else { return Ok(Done::default()) };
    if done.is_ok() && !content::all_steps(&machine.files()).contains(&number) {
        return Err(Broken(format!("step {number} is reported, and no file holds it")));
    }
    Ok(Done::of(done.map(|()| number.to_string())))
}

async fn failed_step(machine: &Machine) -> Result<Done, Broken> {
    let session = machine.session.as_ref().unwrap();
    let home = session.workdir().join("home");
    let before = content::steps(&home);
    let failed = session
        .step(async |home| {
            super::machine::put(&home.dir().join(content::step_file(9999)), b"half");
            Err::<crate::session::Change<()>, _>(SessionError::NoNameLeft)
        })
        .await;
    laws::holds(failed.is_err(), "a step that fails is reported as done")?;
    laws::holds(content::steps(&home) == before, "a step that failed has left something")?;
    Ok(Done::told("failed, as it should"))
}

async fn seal(machine: &mut Machine, act: Act) -> Result<Done, Broken> {
    let files = machine.files();
    let session = machine.session.as_ref().unwrap();
    let holding = content::steps(&session.workdir().join("home"));
    let sealed = match act {
        Act::Fork(_) => session.seal_fork("seal").await,
        Act::Checkpoint(_) => session.checkpoint("seal").await,
        _ => session.seal("seal").await,
    };
    let name = match sealed {
        Ok(sealed) => sealed.snapshot.name.file_name(),
        Err(error) => {
            laws::holds(!session.is_closed(), "a failed seal has ended the session")?;
            return Ok(Done { refused: Some(error), ..Done::default() });
        }
    };
    let after = machine.files();
    machine.head = after.get_key_value(&name).map(|(name, bytes)| (name.clone(), bytes.clone()));
    laws::sealed_all(&files, &after, (&name, &holding))?;
    if !matches!(act, Act::Fork(_)) {
        laws::sealed_over_nobody(&machine.saw, &files, &holding)?;
    }
    if matches!(act, Act::Checkpoint(_)) {
        machine.saw.extend(after.get_key_value(&name).map(|(n, b)| (n.clone(), b.clone())));
    } else {
        laws::holds(session.is_closed(), "a sealed session is still open")?;
        machine.session = None;
    }
    Ok(Done::told(name))
}

async fn rest(machine: &mut Machine) -> Result<Done, Broken> {
    let session = machine.session.as_ref().unwrap();
    if let Err(error) = session.auto_seal_and_drop().await {
        laws::holds(!session.is_closed(), "a failed rest has ended the session")?;
        return Ok(Done { refused: Some(error), ..Done::default() });
    }
    machine.session = None;
    Ok(Done::told("rests"))
}

async fn discard(machine: &mut Machine) -> Result<Done, Broken> {
    let session = machine.session.as_ref().unwrap();
    let given_up = content::steps(&session.workdir().join("home"));
    if let Err(error) = session.discard().await {
        return Ok(Done { refused: Some(error), ..Done::default() });
    }
    machine.session = None;
    Ok(Done { given_up, ..Done::told("discarded") })
}

/// The pair of the open session.
fn pair_paths(machine: &Machine) -> [PathBuf; 2] {
    let session = machine.session.as_ref().unwrap();
    let (state, info) = session_filenames_for(&session.canonical_base(), session.hostname());
    [machine.vault_dir().join(state), machine.vault_dir().join(info)]
}

async fn kill_in_step(machine: &mut Machine) -> Result<Done, Broken> {
    let [_, info] = pair_paths(machine);
    let old = std::fs::read(&info).ok().map(content::Bytes::from);
    let done = step(machine).await?;
    super::service::place(&info, old.as_ref());
    machine.session = None;
    Ok(done)
}

async fn kill_in_seal(machine: &mut Machine, act: Act) -> Result<Done, Broken> {
    let pair = pair_paths(machine);
    let old = pair.clone().map(|path| std::fs::read(path).ok().map(content::Bytes::from));
    let done = seal(machine, act).await?;
    if done.refused.is_none() {
        if machine.session.is_some() {
            let [_, new] = pair_paths(machine);
            super::service::place(&new, None);
        }
        for (path, bytes) in pair.iter().zip(&old) {
            super::service::place(path, bytes.as_ref());
        }
    }
    machine.session = None;
    Ok(done)
}
