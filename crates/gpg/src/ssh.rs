//! A key for logging in, as ssh takes it.

use crate::algo::Algorithm;
use crate::certificate::{Certificate, Key};
use crate::client::Client;
use crate::error::Error;
use crate::id::Fingerprint;
use crate::usage::Usage;

/// One line for `authorized_keys`, and the key that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshKey {
    /// The very key that was named.
    pub key: Fingerprint,
    /// Type, key in base64, and gpg's comment `openpgp:0x…` with the end of the key id; no line end.
    pub line: String,
}

impl Client {
    /// The ssh form of this one key, a primary key or subkey that is live and may authenticate.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`]; [`Error::Unfit`] when it is revoked, expired, or made for something else;
    /// [`Error::Tool`] when ssh has no form for its algorithm.
    pub async fn ssh_key(&self, key: &Fingerprint) -> Result<SshKey, Error> {
        let all = self.list().await?;
        let mut keys = all.iter().flat_map(Certificate::keys);
        let found = keys.find(|found| found.fingerprint == *key);
        let found = found.ok_or_else(|| self.no_such_key(key))?;
        if !found.serves(Usage::Authenticate) {
            return Err(Error::unfit(found, Usage::Authenticate));
        }
        // Without the mark gpg would look for the newest key of the certificate that fits.
        let call = self.reading().args(["--export-ssh-key", &format!("{key}!")]);
        let output = call.run().await?.stdout;
        let line = String::from_utf8_lossy(&output).trim_end().to_owned();
        if is_of(&line, found) {
            return Ok(SshKey { key: *key, line });
        }
        let found = "another key".to_owned();
        Err(Error::NotDone { asked: "export a key for ssh", key: key.key_id(), found })
    }
}

/// Whether the key's own numbers stand in the line.
fn is_of(line: &str, key: &Key) -> bool {
    let mut words = line.split(' ');
    let blob = words.nth(1).and_then(base64);
    let longest = key.material.iter().max_by_key(|number| number.len());
    let (Some(blob), Some(number), 1) = (blob, longest, line.lines().count()) else { return false };
    // OpenPGP puts a 0x40 before the points of these curves; ssh does not.
    let bare = matches!(key.algorithm, Algorithm::Ed25519 | Algorithm::Ed448);
    let prefix: &[u8] = if bare { &[0x40] } else { &[] };
    let number = number.strip_prefix(prefix).unwrap_or(number);
    number.len() >= 32 && blob.windows(number.len()).any(|part| part == number)
}

/// RFC 4648 § 4, with or without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_read() {
        let text = |encoded| base64(encoded).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(text("Zm9vYmFy").as_deref(), Some("foobar"));
        assert_eq!(text("Zm9vYg==").as_deref(), Some("foob"));
        assert_eq!(text("Zm9vYmE=").as_deref(), Some("fooba"));
        assert_eq!(text("Zm9v Yg"), None);
        assert_eq!(base64("+/+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[A-Za-z0-9+/]{0,40}\\PC{0,4}") {
            prop_assert!(base64(&text).is_none_or(|bytes| bytes.len() <= text.len()));
        }
    }
}
