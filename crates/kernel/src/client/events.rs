use super::{body::Lines, http};
use crate::api::{ApiError, event::Event};

/// The daemon's events, as they come. The end of the iterator is the end of the daemon, or of its
/// patience with a slow reader: subscribe again, after the last number seen.
#[derive(Debug)]
pub struct Events(Lines);

impl Events {
    pub(super) fn new(lines: Lines) -> Self {
        Self(lines)
    }
}

impl Iterator for Events {
    type Item = Result<Event, ApiError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.next() {
            Ok(None) => None,
            Ok(Some(line)) => {
                Some(serde_json::from_slice(&line).map_err(|e| http::not_understood("events", &e)))
            }
            Err(error) => Some(Err(http::lost(&error))),
        }
    }
}
