use std::time::Duration;

use jiff::Timestamp;

/// The day in UTC: `2026-11-23`.
pub fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// Day and time in UTC: `2026-11-23 17:11:05`.
pub fn date_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Day and time in UTC, to the second, as RFC 3339 writes it: `2026-11-23T17:11:05Z`.
pub fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long something lasts, exactly: `12m3s`, `26h0m1s`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

/// How long ago `time` was, roughly: `just now`, `5 minutes ago`, `in 3 days`.
pub fn ago(time: Timestamp, now: Timestamp) -> String {
    let distance = Duration::from_secs(now.duration_since(time).unsigned_abs().as_secs());
    match rough(distance) {
        None => "just now".to_owned(),
        Some(text) if time > now => format!("in {text}"),
        Some(text) => format!("{text} ago"),
    }
}

/// When a key expires: `does not expire`, `expires in 12 days`, `expired 3 days ago`.
pub fn expiry(expires: Option<Timestamp>, now: Timestamp) -> String {
    match expires {
        None => "does not expire".to_owned(),
        Some(time) if time > now => format!("expires {}", ago(time, now)),
        Some(time) => format!("expired {}", ago(time, now)),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const YEAR: u64 = 365 * DAY + DAY / 4;
const MONTH: u64 = YEAR / 12;

/// In one unit: whole minutes, hours or days, then months and years to the nearest; nothing under
/// a minute.
fn rough(distance: Duration) -> Option<String> {
    let seconds = distance.as_secs();
    let months = (seconds + MONTH / 2) / MONTH;
    let (number, unit) = match seconds {
        0..MINUTE => return None,
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        _ if seconds < 60 * DAY => (seconds / DAY, "day"),
        _ if months < 24 => (months, "month"),
        _ => ((seconds + YEAR / 2) / YEAR, "year"),
    };
    Some(super::text::count(number, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_utc_to_the_second() {
        let time = at("2026-04-01T01:30:05.75+02:00");
        assert_eq!(date(time), "2026-03-31");
        assert_eq!(date_time(time), "2026-03-31 23:30:05");
        assert_eq!(rfc3339(time), "2026-03-31T23:30:05Z");
    }

    #[test]
    fn spans_read_as_in_the_go_program() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (723, "12m3s"), (3600, "1h0m0s"), (93_601, "26h0m1s")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn distances_are_rough() {
        let now = at("2026-06-15T12:00:00Z");
        for (time, text) in [
            ("2026-06-15T11:59:30Z", "just now"),
            ("2026-06-15T11:58:59Z", "1 minute ago"),
            ("2026-06-15T10:00:00Z", "2 hours ago"),
            ("2026-06-18T12:00:00Z", "in 3 days"),
            ("2027-06-15T12:00:00Z", "in 12 months"),
            ("2028-06-14T11:59:59Z", "in 2 years"),
            ("2023-06-15T12:00:00Z", "3 years ago"),
        ] {
            assert_eq!(ago(at(time), now), text, "{time}");
        }
    }

    #[test]
    fn expiries_are_phrases() {
        let now = at("2026-06-15T12:00:00Z");
        assert_eq!(expiry(None, now), "does not expire");
        assert_eq!(expiry(Some(at("2026-06-27T13:00:00Z")), now), "expires in 12 days");
        assert_eq!(expiry(Some(at("2026-06-12T11:00:00Z")), now), "expired 3 days ago");
    }
}
