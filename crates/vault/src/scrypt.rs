//! The scrypt key of an age passphrase stanza.

use std::{fmt, io, sync::OnceLock, thread};

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// The highest work factor that is ever accepted: 4 GiB of memory.
pub(crate) const CEILING: u8 = 22;
const LABEL: &[u8; 28] = b"age-encryption.org/v1/scrypt";

/// How much work a passphrase costs whoever guesses it: 2^`log_n` blocks of 1 KiB.
///
/// 18 unless you know why. A lower one makes guessing cheaper, a higher one costs each opening
/// twice the time and memory per step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScryptParams {
    /// From 10 to 20.
    pub log_n: u8,
}

impl Default for ScryptParams {
    fn default() -> Self {
        Self { log_n: 18 }
    }
}

/// Why no key could be made that is safe to seal with.
#[derive(Debug, thiserror::Error)]
pub enum ScryptError {
    /// This machine's scrypt does not give the known answer.
    #[error("scrypt gives a wrong result on this machine")]
    SelfTest,
    /// Two derivations from the same input differ: memory or processor are failing.
    #[error("scrypt gives different results for the same input")]
    Unstable,
    /// The system's random generator failed.
    #[error("cannot get random bytes")]
    Random(#[source] io::Error),
}

pub(crate) type Salt = [u8; 16];
pub(crate) type DerivedKey = Zeroizing<[u8; 32]>;

/// A passphrase with the work factor that it seals with.
pub(crate) struct Passphrase {
    pub(crate) secret: SecretString,
    pub(crate) params: ScryptParams,
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").field("params", &self.params).finish_non_exhaustive()
    }
}

/// `None` when no machine could compute that work factor.
pub(crate) fn derive(secret: &SecretString, salt: &Salt, log_n: u8) -> Option<DerivedKey> {
    let params = scrypt::Params::new(log_n, 8, 1).ok()?;
    let salt = [LABEL.as_slice(), salt].concat();
    let key = hash(secret, &salt, &params);
    scrub_stack();
    key
}

/// Leaves blocks of the passphrase on the stack.
#[inline(never)]
fn hash(secret: &SecretString, salt: &[u8], params: &scrypt::Params) -> Option<DerivedKey> {
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(secret.expose_secret().as_bytes(), salt, params, key.as_mut_slice()).ok()?;
    Some(key)
}

/// Overwrites what a function that has returned left below. The stack of a thread that ends is
/// kept for the next one as it is.
#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "it is the stack that is meant")]
fn scrub_stack() {
    let mut below = [0_u8; 32 * 1024];
    below.zeroize();
    std::hint::black_box(&below);
}

/// A key that counts only because two derivations agree.
pub(crate) fn derive_twice(
    passphrase: &Passphrase,
    salt: &Salt,
) -> Result<DerivedKey, ScryptError> {
    let once = || derive(&passphrase.secret, salt, passphrase.params.log_n);
    // Side by side, each in memory of its own: on two processors both cost the time of one.
    let (first, second) = thread::scope(|scope| {
        let second = scope.spawn(once);
        (once(), second.join().ok().flatten())
    });
    agreed(first, second)
}

fn agreed(
    first: Option<DerivedKey>,
    second: Option<DerivedKey>,
) -> Result<DerivedKey, ScryptError> {
    match (first, second) {
        (Some(first), Some(second)) if first.ct_eq(&*second).into() => Ok(first),
        _ => Err(ScryptError::Unstable),
    }
}

/// Compares with a known answer at full parameters; computed once per process.
pub(crate) fn self_test() -> Result<(), ScryptError> {
    static PASSED: OnceLock<bool> = OnceLock::new();
    if *PASSED.get_or_init(known_answer_matches) { Ok(()) } else { Err(ScryptError::SelfTest) }
}

/// The answer was computed with OpenSSL 3.0.
fn known_answer_matches() -> bool {
    const ANSWER: [u8; 32] = [
        0x9f, 0xab, 0xa2, 0x3d, 0x39, 0x9a, 0x2d, 0x67, 0xd4, 0x3b, 0x63, 0x4c, 0xf7, 0xbe, 0x98,
        0xfb, 0xca, 0xa3, 0x68, 0x51, 0x9a, 0x6b, 0xce, 0x21, 0x27, 0x9e, 0x2e, 0x1d, 0xcd, 0x18,
        0x48, 0xbd,
    ];
    let secret = SecretString::from("correct horse battery staple");
    let salt = std::array::from_fn(|i| i.to_le_bytes()[0]);
    derive(&secret, &salt, ScryptParams::default().log_n).is_some_and(|key| *key == ANSWER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answer_is_reproduced() {
        assert!(known_answer_matches());
    }

    #[test]
    fn derivations_that_differ_give_no_key() {
        let key = |last: u8| {
            let mut key = Zeroizing::new([7; 32]);
            key[31] = last;
            Some(key)
        };
        assert_eq!(*agreed(key(1), key(1)).unwrap(), *key(1).unwrap());
        assert!(matches!(agreed(key(1), key(2)), Err(ScryptError::Unstable)));
        assert!(matches!(agreed(key(1), None), Err(ScryptError::Unstable)));
    }

    #[test]
    fn impossible_work_factor_is_no_panic() {
        assert!(derive(&SecretString::from("x"), &[0; 16], 64).is_none());
    }
}
