//! Every order of acts within bounds, breadth first: from each world that was reached, everything
//! that may happen does, and is held against the laws. Worlds that differ by random numbers only
//! are one; and what a machine does depends on that machine alone, so that it is done once.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    rc::Rc,
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{
    act::{Act, Who},
    bounds::{Bounds, Spent, answers, deliveries, harms, outcome, working},
    canon::{self, Namer, Token},
    content::{self, Bytes},
    frozen::Frozen,
    harm,
    laws::{self, Broken},
    orders::runtime,
    program,
    service::{Changes, Service, set},
    world::World,
};
use crate::id::repeatable;

/// What a search has come past.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Worlds that differ.
    pub(super) worlds: usize,
    /// Acts in them.
    pub(super) acts: usize,
    /// Acts that a program has run for; the others were known from another world.
    pub(super) run: usize,
    /// The longest of the shortest orders to a world.
    pub(super) depth: usize,
    /// How often what came of an act.
    pub(super) outcomes: BTreeMap<&'static str, usize>,
}

/// One machine of a world.
#[derive(Debug)]
struct Local {
    frozen: Frozen,
    /// The hash of all but its vault directory.
    rest: [u8; 32],
    /// What it is, but for its vault directory and what the user accepted there.
    tokens: Rc<[Token]>,
    accepted: Rc<[Token]>,
    /// What came of the acts that were tried.
    known: RefCell<HashMap<Act, Next>>,
}

/// What came of an act of the program.
#[derive(Clone, Debug)]
struct Next {
    /// The machine afterwards; `None` if it has not changed.
    local: Option<Rc<Local>>,
    outcome: &'static str,
    is_done: bool,
    /// Whether only harm excuses it.
    by_harm: bool,
}

/// A world.
#[derive(Clone, Debug)]
struct State {
    machines: Vec<Rc<Local>>,
    service: Rc<Service>,
    spent: Spent,
    how: Option<Rc<How>>,
    depth: usize,
}

/// How a world was reached.
#[derive(Debug)]
struct How {
    act: Act,
    before: Option<Rc<How>>,
}

struct Search {
    bounds: Bounds,
    runtime: tokio::runtime::Runtime,
    /// The directories in which a machine lives for an act.
    stage: World,
    /// Encrypted files by what they hold.
    written: HashMap<String, Bytes>,
    /// Machines that were reached: what was tried on one is known in every world.
    locals: HashMap<[u8; 32], Rc<Local>>,
    known: HashSet<[u8; 32]>,
    open: VecDeque<State>,
    reached: Reached,
}

/// Looks at every order within `bounds` on two machines whose clocks are half a minute apart.
pub(super) fn search(bounds: Bounds) -> Reached {
    let runtime = runtime();
    let stage = runtime.block_on(World::new(2));
    stage.machines[1].clock.advance(Duration::from_secs(30));
    stage.machines.iter().for_each(|machine| Frozen::of(machine, 0).fix());
    let machines: Vec<Frozen> =
        stage.machines.iter().map(|machine| Frozen::of(machine, 0)).collect();
    let service = Rc::new(stage.service.clone());
    let (spent, how) = (Spent::default(), None);
    let mut search = Search {
        bounds,
        runtime,
        stage,
        written: HashMap::new(),
        locals: HashMap::new(),
        known: HashSet::new(),
        open: VecDeque::new(),
        reached: Reached::default(),
    };
    let machines = machines.into_iter().map(|machine| search.local(machine)).collect();
    search.add(State { machines, service, spent, how, depth: 0 });
    while let Some(state) = search.open.pop_front() {
        if state.depth == search.bounds.acts {
            continue;
        }
        let acts = search.acts(&state).unwrap_or_else(|broken| fail(&state, None, &broken));
        for act in acts {
            search.reached.acts += 1;
            let followed = search.follow(&state, act);
            followed.unwrap_or_else(|broken| fail(&state, Some(act), &broken));
        }
    }
    search.reached.worlds = search.known.len();
    search.reached
}

fn fail(state: &State, act: Option<Act>, Broken(why): &Broken) -> ! {
    panic!("{why}\nafter {:?} {act:?}", order(state.how.as_ref()))
}

fn order(mut how: Option<&Rc<How>>) -> Vec<Act> {
    let mut acts = Vec::new();
    while let Some(last) = how {
        acts.push(last.act);
        how = last.before.as_ref();
    }
    acts.reverse();
    acts
}

impl Search {
    /// What may happen in a world.
    fn acts(&mut self, state: &State) -> Result<Vec<Act>, Broken> {
        let mut acts = Vec::new();
        for who in [Who(0), Who(1)] {
            let local = &state.machines[who.0];
            let files = local.frozen.vault.len();
            let pending = state.service.pending(&local.frozen.vault).len();
            let mut tried =
                if local.frozen.is_open() { working(who) } else { vec![Act::Open(who)] };
            tried.extend(harms(who, files));
            tried.extend(deliveries(who, pending));
            tried.retain(|act| self.bounds.allow(state.spent, *act));
            for asking in [Act::Open(who), Act::Seal(who)] {
                if tried.contains(&asking) {
                    let came_to = self.run(local, asking, state.spent.harmed)?.outcome;
                    tried.extend(answers(who, came_to));
                }
            }
            acts.extend(tried);
        }
        Ok(acts)
    }

    /// Lets one thing happen in a world, and keeps the world that comes of it if it is new.
    fn follow(&mut self, before: &State, act: Act) -> Result<(), Broken> {
        let mut state = before.clone();
        state.depth += 1;
        state.how = Some(Rc::new(How { act, before: before.how.clone() }));
        let outcome = match act {
            Act::Sync(who) => {
                let local = &before.machines[who.0];
                let mut service = (*before.service).clone();
                let mut changes = Changes::new();
                for name in service.pending(&local.frozen.vault) {
                    changes.extend(service.deliver(who, &local.frozen.vault, &name).0);
                }
                state.machines[who.0] = self.placed(local, &changes);
                state.service = Rc::new(service);
                "synced"
            }
            Act::Deliver(who, nth) => {
                state.spent.count(act, true);
                let local = &before.machines[who.0];
                let mut service = (*before.service).clone();
                let mut pending = service.pending(&local.frozen.vault);
                let name = pending.swap_remove(usize::from(nth));
                let (changes, how) = service.deliver(who, &local.frozen.vault, &name);
                state.machines[who.0] = self.placed(local, &changes);
                state.service = Rc::new(service);
                how
            }
            Act::Harm(who, harm, nth) => {
                let local = &before.machines[who.0];
                let Some(done) = harm::harm(&local.frozen.vault, (harm, nth)) else {
                    return Ok(());
                };
                state.spent.count(act, true);
                state.machines[who.0] = self.placed(local, &vec![done]);
                "harm"
            }
            act => {
                let who = program::who(act).unwrap();
                let next = self.run(&before.machines[who.0], act, before.spent.harmed)?;
                state.spent.count(act, next.is_done);
                let Some(local) = next.local else {
                    *self.reached.outcomes.entry(next.outcome).or_default() += 1;
                    return Ok(());
                };
                state.machines[who.0] = local;
                next.outcome
            }
        };
        *self.reached.outcomes.entry(outcome).or_default() += 1;
        self.add(state);
        Ok(())
    }

    /// What comes of an act of the program on a machine, in a world that was `harmed` or not.
    fn run(&mut self, local: &Local, act: Act, harmed: bool) -> Result<Next, Broken> {
        let known = local.known.borrow().get(&act).cloned();
        let next = match known {
            Some(next) => next,
            None => self.run_anew(local, act)?,
        };
        laws::holds(harmed || !next.by_harm, &format!("{} without a cause", next.outcome))?;
        Ok(next)
    }

    fn run_anew(&mut self, local: &Local, act: Act) -> Result<Next, Broken> {
        self.reached.run += 1;
        let machine = &mut self.stage.machines[program::who(act).unwrap().0];
        let turn = local.frozen.rest.turn;
        repeatable::draw_from(Some(format!("{act:?} {turn}")));
        let done = self.runtime.block_on(async {
            local.frozen.live(machine).await;
            program::run(machine, act, true).await
        });
        repeatable::draw_from(None);
        let done = done?;
        let outcome = outcome(act, &done, machine);
        let mut after = Frozen::of(machine, turn + 1);
        after.reuse(&local.frozen.vault, &mut self.written);
        let is_done = done.refused.is_none() && (local.frozen.is_open() || after.is_open());
        let by_harm = done.refused.as_ref().is_some_and(laws::only_by_harm);
        let after = self.local(after);
        let is_same = after.tokens == local.tokens
            && after.accepted == local.accepted
            && after.frozen.vault == local.frozen.vault;
        let next = Next { local: (!is_same).then_some(after), outcome, is_done, by_harm };
        local.known.borrow_mut().insert(act, next.clone());
        Ok(next)
    }

    fn add(&mut self, mut state: State) {
        let mut service = (*state.service).clone();
        for who in [Who(0), Who(1)] {
            service.take(who, &state.machines[who.0].frozen.vault);
        }
        state.service = Rc::new(service);
        if self.known.insert(state.name()) {
            self.reached.depth = self.reached.depth.max(state.depth);
            self.open.push_back(state);
        }
    }

    /// A machine; the one of before where it was reached already.
    fn local(&mut self, frozen: Frozen) -> Rc<Local> {
        let rest = frozen.rest.exactly();
        let tokens = canon::tokens(&frozen.rest.tell()).into();
        let accepted = frozen.rest.accepted.iter().map(canon::bytes_id).collect();
        self.interned(Local { frozen, rest, tokens, accepted, known: RefCell::default() })
    }

    /// The same with other files in the vault directory.
    fn placed(&mut self, local: &Local, changes: &Changes) -> Rc<Local> {
        let mut frozen = local.frozen.clone();
        for (name, bytes) in changes {
            set(&mut frozen.vault, name, bytes.as_ref());
        }
        let (tokens, accepted) = (Rc::clone(&local.tokens), Rc::clone(&local.accepted));
        let known = RefCell::default();
        self.interned(Local { frozen, rest: local.rest, tokens, accepted, known })
    }

    /// The same as was reached in another world, if it was.
    fn interned(&mut self, local: Local) -> Rc<Local> {
        let mut hasher = Sha256::new();
        hasher.update(local.rest);
        for (name, bytes) in &local.frozen.vault {
            hasher.update(name);
            hasher.update(content::hash(bytes));
        }
        Rc::clone(self.locals.entry(hasher.finalize().into()).or_insert_with(|| Rc::new(local)))
    }
}

impl State {
    fn name(&self) -> [u8; 32] {
        let mut namer = Namer::default();
        for local in &self.machines {
            namer.add(&local.tokens);
            namer.add_files(&local.frozen.vault);
        }
        namer.add_files(&self.service.cloud);
        self.service.agreed.values().for_each(|agreed| namer.add_files(agreed));
        let text = format!("{:?} {}", self.spent, self.service.conflicts);
        namer.add(&canon::tokens(&text));
        for local in &self.machines {
            namer.add_set(&local.accepted);
        }
        namer.name()
    }
}
