//! Random orders of acts, shrunk to a short one where a law breaks.

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};

use super::{
    act::{Act, HARMS, Who},
    laws::Broken,
    world::World,
};

/// Which acts an order is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// The service delays and reorders, and does no harm.
    Honest,
    /// It harms files too.
    Harmful,
}

/// Plays `count` random orders on `machines` machines. The seed is in the message of a failure,
/// and `GPGSMITH_MODEL_SEED` plays it again.
pub(super) fn play(count: u32, machines: usize, service: Service) {
    let seed = seed();
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes(seed));
    let mut runner = TestRunner::new_with_rng(config, rng);
    let runtime = runtime();
    let orders = vec(act(machines, service), 1..40);
    let played = runner.run(&orders, |order| {
        let played = runtime.block_on(play_one(machines, &order));
        played.map_err(|Broken(why)| TestCaseError::fail(why))
    });
    if let Err(error) = played {
        panic!("GPGSMITH_MODEL_SEED={seed}\n{error}");
    }
}

/// Plays one order.
pub(super) async fn play_one(machines: usize, order: &[Act]) -> Result<(), Broken> {
    let mut world = World::new(machines).await;
    for act in order {
        world.act(*act).await?;
    }
    Ok(())
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

fn seed() -> u64 {
    match std::env::var("GPGSMITH_MODEL_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => u64::from_le_bytes(crate::id::random::<8>()),
    }
}

fn seed_bytes(seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes
}

fn act(machines: usize, service: Service) -> BoxedStrategy<Act> {
    let who = || (0..machines).prop_map(Who);
    let honest = prop_oneof![
        8 => who().prop_map(Act::Open),
        6 => who().prop_map(Act::Resume),
        1 => who().prop_map(Act::Fresh),
        2 => who().prop_map(Act::Accept),
        1 => who().prop_map(Act::Attach),
        14 => who().prop_map(Act::Step),
        1 => who().prop_map(Act::FailedStep),
        6 => who().prop_map(Act::Seal),
        3 => who().prop_map(Act::Fork),
        3 => who().prop_map(Act::Checkpoint),
        3 => who().prop_map(Act::Rest),
        1 => who().prop_map(Act::Discard),
        1 => who().prop_map(Act::Beat),
        4 => who().prop_map(Act::Kill),
        2 => who().prop_map(Act::KillInStep),
        2 => who().prop_map(Act::KillInSeal),
        1 => who().prop_map(Act::KillInCheckpoint),
        4 => prop_oneof![1..30_u32, Just(100), Just(4000), Just(200_000)].prop_map(Act::Wait),
        5 => who().prop_map(Act::Sync),
        8 => (who(), any::<u8>()).prop_map(|(who, nth)| Act::Deliver(who, nth)),
    ];
    let harm = (who(), proptest::sample::select(&HARMS[..]), any::<u8>())
        .prop_map(|(who, harm, nth)| Act::Harm(who, harm, nth));
    match service {
        Service::Honest => honest.boxed(),
        Service::Harmful => prop_oneof![16 => honest, 1 => harm].boxed(),
    }
}
