use std::{cell::RefCell, collections::VecDeque};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::api::event::{Event, What};

/// How many events are kept for those who come late.
const KEPT: usize = 256;

/// The last events of the daemon. Publishing never waits for a reader.
#[derive(Debug)]
pub(crate) struct Events {
    ring: RefCell<VecDeque<Event>>,
    latest: watch::Sender<u64>,
}

impl Events {
    pub(super) fn new() -> Self {
        Self { ring: RefCell::new(VecDeque::with_capacity(KEPT)), latest: watch::Sender::new(0) }
    }

    pub(super) fn publish(&self, time: Timestamp, what: What) {
        let seq = *self.latest.borrow() + 1;
        let mut ring = self.ring.borrow_mut();
        if ring.len() == KEPT {
            ring.pop_front();
        }
        ring.push_back(Event { seq, time, what });
        drop(ring);
        self.latest.send_replace(seq);
    }

    /// Resolves when there is more than what was seen when it was made or last changed.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    /// What came behind `seq`. Where that is no longer known, or was numbered by another daemon, a
    /// [`What::Gap`] stands first.
    pub(super) fn after(&self, seq: u64, now: Timestamp) -> Vec<Event> {
        let latest = *self.latest.borrow();
        let ring = self.ring.borrow();
        let before = ring.front().map_or(latest, |oldest| oldest.seq - 1);
        if (before..=latest).contains(&seq) {
            return ring.iter().filter(|event| event.seq > seq).cloned().collect();
        }
        let gap = Event { seq: before, time: now, what: What::Gap };
        std::iter::once(gap).chain(ring.iter().cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(count: u64) -> Events {
        let events = Events::new();
        for number in 1..=count {
            let what = What::Warning { vault: "work".to_owned(), text: number.to_string() };
            events.publish(Timestamp::UNIX_EPOCH, what);
        }
        events
    }

    fn seqs(events: &Events, after: u64) -> Vec<(u64, bool)> {
        let seen = events.after(after, Timestamp::UNIX_EPOCH);
        seen.iter().map(|event| (event.seq, event.what == What::Gap)).collect()
    }

    #[test]
    fn what_is_kept_is_caught_up_with() {
        assert_eq!(seqs(&published(3), 1), [(2, false), (3, false)]);
        assert_eq!(seqs(&published(3), 3), []);
        assert_eq!(seqs(&published(0), 0), []);
    }

    #[test]
    fn what_is_lost_is_a_gap() {
        let seen = seqs(&published(300), 10);
        assert_eq!(seen.first(), Some(&(44, true)));
        assert_eq!(seen.get(1), Some(&(45, false)));
        assert_eq!(seen.len(), 257);
    }

    #[test]
    fn the_numbers_of_another_daemon_are_a_gap() {
        assert_eq!(seqs(&published(2), 70), [(0, true), (1, false), (2, false)]);
        assert_eq!(seqs(&published(0), 70), [(0, true)]);
    }
}
