//! Wrong passphrases for vaults that are open already: counted, told about, and slowed down.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use crate::{
    api::{ApiError, Code, Hint},
    clock::Clock,
};

/// So many wrong guesses within [`WINDOW`] make an event, and no more are taken until the first
/// of them is older than that.
const LIMIT: usize = 5;

const WINDOW: Duration = Duration::from_mins(1);

/// The wrong guesses of the last minute, by vault.
#[derive(Debug)]
pub(crate) struct Guesses {
    clock: Arc<dyn Clock>,
    failed: RefCell<HashMap<String, VecDeque<Duration>>>,
}

impl Guesses {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, failed: RefCell::default() }
    }

    /// Refuses when there were too many wrong guesses for `vault` within a minute.
    ///
    /// # Errors
    /// `limit`.
    pub(crate) fn check(&self, vault: &str) -> Result<(), ApiError> {
        if self.recent(vault) < LIMIT {
            return Ok(());
        }
        let text = format!("too many wrong passphrases for the open vault {vault}");
        let hint = Hint::advice("Wait a minute, then try again.");
        Err(ApiError::new(Code::Limit, text).with_hint(hint))
    }

    /// Counts a wrong guess; the text of an event when it was one too many.
    pub(crate) fn failed(&self, vault: &str) -> Option<String> {
        let now = self.clock.boot_time();
        self.failed.borrow_mut().entry(vault.to_owned()).or_default().push_back(now);
        let recent = self.recent(vault);
        (recent >= LIMIT).then(|| {
            format!("{recent} wrong passphrases within a minute for the open vault {vault}")
        })
    }

    fn recent(&self, vault: &str) -> usize {
        let now = self.clock.boot_time();
        let mut failed = self.failed.borrow_mut();
        let Some(times) = failed.get_mut(vault) else { return 0 };
        times.retain(|time| now.saturating_sub(*time) < WINDOW);
        times.len()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;

    use super::*;

    #[derive(Debug, Default)]
    struct Still(Mutex<Duration>);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn boot_time(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }

    #[test]
    fn five_wrong_guesses_in_a_minute_are_told_and_stopped() {
        let clock = Arc::new(Still::default());
        let guesses = Guesses::new(Arc::clone(&clock) as Arc<dyn Clock>);
        for _ in 0..4 {
            assert!(guesses.check("work").is_ok() && guesses.failed("work").is_none());
        }
        assert!(guesses.failed("work").unwrap().starts_with("5 wrong passphrases"));
        assert_eq!(guesses.check("work").unwrap_err().code, Code::Limit);
        assert!(guesses.check("home").is_ok());
        *clock.0.lock().unwrap() += WINDOW;
        assert!(guesses.check("work").is_ok());
    }
}
