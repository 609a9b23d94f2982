//! Acts of the program on machines that are held still, those of each machine in a thread of its
//! own.

use std::{sync::Arc, thread, time::Duration};

use super::{
    act::{Act, Who},
    bounds::{Spent, outcome},
    content::Files,
    frozen::{Frozen, Rest},
    laws::{self, Broken},
    machine::Machine,
    orders::runtime,
    program,
    service::Service,
    world::World,
};
use crate::id::repeatable;

/// As many acts are run before what came of them is looked at.
const AT_ONCE: usize = 2000;

/// An act of the program of one machine.
#[derive(Debug)]
pub(super) struct Run<T> {
    /// What it is for.
    pub(super) of: T,
    pub(super) act: Act,
    pub(super) vault: Arc<Files>,
    pub(super) rest: Arc<Rest>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) after: Frozen,
    pub(super) outcome: &'static str,
    pub(super) is_done: bool,
    /// Whether only harm excuses it.
    pub(super) by_harm: bool,
}

/// The directories in which two machines live for an act.
#[derive(Debug)]
pub(super) struct Stage(World);

impl Stage {
    /// Two machines whose clocks are half a minute apart.
    pub(super) fn new() -> Self {
        let world = runtime().block_on(World::new(2));
        world.machines[1].clock.advance(Duration::from_secs(30));
        Self(world)
    }

    /// A machine before anything has happened.
    pub(super) fn machine(&self, who: Who) -> Frozen {
        Frozen::of(&self.0.machines[who.0], Spent::default())
    }

    /// The service before anything has happened.
    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    /// Runs some of `runs`, which lie ready by machine, and takes them away.
    pub(super) fn run<T: Send>(
        &mut self,
        runs: &mut [Vec<Run<T>>; 2],
    ) -> Vec<(Run<T>, Result<Came, Broken>)> {
        let machines = self.0.machines.iter_mut();
        thread::scope(|scope| {
            let threads = machines.zip(runs).map(|(machine, runs)| {
                let some = runs.split_off(runs.len().saturating_sub(AT_ONCE));
                scope.spawn(move || {
                    let runtime = runtime();
                    let run = |run: Run<T>| {
                        let came = runtime.block_on(run.on(machine));
                        (run, came)
                    };
                    some.into_iter().map(run).collect::<Vec<_>>()
                })
            });
            let threads: Vec<_> = threads.collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        })
    }
}

impl<T> Run<T> {
    async fn on(&self, machine: &mut Machine) -> Result<Came, Broken> {
        let Self { act, vault, rest, .. } = self;
        let mut spent = rest.spent;
        repeatable::draw_from(Some(format!("{act:?} {spent:?}")));
        rest.live(vault, machine).await;
        let done = program::run(machine, *act, true).await;
        repeatable::draw_from(None);
        let done = done?;
        let is_done = done.refused.is_none() && (rest.is_open() || machine.session.is_some());
        spent.count(*act, is_done);
        let outcome = outcome(*act, &done, machine);
        let by_harm = done.refused.as_ref().is_some_and(|error| {
            laws::only_by_harm(error) && !laws::by_conflict(error, machine.head.as_ref(), vault)
        });
        let after = Frozen::of(machine, spent);
        machine.session = None;
        Ok(Came { after, outcome, is_done, by_harm })
    }
}
