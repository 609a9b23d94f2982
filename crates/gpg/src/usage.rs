//! What keys may do, by gpg's words and letters.

use std::fmt;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Usage {
    /// Bind user ids and subkeys: the primary key's work.
    Certify,
    /// Sign data.
    Sign,
    /// Receive encrypted data.
    Encrypt,
    /// Log in, by ssh for example.
    Authenticate,
}

impl Usage {
    /// In gpg's order: certify, sign, encrypt, authenticate.
    pub const ALL: [Self; 4] = [Self::Certify, Self::Sign, Self::Encrypt, Self::Authenticate];

    /// The word that `--quick-gen-key` and `--quick-add-key` take.
    pub fn word(self) -> &'static str {
        match self {
            Self::Certify => "cert",
            Self::Sign => "sign",
            Self::Encrypt => "encr",
            Self::Authenticate => "auth",
        }
    }

    /// What a key of this usage does, as it follows "to".
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Certify => "certify",
            Self::Sign => "sign",
            Self::Encrypt => "encrypt",
            Self::Authenticate => "authenticate",
        }
    }

    /// The lower-case letter that stands for it in listings.
    pub fn letter(self) -> char {
        match self {
            Self::Certify => 'c',
            Self::Sign => 's',
            Self::Encrypt => 'e',
            Self::Authenticate => 'a',
        }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A set of [`Usage`]s; prints as lower-case letters in gpg's order, `sc` for example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Usages(u8);

impl Usages {
    /// Whether `usage` is among them.
    pub fn contains(self, usage: Usage) -> bool {
        self.0 & Self::bit(usage) != 0
    }

    /// Whether nothing is allowed, as for a key that was revoked by a strange flag packet.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in the set, in the order of [`Usage::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Usage> {
        Usage::ALL.into_iter().filter(move |usage| self.contains(*usage))
    }

    /// The lower-case letters of a listing's capability field: what the key itself may do.
    pub(crate) fn of_letters(letters: &str) -> Self {
        letters
            .chars()
            .filter_map(|letter| Usage::ALL.into_iter().find(|u| u.letter() == letter))
            .collect()
    }

    fn bit(usage: Usage) -> u8 {
        1 << usage as u8
    }
}

impl FromIterator<Usage> for Usages {
    fn from_iter<I: IntoIterator<Item = Usage>>(usages: I) -> Self {
        Self(usages.into_iter().fold(0, |set, usage| set | Self::bit(usage)))
    }
}

impl From<Usage> for Usages {
    fn from(usage: Usage) -> Self {
        Self(Self::bit(usage))
    }
}

impl fmt::Display for Usages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.iter().map(Usage::letter).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_print_in_gpgs_order() {
        let set: Usages = [Usage::Authenticate, Usage::Certify].into_iter().collect();
        assert_eq!(set.to_string(), "ca");
        assert!(set.contains(Usage::Certify) && !set.contains(Usage::Sign));
        assert_eq!(
            Usages::of_letters("cESCA"),
            Usages::from(Usage::Certify),
            "capitals are the whole key's"
        );
        assert_eq!(Usages::of_letters("scESC").to_string(), "cs");
        assert!(Usages::of_letters("ESCAD?").is_empty());
    }
}
