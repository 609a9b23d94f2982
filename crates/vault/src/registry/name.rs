use std::{fmt, str::FromStr};

/// Longest name of a new vault, in bytes.
const LONGEST: usize = 64;

/// A name for a new vault: it may stand in a shell's prompt, in a list, in a command.
///
/// One to 64 bytes: letters, digits, spaces and `. _ - + @`, neither starting with a dot, a dash
/// or a space nor ending with a space. Vaults that the registry has already may have any name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultName(String);

impl VaultName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that no new vault may be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} can't name a vault: 1 to 64 bytes of letters, digits, spaces and . _ - + @, not starting with a dot, a dash or a space"
)]
pub struct BadVaultName(String);

impl FromStr for VaultName {
    type Err = BadVaultName;

    fn from_str(text: &str) -> Result<Self, BadVaultName> {
        let is_allowed = |c: char| c.is_alphanumeric() || " ._-+@".contains(c);
        let is_name = (1..=LONGEST).contains(&text.len())
            && text.chars().all(is_allowed)
            && !text.starts_with(['.', '-', ' '])
            && !text.ends_with(' ');
        if is_name { Ok(Self(text.to_owned())) } else { Err(BadVaultName(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_use_are_allowed() {
        for name in ["work", "Ann's".trim_end_matches("'s"), "a b", "Zoë", "2026", "a@b.org", "+"]
        {
            assert_eq!(name.parse::<VaultName>().unwrap().to_string(), name);
        }
        assert!("a".repeat(64).parse::<VaultName>().is_ok());
    }

    #[test]
    fn w36_names_that_a_shell_would_run_are_not() {
        let bad = [
            "",
            ".",
            "..",
            ".a",
            "-a",
            " a",
            "a ",
            "a/b",
            "a\\b",
            "a'b",
            "a\"b",
            "$(id)",
            "`id`",
            "a;b",
            "a\nb",
            "a\u{1b}b",
            "a=b",
            "a,b",
            "~",
            "a:b",
            "a#b",
            "\u{202e}a",
        ];
        for name in bad {
            assert!(name.parse::<VaultName>().is_err(), "{name:?}");
        }
        assert!("a".repeat(65).parse::<VaultName>().is_err());
    }
}
