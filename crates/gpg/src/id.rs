//! Names that gpg gives to things: parsed once, then proof that they are well formed.

use std::fmt;
use std::str::FromStr;

/// A text that is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct BadId {
    /// What was given.
    pub text: String,
    /// What would have been right, with its article: `a key fingerprint, which has 40 hex digits`.
    pub expected: &'static str,
}

macro_rules! hex_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The raw bytes, most significant first.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits: String = text.split_whitespace().collect(); // gpg prints groups of four
                hex(&digits)
                    .map(Self)
                    .ok_or_else(|| BadId { text: text.to_owned(), expected: $expected })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

hex_id!(
    /// A version 4 key fingerprint; prints as 40 upper-case hex digits, reads either case.
    Fingerprint, 20, "a key fingerprint, which has 40 hex digits"
);
hex_id!(
    /// The last eight bytes of a [`Fingerprint`]; prints as 16 upper-case hex digits.
    KeyId, 8, "a key id, which has 16 hex digits"
);
hex_id!(
    /// The protocol-independent hash of a public key: names its file in `private-keys-v1.d`.
    Keygrip, 20, "a keygrip, which has 40 hex digits"
);

impl Fingerprint {
    /// The key id that this fingerprint ends in.
    pub fn key_id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(self.0.split_at(12).1);
        KeyId(id)
    }
}

fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    bytes_of_hex(digits)?.try_into().ok()
}

/// The bytes that `digits` spells, or nothing when it is not a run of pairs of hex digits.
pub(crate) fn bytes_of_hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(nibble(high)? << 4 | nibble(low)?),
            _ => None,
        })
        .collect()
}

/// The application id of an OpenPGP card, as gpg lists it; prints the serial number inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardSerial(String);

impl CardSerial {
    /// The whole application id: 32 hex digits on cards that follow the specification.
    pub fn application_id(&self) -> &str {
        &self.0
    }
}

impl FromStr for CardSerial {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let fits = text.starts_with("D276") && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let expected = "the application id of an OpenPGP card, which starts with D276";
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadId { text: text.to_owned(), expected })
        }
    }
}

impl fmt::Display for CardSerial {
    /// Digits 21 to 28 hold the serial number (OpenPGP card 3.4 § 4.2.1).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(20..28).unwrap_or(&self.0))
    }
}

/// A user id: UTF-8, not empty, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(String);

impl UserId {
    /// `Name <email>`, both checked as gpg checks what it asks for.
    ///
    /// # Errors
    ///
    /// [`BadUserId`] with what is wrong with it.
    pub fn new(name: &str, email: &str) -> Result<Self, BadUserId> {
        check_name(name)?;
        if !is_mailbox(email) {
            return Err(BadUserId::Email { email: email.to_owned() });
        }
        format!("{name} <{email}>").parse()
    }

    /// The text as it stands in the certificate.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_name(name: &str) -> Result<(), BadUserId> {
    if name.trim().is_empty() || name != name.trim() {
        return Err(BadUserId::Blank { text: name.to_owned() });
    }
    match name.chars().find(|c| matches!(c, '<' | '>')) {
        Some(character) => Err(BadUserId::Character { text: name.to_owned(), character }),
        None => Ok(()),
    }
}

/// gpg's own rule is as coarse: one `@`, a dotted domain, no blanks or brackets.
fn is_mailbox(email: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"".contains(c);
    let domain = |text: &str| !text.is_empty() && !text.split('.').any(str::is_empty);
    email.chars().all(plain)
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !local.starts_with('.') && !host.contains('@') && domain(host)
        })
}

impl FromStr for UserId {
    type Err = BadUserId;

    fn from_str(text: &str) -> Result<Self, BadUserId> {
        if text.trim().is_empty() || text != text.trim() {
            return Err(BadUserId::Blank { text: text.to_owned() });
        }
        match text.chars().find(|c| c.is_control()) {
            Some(character) => Err(BadUserId::Character { text: text.to_owned(), character }),
            None => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text can't be a user id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadUserId {
    /// Empty, or with blanks around it: gpg would trim them, and then not find the user id again.
    #[error("{text:?} is empty or begins or ends with a blank, which a user id must not")]
    Blank {
        /// What was given.
        text: String,
    },
    /// A character that gpg refuses at this place.
    #[error("{text:?} has {character:?} in it, which a user id must not have there")]
    Character {
        /// What was given.
        text: String,
        /// The first character that is refused.
        character: char,
    },
    /// The mail address is not one.
    #[error("{email:?} is not a mail address")]
    Email {
        /// What was given.
        email: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fingerprints_are_read_in_either_case_and_in_groups() {
        let text = "203E 92AA 7E59 B62A FB06  3283 1bad 42b9 d3eb 840e";
        let fingerprint: Fingerprint = text.parse().unwrap();
        assert_eq!(fingerprint.to_string(), "203E92AA7E59B62AFB0632831BAD42B9D3EB840E");
        assert_eq!(fingerprint.key_id().to_string(), "1BAD42B9D3EB840E");
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for bad in
            ["", "1BAD", "203E92AA7E59B62AFB0632831BAD42B9D3EB840", "0x1BAD42B9D3EB840E", "é"]
        {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
            assert!(bad.parse::<KeyId>().is_err(), "{bad}");
        }
        insta::assert_snapshot!("1BAD".parse::<Keygrip>().unwrap_err(), @r#""1BAD" is not a keygrip, which has 40 hex digits"#);
    }

    #[test]
    fn card_serials_print_their_number() {
        let serial = |text: &str| text.parse::<CardSerial>().map(|serial| serial.to_string());
        assert_eq!(serial("D2760001240103040006098765430000").unwrap(), "09876543");
        assert_eq!(serial("D27600").unwrap(), "D27600");
        for bad in ["+", "#", "FF7F000000001234", ""] {
            assert!(serial(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn user_ids_are_what_gpg_takes() {
        let id = UserId::new("Zoë Ünïcode", "zoe@example.org").unwrap();
        assert_eq!(id.as_str(), "Zoë Ünïcode <zoe@example.org>");
        for (name, email) in
            [("", "a@b.c"), ("A", "a"), ("A", "a@"), ("A", "a@b@c"), ("A<", "a@b.c")]
        {
            assert!(UserId::new(name, email).is_err(), "{name} {email}");
        }
        for bad in ["", " ", " a", "a ", "a\nb", "a\u{1b}[31m"] {
            assert!(bad.parse::<UserId>().is_err(), "{bad:?}");
        }
        insta::assert_snapshot!("a\nb".parse::<UserId>().unwrap_err(), @r#""a\nb" has '\n' in it, which a user id must not have there"#);
    }

    proptest! {
        #[test]
        fn ids_print_as_they_are_read(bytes: [u8; 20]) {
            let fingerprint = Fingerprint(bytes);
            prop_assert_eq!(fingerprint.to_string().parse::<Fingerprint>().unwrap(), fingerprint);
            prop_assert_eq!(fingerprint.to_string().to_lowercase().parse::<Fingerprint>().unwrap(), fingerprint);
        }

        #[test]
        fn no_text_makes_the_parsers_panic(text in "\\PC{0,60}") {
            drop((text.parse::<Fingerprint>(), text.parse::<CardSerial>(), text.parse::<UserId>()));
        }
    }
}
