//! The host name as it stands in file names and sidecars.

use std::{fmt, str::FromStr};

/// A host name that is safe to put into a file name: not empty, no separator, no control
/// character, at most 64 bytes (Linux `HOST_NAME_MAX`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

/// A text that cannot be a host name here.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} cannot be a host name: 1 to 64 bytes, no slash, no control character")]
pub struct BadHostName(String);

impl HostName {
    /// The system's host name, unmodified (dots are kept), or `unknown` where it has none that
    /// could be used.
    pub fn of_system() -> Self {
        let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        name.and_then(|name| name.parse().ok()).unwrap_or_else(|| Self("unknown".to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a suffix that tells two machines of one name apart, cut to fit.
    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        let mut end = self.0.len().min(63_usize.saturating_sub(suffix.len()));
        while !self.0.is_char_boundary(end) {
            end -= 1;
        }
        Self(format!("{}-{suffix}", self.0.get(..end).unwrap_or_default()))
    }
}

impl FromStr for HostName {
    type Err = BadHostName;

    fn from_str(text: &str) -> Result<Self, BadHostName> {
        let fine = !text.is_empty()
            && text.len() <= 64
            && !text.contains('/')
            && !text.contains(".session-")
            && !text.chars().any(char::is_control);
        fine.then(|| Self(text.to_owned())).ok_or_else(|| BadHostName(text.to_owned()))
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_kept_and_separators_refused() {
        assert_eq!("a.b.example".parse::<HostName>().unwrap().as_str(), "a.b.example");
        for bad in ["", "a/b", "a\nb", "x.session-y", &"h".repeat(65)] {
            assert!(bad.parse::<HostName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_suffix_fits() {
        let host: HostName = "é".repeat(32).parse().unwrap();
        let name = host.with_suffix("0123abcd");
        assert!(name.as_str().len() <= 64 && name.as_str().ends_with("-0123abcd"));
        assert!(name.as_str().parse::<HostName>().is_ok());
    }
}
