//! File names of snapshots: `20260410T143012Z_initial-import.tar.age`.

use std::{ffi::OsStr, fmt, str::FromStr};

use jiff::{Timestamp, Unit, civil, tz::TimeZone};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::atomic::TEMP_PREFIX;

/// Longest slug that is written, in bytes: the name, a suffix naming a host of 64 bytes and
/// `.info` together fit the 255 bytes of a file name.
const LONGEST_SLUG: usize = 100;
/// Stands in where a message holds no letter and no digit.
const EMPTY_SLUG: &str = "snapshot";
const SUFFIX: &str = ".tar.age";

/// What a snapshot's name says about its content: letters, decimal digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(String);

impl Slug {
    /// Lower-cases `message`, keeps letters and decimal digits, and turns every other run of
    /// characters into one dash; never empty, and at most 100 bytes.
    pub fn from_message(message: &str) -> Self {
        let mut slug = String::new();
        for c in message.chars() {
            if is_kept(c) {
                // One character to one, as in Unicode's simple case mapping.
                slug.push(c.to_lowercase().next().unwrap_or(c));
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        slug.truncate(slug.floor_char_boundary(LONGEST_SLUG));
        slug.truncate(slug.trim_end_matches('-').len());
        Self(if slug.is_empty() { EMPTY_SLUG.to_owned() } else { slug })
    }

    /// The slug as it stands in the file name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no slug: empty, or with something other than letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not made of letters, digits and dashes")]
pub struct BadSlug(String);

impl FromStr for Slug {
    type Err = BadSlug;

    fn from_str(text: &str) -> Result<Self, BadSlug> {
        if !text.is_empty() && text.chars().all(|c| c == '-' || is_kept(c)) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadSlug(text.to_owned()))
        }
    }
}

/// Categories L and Nd; `char::is_alphanumeric` would keep `²` and `Ⅷ` too.
fn is_kept(c: char) -> bool {
    c.general_category_group() == GeneralCategoryGroup::Letter
        || c.general_category() == GeneralCategory::DecimalNumber
}

/// The name of one snapshot: when it was taken (UTC, whole seconds), and its slug.
///
/// `FromStr` and `Display` are inverse, and order is age, then slug.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName {
    taken: Timestamp,
    slug: Slug,
}

impl SnapshotName {
    /// Drops the fraction of a second; a time before the year 0 becomes its first second,
    /// since names have four digits for the year.
    pub fn new(taken: Timestamp, slug: Slug) -> Self {
        Self { taken: whole_second(taken), slug }
    }

    /// The second in the name.
    pub fn taken(&self) -> Timestamp {
        self.taken
    }

    /// The slug in the name.
    pub fn slug(&self) -> &Slug {
        &self.slug
    }

    /// The file's name, as `Display` prints it.
    pub fn file_name(&self) -> String {
        self.to_string()
    }
}

/// The second that `time` lies in, not before the year 0.
pub(crate) fn whole_second(time: Timestamp) -> Timestamp {
    let floor = jiff::TimestampRound::new().smallest(Unit::Second).mode(jiff::RoundMode::Floor);
    let year_zero = Timestamp::from_second(-62_167_219_200).unwrap_or(Timestamp::UNIX_EPOCH);
    time.round(floor).unwrap_or(time).max(year_zero)
}

/// `20260410T143012Z`, which starts the name of everything that belongs to this second.
pub(crate) fn stamp(taken: Timestamp) -> String {
    let t = TimeZone::UTC.to_datetime(taken);
    let (year, month, day) = (t.year(), t.month(), t.day());
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", t.hour(), t.minute(), t.second())
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}{SUFFIX}", stamp(self.taken), self.slug)
    }
}

/// A file name that is not that of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a snapshot")]
pub struct BadSnapshotName(String);

impl FromStr for SnapshotName {
    type Err = BadSnapshotName;

    fn from_str(text: &str) -> Result<Self, BadSnapshotName> {
        parse(text).ok_or_else(|| BadSnapshotName(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<SnapshotName> {
    let (stamp, slug) = text.strip_suffix(SUFFIX)?.split_once('_')?;
    let (date, time) = stamp.strip_suffix('Z')?.split_once('T')?;
    let date = civil::Date::new(
        digits(date.get(..4)?)?,
        digits(date.get(4..6)?)?,
        digits(date.get(6..).filter(|day| day.len() == 2)?)?,
    );
    let time = civil::Time::new(
        digits(time.get(..2)?)?,
        digits(time.get(2..4)?)?,
        digits(time.get(4..).filter(|second| second.len() == 2)?)?,
        0,
    );
    let taken = TimeZone::UTC.to_timestamp(date.ok()?.to_datetime(time.ok()?)).ok()?;
    Some(SnapshotName { taken, slug: slug.parse().ok()? })
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A file in a snapshot directory that is not one of ours, and is never opened as one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Foreign {
    /// As on disk, with what is not UTF-8 replaced; sanitise it before printing.
    pub file_name: String,
    /// What it looks like.
    pub kind: ForeignKind,
}

/// What a foreign file looks like, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ForeignKind {
    /// A copy that a sync service made when two machines wrote the same name.
    ConflictCopy,
    /// An unfinished file, of this crate or of a sync service.
    Temporary,
    /// Ends in `.age`, but is not named as a snapshot, or is not a regular file.
    Other,
}

impl ForeignKind {
    /// What a file of this name looks like; `None` for files that are none of our business. A
    /// snapshot is not asked about.
    pub fn of(name: &OsStr) -> Option<Self> {
        foreign(name)
    }
}

impl fmt::Display for ForeignKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConflictCopy => "a conflict copy of a sync service",
            Self::Temporary => "an unfinished file",
            Self::Other => "not named as a snapshot",
        })
    }
}

/// What kind of stranger `name` belongs to; `None` for files that are none of our business.
pub(crate) fn foreign(name: &OsStr) -> Option<ForeignKind> {
    let name = name.to_string_lossy().to_lowercase();
    let starts = |with: &[&str]| with.iter().any(|start| name.starts_with(start));
    let ends = |with: &[&str]| with.iter().any(|end| name.ends_with(end));
    let holds = |with: &[&str]| with.iter().any(|part| name.contains(part));
    if starts(&[TEMP_PREFIX, ".syncthing.", "~syncthing~"]) || ends(&[".tmp", ".part", ".partial"])
    {
        Some(ForeignKind::Temporary)
    } else if holds(&["conflicted copy", "conflict copy", ".sync-conflict-"]) || is_numbered(&name)
    {
        Some(ForeignKind::ConflictCopy)
    } else {
        ends(&[".age"]).then_some(ForeignKind::Other)
    }
}

/// `… (1).age`, `… (2).tar.age` or `… .tar.age (1).suffix`, as file managers and drives name
/// a second copy.
fn is_numbered(lower: &str) -> bool {
    let number = |rest: &str| rest.split_once(')').map(|(number, _)| number.to_owned());
    let mut numbers = lower.split('(').skip(1).filter_map(number);
    let is_number =
        |number: String| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    lower.contains(".age") && numbers.any(is_number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slugs_are_those_of_go() {
        for (message, slug) in [
            ("initial import", "initial-import"),
            ("Rotate 2026 subkeys", "rotate-2026-subkeys"),
            ("  two  words  ", "two-words"),
            ("Mixed CASE", "mixed-case"),
            ("left!@#right", "left-right"),
            ("already-a-slug", "already-a-slug"),
            ("a--b", "a-b"),
            ("x/y\\z", "x-y-z"),
            ("Fête 日本", "fête-日本"),
            ("İstanbul", "istanbul"),
            ("ΣΑΣ", "σασ"),
            ("٣ keys", "٣-keys"),
            ("²³", "snapshot"),
            ("Ⅷ", "snapshot"),
            ("", "snapshot"),
            ("!!!", "snapshot"),
        ] {
            assert_eq!(Slug::from_message(message).as_str(), slug, "{message:?}");
        }
    }

    #[test]
    fn long_slug_is_cut_between_characters() {
        assert_eq!(Slug::from_message(&"x".repeat(200)).as_str(), "x".repeat(100));
        assert_eq!(Slug::from_message(&"日".repeat(50)).as_str(), "日".repeat(33));
        assert_eq!(Slug::from_message(&format!("{} b", "a".repeat(99))).as_str(), "a".repeat(99));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "20260410T143012Z_.tar.age",
            "20260410T143012Z.tar.age",
            "20260410T143012Z_a b.tar.age",
            "20260410T143012Z_a.tar.age.age",
            "20260410T143012Z_a.tar",
            "20261310T143012Z_a.tar.age",
            "20260230T143012Z_a.tar.age",
            "20260410T243012Z_a.tar.age",
            "20260410T143060Z_a.tar.age",
            "2026041T0143012Z_a.tar.age",
            "+0260410T143012Z_a.tar.age",
            "٢٠٢٦0410T143012Z_a.tar.age",
            "20260410t143012Z_a.tar.age",
            "20260410T143012Z_a/b.tar.age",
        ] {
            assert!(text.parse::<SnapshotName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn slug_of_go_may_be_longer_than_ours() {
        let name = format!("20260410T143012Z_{}.tar.age", "a".repeat(200));
        assert_eq!(name.parse::<SnapshotName>().unwrap().to_string(), name);
    }

    #[test]
    fn time_before_the_year_0_becomes_its_start() {
        let name = SnapshotName::new(Timestamp::MIN, Slug::from_message("x"));
        assert_eq!(name.to_string(), "00000101T000000Z_x.tar.age");
        assert_eq!(name.to_string().parse(), Ok(name));
    }

    fn name() -> impl Strategy<Value = SnapshotName> {
        let seconds = -62_167_219_200..=Timestamp::MAX.as_second();
        (seconds, "\\PC{0,150}").prop_map(|(seconds, message)| {
            let taken = Timestamp::from_second(seconds).unwrap();
            SnapshotName::new(taken, Slug::from_message(&message))
        })
    }

    proptest! {
        #[test]
        fn name_prints_and_parses(name in name()) {
            prop_assert_eq!(name.to_string().parse(), Ok(name));
        }

        #[test]
        fn names_sort_as_their_times(a in name(), b in name()) {
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn any_message_gives_a_slug(message: String) {
            let slug = Slug::from_message(&message);
            prop_assert!(slug.as_str().len() <= LONGEST_SLUG);
            prop_assert_eq!(slug.as_str().parse(), Ok(slug.clone()));
            prop_assert_eq!(Slug::from_message(slug.as_str()), slug);
        }

        #[test]
        fn any_text_parses_or_does_not(text: String) {
            if let Ok(name) = text.parse::<SnapshotName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
