//! When a key is to end, in the forms that gpg takes, and no other text.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

/// When a new key ends. `Display` is what gpg takes; durations count from the key's creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// Not at all.
    Never,
    /// After so many of these, at least one.
    After(u16, Unit),
    /// At noon UTC of that day.
    On(Date),
    /// At that second.
    At(Timestamp),
}

/// A span of time as gpg counts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// 86,400 seconds.
    Days,
    /// Seven days.
    Weeks,
    /// Thirty days, whatever the calendar says.
    Months,
    /// 365 days, whatever the calendar says.
    Years,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Days, Self::Weeks, Self::Months, Self::Years];

    fn letter(self) -> char {
        match self {
            Self::Days => 'd',
            Self::Weeks => 'w',
            Self::Months => 'm',
            Self::Years => 'y',
        }
    }

    fn days(self) -> i64 {
        match self {
            Self::Days => 1,
            Self::Weeks => 7,
            Self::Months => 30,
            Self::Years => 365,
        }
    }
}

impl Expiry {
    /// When a key that was made at `created` ends; `None` means never.
    pub fn counted_from(self, created: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::After(count, unit) => Some(
                created
                    .saturating_add((i64::from(count) * unit.days() * 24).hours())
                    .unwrap_or(Timestamp::MAX),
            ),
            Self::On(date) => TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0)).ok(),
            Self::At(time) => Some(time),
        }
    }
}

/// A text that is no expiry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an expiry such as 2y, 18m, 2w, 90d, 2028-11-22, 2028-11-22T12:00:00Z or never"
)]
pub struct BadExpiry(pub String);

impl FromStr for Expiry {
    type Err = BadExpiry;

    fn from_str(text: &str) -> Result<Self, BadExpiry> {
        never(text)
            .or_else(|| after(text))
            .or_else(|| on(text))
            .or_else(|| at(text))
            .ok_or_else(|| BadExpiry(text.to_owned()))
    }
}

fn never(text: &str) -> Option<Expiry> {
    matches!(text, "0" | "never" | "none").then_some(Expiry::Never)
}

/// A bare number means days, as it does to gpg.
fn after(text: &str) -> Option<Expiry> {
    let last = text.chars().last()?;
    let unit = Unit::ALL.into_iter().find(|unit| unit.letter() == last);
    let digits = unit.and_then(|_| text.get(..text.len() - 1)).unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let count = digits.parse().ok().filter(|_| plain)?;
    Some(Expiry::After(count, unit.unwrap_or(Unit::Days)))
}

fn on(text: &str) -> Option<Expiry> {
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|date| shape && fits(*date)).map(Expiry::On)
}

fn at(text: &str) -> Option<Expiry> {
    let time: Timestamp = if text.len() == 15 { compact(text)? } else { text.parse().ok()? };
    let whole = time.subsec_nanosecond() == 0;
    (whole && fits(TimeZone::UTC.to_datetime(time).date())).then_some(Expiry::At(time))
}

/// gpg's own form, `20281122T120000`, always UTC.
fn compact(text: &str) -> Option<Timestamp> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

/// OpenPGP counts seconds since 1970 in 32 bits: up to 2106-02-07.
fn fits(date: Date) -> bool {
    (1970..=2105).contains(&date.year())
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("0"),
            Self::After(count, unit) => write!(f, "{count}{}", unit.letter()),
            Self::On(date) => write!(f, "{date}"),
            Self::At(time) => write!(f, "{}", time.strftime("%Y%m%dT%H%M%S")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(text: &str) -> String {
        text.parse::<Expiry>().unwrap().to_string()
    }

    #[test]
    fn what_people_write_becomes_what_gpg_takes() {
        assert_eq!(sent("never"), "0");
        assert_eq!(sent("0"), "0");
        assert_eq!(sent("2y"), "2y");
        assert_eq!(sent("18m"), "18m");
        assert_eq!(sent("90"), "90d");
        assert_eq!(sent("2028-11-22"), "2028-11-22");
        assert_eq!(sent("2028-11-22T12:00:00Z"), "20281122T120000");
        assert_eq!(sent("2028-11-22T12:00:00+02:00"), "20281122T100000");
    }

    #[test]
    fn nothing_else_reaches_gpg() {
        for bad in [
            "",
            " ",
            "2 y",
            "-1d",
            "+1d",
            "02y",
            "0y",
            "1.5y",
            "y",
            "2Y",
            "seconds=5",
            "2028-13-01",
            "2028-2-1",
            "1969-12-31",
            "2107-01-01",
            "2028-11-22T12:00:00.5Z",
            "2028-11-22T12:00:00",
            "tomorrow",
            "99999y",
            "20281122",
            "\n",
        ] {
            assert!(bad.parse::<Expiry>().is_err(), "{bad:?}");
        }
        insta::assert_snapshot!(
            "soon".parse::<Expiry>().unwrap_err(),
            @r#""soon" is not an expiry such as 2y, 18m, 2w, 90d, 2028-11-22, 2028-11-22T12:00:00Z or never"#
        );
    }

    #[test]
    fn spans_count_from_the_keys_creation_as_gpg_counts() {
        let created: Timestamp = "2026-11-23T17:11:01Z".parse().unwrap();
        let ends = |text: &str| {
            text.parse::<Expiry>().unwrap().counted_from(created).map(|time| time.to_string())
        };
        assert_eq!(ends("2y").as_deref(), Some("2028-11-22T17:11:01Z"));
        assert_eq!(ends("1m").as_deref(), Some("2026-12-23T17:11:01Z"));
        assert_eq!(ends("2w").as_deref(), Some("2026-12-07T17:11:01Z"));
        assert_eq!(ends("2028-11-22").as_deref(), Some("2028-11-22T12:00:00Z"));
        assert_eq!(ends("never"), None);
    }

    proptest! {
        #[test]
        fn expiries_print_as_they_are_read(
            text in "0|[1-9][0-9]{0,3}[dwmy]|20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])(T[01][0-9]:[0-5][0-9]:[0-5][0-9]Z)?"
        ) {
            let expiry: Expiry = text.parse().unwrap();
            prop_assert_eq!(expiry.to_string().parse::<Expiry>().unwrap(), expiry);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,25}") {
            drop(text.parse::<Expiry>());
        }
    }
}
