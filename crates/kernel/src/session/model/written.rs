//! Twenty orders that whole programs play too, each act with what it comes to here: the snapshot
//! is read by the tests of whole programs, which have to come to the same.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{
    act::{Act, Harm, Who},
    bounds::answers,
    orders::runtime,
    world::World,
};

const LAPTOP: Who = Who(0);
const DESK: Who = Who(1);

/// The seeds of the orders. Of all up to the last, each brought something of [`REMARKABLE`] that
/// few before it had.
const SEEDS: [u32; 20] =
    [2, 4, 6, 11, 22, 100, 117, 126, 134, 141, 143, 173, 174, 182, 210, 215, 237, 284, 340, 408];

/// How many acts each has after its beginning.
const ACTS: u16 = 14;

/// How every order begins: the laptop seals twice, so that the newest two have a lineage whatever
/// was there before, and both machines have them.
const BEGINNING: [Act; 6] = [
    Act::Open(LAPTOP),
    Act::Seal(LAPTOP),
    Act::Open(LAPTOP),
    Act::Seal(LAPTOP),
    Act::Sync(LAPTOP),
    Act::Sync(DESK),
];

/// All of this is met in some order.
const REMARKABLE: [&str; 8] = [
    "unfinished work told",
    "resumed",
    "forked",
    "divergence told",
    "fork told",
    "rollback told",
    "replay told",
    "damage told",
];

/// An order, and what each act came to.
type Order = Vec<(Act, &'static str)>;

#[test]
fn twenty_orders_are_written_out_for_whole_programs() {
    let mut written = String::new();
    for (nr, seed) in SEEDS.into_iter().enumerate() {
        writeln!(written, "order {}", nr + 1).unwrap();
        for (act, came_to) in order(seed) {
            writeln!(written, "{}: {came_to}", words(act)).unwrap();
        }
    }
    let unmet: Vec<_> =
        REMARKABLE.iter().filter(|word| !written.contains(&format!(": {word}"))).collect();
    assert!(unmet.is_empty(), "choose other seeds: {unmet:?}");
    insta::assert_snapshot!(written);
}

/// The order that follows from a seed.
fn order(seed: u32) -> Order {
    runtime().block_on(async {
        let mut world = World::new(2).await;
        let mut order = Order::new();
        for act in BEGINNING {
            play(&mut world, act, &mut order).await;
        }
        for nr in 0..ACTS {
            let act = choose(&world, &order, &mut Draw { seed, nr, count: 0 });
            play(&mut world, act, &mut order).await;
        }
        for act in [Act::Sync(LAPTOP), Act::Sync(DESK), Act::Sync(LAPTOP)] {
            play(&mut world, act, &mut order).await;
        }
        order
    })
}

/// Lets an act happen, and some time pass, as it does where programs are real.
async fn play(world: &mut World, act: Act, order: &mut Order) {
    world.act(act).await.unwrap();
    world.pass(2);
    order.push((act, world.came_to));
}

/// Numbers that follow from a seed and the place in the order.
struct Draw {
    seed: u32,
    nr: u16,
    count: u8,
}

impl Draw {
    fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        self.count += 1;
        let drawn = Sha256::digest(format!("{} {} {}", self.seed, self.nr, self.count));
        from[usize::from(drawn[0]) % from.len()]
    }
}

/// What happens next: something that makes sense.
fn choose(world: &World, order: &Order, draw: &mut Draw) -> Act {
    let who = draw.one_of(&[LAPTOP, DESK]);
    let (last, came_to) = *order.last().unwrap();
    if matches!(last, Act::Open(asked) | Act::Seal(asked) if asked == who) {
        let answers = answers(who, came_to);
        if !answers.is_empty() && draw.one_of(&[true, true, false]) {
            return draw.one_of(&answers);
        }
    }
    let nth = draw.one_of(&[0, 1, 2, 3, 4, 5]);
    match draw.one_of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3]) {
        0 if world.machines[who.0].session.is_some() => draw.one_of(&[
            Act::Step(who),
            Act::Step(who),
            Act::Step(who),
            Act::Seal(who),
            Act::Seal(who),
            Act::Seal(who),
            Act::Rest(who),
            Act::Discard(who),
            Act::Kill(who),
            Act::Kill(who),
            Act::KillInStep(who),
            Act::KillInSeal(who),
        ]),
        0 => Act::Open(who),
        1 => Act::Sync(who),
        2 => Act::Deliver(who, nth),
        _ if order.iter().any(|(act, _)| matches!(act, Act::Harm(..))) => Act::Sync(who),
        _ => {
            let harms = [Harm::Truncate, Harm::Delete, Harm::Copy, Harm::Rollback, Harm::Replay];
            Act::Harm(who, draw.one_of(&harms), nth)
        }
    }
}

fn words(act: Act) -> String {
    match act {
        Act::Open(who) => format!("open {who:?}"),
        Act::Resume(who) => format!("resume {who:?}"),
        Act::Fresh(who) => format!("fresh {who:?}"),
        Act::Accept(who) => format!("accept {who:?}"),
        Act::Step(who) => format!("step {who:?}"),
        Act::Seal(who) => format!("seal {who:?}"),
        Act::Fork(who) => format!("fork {who:?}"),
        Act::Rest(who) => format!("rest {who:?}"),
        Act::Discard(who) => format!("discard {who:?}"),
        Act::Kill(who) => format!("kill {who:?}"),
        Act::KillInStep(who) => format!("kill-in-step {who:?}"),
        Act::KillInSeal(who) => format!("kill-in-seal {who:?}"),
        Act::Sync(who) => format!("sync {who:?}"),
        Act::Deliver(who, nth) => format!("deliver {who:?} {nth}"),
        Act::Harm(who, harm, nth) => {
            format!("{} {who:?} {nth}", format!("{harm:?}").to_lowercase())
        }
        act => panic!("{act:?} is not for whole programs"),
    }
}
