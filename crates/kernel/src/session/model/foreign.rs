//! A snapshot of another vault, for the same recipient: whoever knows it can write one.

use std::sync::OnceLock;

use super::{
    act::Who,
    content::{self, Bytes},
    machine::Machine,
};
use crate::session::Session;

/// The foreign master key.
const MALLORY: &str = "63A69F267481A957024FA25B320E88FEA5B94785";

/// The newest snapshot of a vault of somebody else's.
pub(super) fn snapshot() -> Bytes {
    static SNAPSHOT: OnceLock<Bytes> = OnceLock::new();
    let alone = || super::orders::runtime().block_on(make());
    // A runtime of its own: the model is inside of one already.
    let make = || std::thread::scope(|scope| scope.spawn(alone).join().unwrap());
    SNAPSHOT.get_or_init(make).clone()
}

async fn make() -> Bytes {
    let root = content::in_ram();
    let mut machine = Machine::new(Who(0), root.path(), "2026-11-25T12:00:00Z".parse().unwrap());
    let created = Session::create(&machine.vault(), &machine.entry(), machine.opts()).await;
    machine.opened(created).unwrap();
    machine.make_key(MALLORY).await;
    machine.session.as_ref().unwrap().seal("theirs").await.unwrap();
    let files = machine.files();
    let (_, newest) = *content::snapshots(&files).last().unwrap();
    newest.clone()
}
