//! Bytes from the system's generator.

use std::io;

/// Fresh random bytes.
pub(crate) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// How long a [`name`] is.
const LENGTH: usize = 16;

/// Whether `text` may be a [`name`].
pub(crate) fn is_name(text: &str) -> bool {
    let is_ours = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() == LENGTH && text.bytes().all(is_ours)
}

/// A file name part of 16 lower-case letters and digits.
pub(crate) fn name() -> io::Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(bytes::<LENGTH>()?.into_iter().filter_map(letter).collect())
}
