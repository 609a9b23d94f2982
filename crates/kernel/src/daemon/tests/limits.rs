use std::{rc::Rc, sync::Mutex};

use jiff::Timestamp;

use super::{super::entry::Entry, sessions::Fake, *};
use crate::{api::Code, clock::Clock, session::Limits};

const MINUTE: Duration = Duration::from_mins(1);

/// A clock that a test winds.
#[derive(Debug, Default)]
struct Wound(Mutex<Duration>);

impl Wound {
    fn wind(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Wound {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + self.boot_time()
    }

    fn boot_time(&self) -> Duration {
        *self.0.lock().unwrap()
    }
}

fn entry(session: Fake) -> (Arc<Wound>, Rc<Entry<Fake>>) {
    let clock = Arc::new(Wound::default());
    let entry = Entry::new(Rc::new(session), Arc::clone(&clock) as Arc<dyn Clock>);
    (clock, Rc::new(entry))
}

#[test]
fn w68_the_idle_limit_is_the_sessions_own() {
    let limits = Limits { idle: 30 * MINUTE, absolute: None };
    let (clock, entry) = entry(Fake { limits, ..Fake::new("work") });
    assert_eq!(entry.idle_at(), Some(Timestamp::UNIX_EPOCH + 30 * MINUTE));
    clock.wind(29 * MINUTE);
    assert!(!entry.is_due());
    clock.wind(MINUTE);
    assert!(entry.is_due());
}

#[test]
fn a_suspend_longer_than_the_limit_locks_on_wake() {
    let (clock, entry) = entry(Fake::new("work"));
    clock.wind(8 * 60 * MINUTE); // in one leap: nothing ran meanwhile
    assert!(entry.is_due());
}

#[test]
fn work_pauses_the_limits_and_begins_them_anew() {
    let (clock, entry) = entry(Fake::new("work"));
    let first = entry.work();
    let second = entry.work();
    clock.wind(60 * MINUTE);
    drop(first);
    assert!(!entry.is_due(), "the second still works");
    drop(second);
    assert!(!entry.is_due());
    assert_eq!(entry.idle_at(), Some(Timestamp::UNIX_EPOCH + 65 * MINUTE));
    clock.wind(5 * MINUTE);
    assert!(entry.is_due());
}

#[test]
fn asking_for_the_status_is_no_work() {
    let (clock, entry) = entry(Fake::new("work"));
    clock.wind(4 * MINUTE);
    entry.idle_at();
    clock.wind(MINUTE);
    assert!(entry.is_due());
}

#[test]
fn the_absolute_limit_does_not_care_for_work() {
    let limits = Limits { idle: 5 * MINUTE, absolute: Some(10 * MINUTE) };
    let (clock, entry) = entry(Fake { limits, ..Fake::new("work") });
    for _ in 0..3 {
        clock.wind(3 * MINUTE);
        drop(entry.work());
    }
    assert_eq!(entry.idle_at(), Some(Timestamp::UNIX_EPOCH + 10 * MINUTE));
    clock.wind(MINUTE);
    assert!(entry.is_due());
}

#[tokio::test]
async fn w06_a_session_that_cannot_be_put_to_rest_is_tried_again_ever_more_rarely() {
    let session = Fake::new("work");
    session.trouble.replace(Some(ApiError::new(Code::NoSpace, "no space")));
    let (clock, entry) = entry(session);
    clock.wind(5 * MINUTE);
    let mut pauses = Vec::new();
    for _ in 0..9 {
        assert!(entry.is_due());
        assert_eq!(entry.park().await.unwrap_err().code, Code::NoSpace);
        let begun = clock.boot_time();
        while !entry.is_due() {
            clock.wind(Duration::from_secs(5));
        }
        pauses.push(clock.boot_time().saturating_sub(begun).as_secs());
    }
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    entry.session().trouble.replace(None);
    entry.park().await.unwrap();
}

#[test]
fn a_lost_home_is_noticed_only_while_nobody_works() {
    let (_clock, entry) = entry(Fake::new("work"));
    entry.session().gone.set(true);
    let work = entry.work();
    assert!(!entry.is_lost(), "a step may be moving it");
    drop(work);
    assert!(entry.is_lost());
    entry.session().closed.set(true);
    assert!(!entry.is_lost() && !entry.is_due(), "a closed session has no limits");
}
