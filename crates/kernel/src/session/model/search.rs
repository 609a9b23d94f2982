//! Every order of acts within bounds, breadth first: from each world that was reached, everything
//! that may happen does, and is held against the laws. What a machine does depends on that machine
//! alone, so that it is done once; and a world is a few numbers.

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    mem,
    sync::Arc,
};

use super::{
    act::{Act, Who},
    bounds::{Bounds, Spent, answers, deliveries, harming, working},
    dirs::{Bring, Dir, Dirs, Held},
    frozen::{Frozen, Rest, Written},
    laws::{self, Broken},
    program,
    runs::{Came, Run, Stage},
};

/// What a search has come past.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Worlds that differ.
    pub(super) worlds: usize,
    /// Acts in them.
    pub(super) acts: usize,
    /// Acts that a program has run for; the others were known from another world.
    pub(super) runs: usize,
    /// The longest of the shortest orders to a world.
    pub(super) depth: usize,
    /// How often what came of an act.
    pub(super) outcomes: BTreeMap<&'static str, usize>,
}

/// A machine in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Local(u32);

/// What a [`Local`] stands for.
#[derive(Debug)]
struct State {
    rest: Arc<Rest>,
    /// The hash of `rest`.
    name: [u8; 32],
    dir: Dir,
    /// What came of the acts that were tried; `None` while one is being tried.
    known: HashMap<Act, Option<Result<Next, Broken>>>,
}

/// What came of an act of the program.
#[derive(Clone, Copy, Debug)]
struct Next {
    local: Local,
    outcome: &'static str,
    is_done: bool,
    /// Whether only harm excuses it.
    by_harm: bool,
}

/// Two machines, and the service between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    machines: [Local; 2],
    held: Held,
    spent: Spent,
}

/// The number of a world: how many were reached before it.
type Number = u32;

struct Search {
    bounds: Bounds,
    stage: Stage,
    written: Written,
    dirs: Dirs,
    states: Vec<State>,
    /// The machines before anything has happened.
    begun: [Local; 2],
    locals: HashMap<([u8; 32], Dir), Local>,
    /// What has to be run before the worlds that are open can be gone on from.
    runs: [Vec<Run<Local>>; 2],
    known: HashSet<Place>,
    /// The world before each, and the act that led from there.
    ways: Vec<(Number, Act)>,
    /// The worlds that were reached and not gone on from.
    open: Vec<(Place, Number)>,
    reached: Reached,
}

/// Looks at every order within `bounds` on two machines.
pub(super) fn search(bounds: Bounds) -> Reached {
    let mut search = Search {
        bounds,
        stage: Stage::new(),
        written: Written::default(),
        dirs: Dirs::default(),
        states: Vec::new(),
        begun: [Local(0), Local(1)],
        locals: HashMap::new(),
        runs: [Vec::new(), Vec::new()],
        known: HashSet::new(),
        ways: Vec::new(),
        open: Vec::new(),
        reached: Reached::default(),
    };
    search.begin();
    while search.reached.depth < bounds.acts && !search.open.is_empty() {
        search.reached.depth += 1;
        search.go_on();
    }
    search.reached.worlds = search.known.len();
    search.reached
}

impl Search {
    fn begin(&mut self) {
        let machines = [Who(0), Who(1)].map(|who| {
            let frozen = self.stage.machine(who);
            self.frozen(frozen)
        });
        let held = self.dirs.held(self.stage.service());
        self.add(Place { machines, held, spent: Spent::default() }, (0, Act::Wait(0)));
    }

    /// Lets everything happen that may happen in the worlds that are open.
    fn go_on(&mut self) {
        let open = mem::take(&mut self.open);
        let mut waiting: Vec<usize> = (0..open.len()).collect();
        while !waiting.is_empty() {
            waiting.retain(|nr| !self.try_acts(&open[*nr].0));
            self.run();
        }
        for (place, number) in open {
            for act in self.acts(&place).0 {
                self.reached.acts += 1;
                match self.follow(&place, act) {
                    Ok((after, outcome)) => {
                        *self.reached.outcomes.entry(outcome).or_default() += 1;
                        self.add(after, (number, act));
                    }
                    Err(broken) => self.fail((number, act), &broken),
                }
            }
        }
    }

    fn fail(&self, (mut number, act): (Number, Act), Broken(why): &Broken) -> ! {
        let mut acts = vec![act];
        while number > 0 {
            let (before, act) = self.ways[usize::try_from(number).unwrap()];
            acts.push(act);
            number = before;
        }
        acts.reverse();
        panic!("{why}\nafter {acts:?}")
    }

    /// Sees to it that what may happen in a world will be tried; whether all has been.
    fn try_acts(&mut self, place: &Place) -> bool {
        let (acts, is_all) = self.acts(place);
        let mut is_known = is_all;
        for act in acts {
            let Some(who) = program::who(act) else { continue };
            let local = place.machines[who.0];
            let State { rest, dir, known, .. } = &mut self.states[local.at()];
            match known.entry(act) {
                Entry::Occupied(tried) => is_known &= tried.get().is_some(),
                Entry::Vacant(new) => {
                    new.insert(None);
                    is_known = false;
                    let (vault, rest) = (Arc::clone(self.dirs.files(*dir)), Arc::clone(rest));
                    self.runs[who.0].push(Run { of: local, act, vault, rest });
                }
            }
        }
        is_known
    }

    /// Runs what has to be run.
    fn run(&mut self) {
        while self.runs.iter().any(|runs| !runs.is_empty()) {
            for (run, came) in self.stage.run(&mut self.runs) {
                self.reached.runs += 1;
                let next = came.map(|came| {
                    let Came { mut after, outcome, is_done, by_harm } = came;
                    after.reuse(&run.vault, &mut self.written);
                    Next { local: self.frozen(after), outcome, is_done, by_harm }
                });
                self.states[run.of.at()].known.insert(run.act, Some(next));
            }
        }
    }

    /// What may happen in a world, as far as that is known, and whether that is all.
    fn acts(&mut self, place: &Place) -> (Vec<Act>, bool) {
        let mut acts = Vec::new();
        let mut is_all = true;
        for who in [Who(0), Who(1)] {
            let state = &self.states[place.machines[who.0].at()];
            let mut tried = if state.rest.is_open() { working(who) } else { vec![Act::Open(who)] };
            tried.extend(harming(who, self.bounds.harms, self.dirs.files(state.dir).len()));
            tried.extend(deliveries(who, self.dirs.pending(state.dir, place.held)));
            tried.retain(|act| self.bounds.allow(place.spent, *act));
            for asking in [Act::Open(who), Act::Seal(who)] {
                if tried.contains(&asking) {
                    match state.known.get(&asking) {
                        Some(Some(next)) => {
                            let outcome = next.as_ref().map(|next| next.outcome);
                            tried.extend(answers(who, outcome.unwrap_or_default()));
                        }
                        _ => is_all = false,
                    }
                }
            }
            acts.extend(tried);
        }
        (acts, is_all)
    }

    /// The world after something that happens, and what that came to.
    fn follow(&mut self, before: &Place, act: Act) -> Result<(Place, &'static str), Broken> {
        let mut after = *before;
        let outcome = match act {
            Act::Sync(who) => self.bring(&mut after, who, Bring::All),
            Act::Deliver(who, nth) => {
                after.spent = self.bounds.after(before.spent, act, true);
                self.bring(&mut after, who, Bring::One(nth))
            }
            Act::Harm(who, harm, nth) => {
                let local = before.machines[who.0];
                match self.dirs.harmed(self.state(local).dir, harm, nth) {
                    None => "nothing to harm",
                    Some(dir) => {
                        after.spent = self.bounds.after(before.spent, act, true);
                        after.machines[who.0] = self.placed(local, dir);
                        "harm"
                    }
                }
            }
            act => {
                let local = &mut after.machines[program::who(act).unwrap().0];
                let next = self.next(*local, act, before.spent.harmed)?;
                let is_done = next.is_done && next.local != *local;
                *local = next.local;
                after.spent = self.bounds.after(before.spent, act, is_done);
                next.outcome
            }
        };
        Ok((after, outcome))
    }

    /// What comes of an act of the program on a machine, in a world that was `harmed` or not.
    fn next(&self, local: Local, act: Act, harmed: bool) -> Result<Next, Broken> {
        let known = &self.state(local).known;
        let next = known.get(&act).and_then(Option::clone).expect("it was tried")?;
        laws::holds(harmed || !next.by_harm, &format!("{} without a cause", next.outcome))?;
        Ok(next)
    }

    fn bring(&mut self, place: &mut Place, who: Who, what: Bring) -> &'static str {
        let local = place.machines[who.0];
        let (dir, held, how) = self.dirs.bring(what, who, (self.state(local).dir, place.held));
        place.held = held;
        place.machines[who.0] = self.placed(local, dir);
        how
    }

    /// Keeps a world, if it is new and something is left to be done in it, as soon as the service
    /// has taken what is new there.
    fn add(&mut self, mut place: Place, way: (Number, Act)) {
        let mut is_over = true;
        for who in [Who(0), Who(1)] {
            self.bring(&mut place, who, Bring::Up);
            let state = self.state(place.machines[who.0]);
            let may = |act| self.bounds.allow(place.spent, act);
            let is_open = state.rest.is_open();
            if may(Act::Open(who)) || is_open && working(who).into_iter().any(may) {
                is_over = false;
            } else {
                // Nothing will be done on it any more: only its directory matters.
                let dir = state.dir;
                place.machines[who.0] = self.placed(self.begun[who.0], dir);
            }
        }
        if !is_over && self.known.insert(place) {
            self.open.push((place, Number::try_from(self.ways.len()).unwrap()));
            self.ways.push(way);
        }
    }

    fn state(&self, local: Local) -> &State {
        &self.states[local.at()]
    }

    fn frozen(&mut self, frozen: Frozen) -> Local {
        let dir = self.dirs.number(&frozen.vault);
        self.local(frozen.rest.name(), Arc::new(frozen.rest), dir)
    }

    /// The same with another vault directory.
    fn placed(&mut self, local: Local, dir: Dir) -> Local {
        let State { rest, name, dir: before, .. } = self.state(local);
        if dir == *before {
            return local;
        }
        let (name, rest) = (*name, Arc::clone(rest));
        self.local(name, rest, dir)
    }

    fn local(&mut self, name: [u8; 32], rest: Arc<Rest>, dir: Dir) -> Local {
        let next = Local(u32::try_from(self.states.len()).unwrap());
        let local = *self.locals.entry((name, dir)).or_insert(next);
        if local == next {
            self.states.push(State { rest, name, dir, known: HashMap::new() });
        }
        local
    }
}

impl Local {
    fn at(self) -> usize {
        usize::try_from(self.0).unwrap()
    }
}
