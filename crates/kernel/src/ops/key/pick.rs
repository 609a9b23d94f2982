//! Which key is meant: by key id or fingerprint, however people write them.

use gpgsmith_gpg::{Certificate, Fingerprint, Key, KeyId};

use crate::api::{ApiError, Code, Hint};

/// The keys of `own` that `texts` name, each once and in the certificate's order.
///
/// # Errors
/// `bad_request` for a text that is no name of a key, or of another key.
pub(super) fn all<'a>(own: &'a Certificate, texts: &[String]) -> Result<Vec<&'a Key>, ApiError> {
    let named = texts.iter().map(|text| one(own, text)).collect::<Result<Vec<_>, _>>()?;
    let is_named = |key: &&Key| named.iter().any(|found| found.fingerprint == key.fingerprint);
    Ok(own.keys().filter(is_named).collect())
}

/// The key of `own` that `text` names.
///
/// # Errors
/// As [`all`].
pub(super) fn one<'a>(own: &'a Certificate, text: &str) -> Result<&'a Key, ApiError> {
    let name = Name::read(text).ok_or_else(|| {
        let expected = "a key id of 16 hex digits or a fingerprint of 40";
        see(format!("{text:?} is not {expected}"))
    })?;
    let mut found = own.keys().filter(|key| name.is_of(key));
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => Err(see(format!("several keys have the key id {text}"))),
        _ => Err(see(format!("the master key has no subkey {text}"))),
    }
}

/// Whether `text` is a name of this key.
pub(super) fn names(text: &str, key: &Key) -> bool {
    Name::read(text).is_some_and(|name| name.is_of(key))
}

fn see(text: String) -> ApiError {
    let hint = Hint::run("See which keys there are.", "keys list", &[]);
    ApiError::new(Code::BadRequest, text).with_hint(hint)
}

/// A name of a key: in either case, maybe with `0x` before it and blanks in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Fingerprint(Fingerprint),
    KeyId(KeyId),
}

impl Name {
    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
        let fingerprint = || digits.parse().ok().map(Self::Fingerprint);
        fingerprint().or_else(|| digits.parse().ok().map(Self::KeyId))
    }

    fn is_of(self, key: &Key) -> bool {
        match self {
            Self::Fingerprint(fingerprint) => key.fingerprint == fingerprint,
            Self::KeyId(id) => key.key_id == id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_in_any_way_that_people_write_them() {
        let fingerprint = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";
        let whole = Some(Name::Fingerprint(fingerprint.parse().unwrap()));
        let short = Some(Name::KeyId(fingerprint[24..].parse().unwrap()));
        for (text, expected) in [
            (fingerprint, whole),
            ("203E 92AA 7E59 B62A FB06  3283 1BAD 42B9 D3EB 840E", whole),
            ("0x203e92aa7e59b62afb0632831bad42b9d3eb840e", whole),
            ("1BAD42B9D3EB840E", short),
            (" 0X1bad 42b9 d3eb 840e\n", short),
            ("D3EB840E", None),
            ("1BAD42B9D3EB840E0", None),
            ("0x0x1BAD42B9D3EB840E", None),
            ("ann@example.org", None),
            ("", None),
        ] {
            assert_eq!(Name::read(text), expected, "{text:?}");
        }
    }
}
