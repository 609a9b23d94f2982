//! Wrapping keys that are derived ahead of the seal that uses them.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use age_core::{
    format::{FILE_KEY_BYTES, FileKey, Stanza},
    primitives::{aead_decrypt, aead_encrypt},
    secrecy::ExposeSecret,
};
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD as BASE64};
use zeroize::Zeroizing;

use crate::{
    random,
    scrypt::{self, DerivedKey, Passphrase, Salt, ScryptError},
};

/// How many keys are remembered for opening.
const REMEMBERED: usize = 2;
pub(crate) const TAG: &str = "scrypt";

/// A derived key that has wrapped nothing yet.
///
/// The cipher's nonce is fixed, so that a second file key under the same key would give both
/// away: [`Prepaid::wrap`] consumes it.
pub(crate) struct Prepaid {
    salt: Salt,
    log_n: u8,
    key: DerivedKey,
}

impl Prepaid {
    /// Pays now: proves this machine's scrypt, then derives twice.
    pub(crate) fn derive(passphrase: &Passphrase) -> Result<Self, ScryptError> {
        scrypt::self_test()?;
        let salt = random::bytes().map_err(ScryptError::Random)?;
        let key = scrypt::derive_twice(passphrase, &salt)?;
        Ok(Self { salt, log_n: passphrase.params.log_n, key })
    }

    fn wrap(self, file_key: &FileKey) -> (Stanza, UnwrapOnly) {
        let args = vec![BASE64.encode(self.salt), self.log_n.to_string()];
        let body = aead_encrypt(&self.key, file_key.expose_secret());
        let stanza = Stanza { tag: TAG.to_owned(), args, body };
        (stanza, UnwrapOnly { salt: self.salt, log_n: self.log_n, key: self.key })
    }
}

/// A derived key that may open, but never wrap again.
pub(crate) struct UnwrapOnly {
    salt: Salt,
    log_n: u8,
    key: DerivedKey,
}

impl UnwrapOnly {
    fn unwrap(&self, body: &[u8]) -> Option<FileKey> {
        let plain = Zeroizing::new(aead_decrypt(&self.key, FILE_KEY_BYTES, body).ok()?);
        let mut file_key = Box::new([0; FILE_KEY_BYTES]);
        file_key.copy_from_slice(&plain);
        Some(FileKey::new(file_key))
    }
}

/// The keys of the files that were sealed or opened last: opening them again is free.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<Vec<UnwrapOnly>>);

impl Remembered {
    fn add(&self, key: UnwrapOnly) {
        let mut keys = locked(&self.0);
        keys.truncate(REMEMBERED - 1);
        keys.insert(0, key);
    }

    fn unwrap(&self, scrypt: &ScryptStanza<'_>) -> Option<FileKey> {
        let keys = locked(&self.0);
        let key = keys.iter().find(|key| (key.salt, key.log_n) == (scrypt.salt, scrypt.log_n));
        key?.unwrap(scrypt.body)
    }
}

/// A scrypt stanza whose fields make sense.
pub(crate) struct ScryptStanza<'a> {
    salt: Salt,
    log_n: u8,
    body: &'a [u8],
}

impl<'a> ScryptStanza<'a> {
    fn parse(stanza: &'a Stanza) -> Option<Self> {
        let [salt, log_n] = stanza.args.as_slice() else { return None };
        let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
        let body = stanza.body.as_slice();
        (body.len() == FILE_KEY_BYTES + 16).then_some(Self {
            salt,
            log_n: parse_work_factor(log_n)?,
            body,
        })
    }
}

/// Decimal, without sign or leading zero.
pub(crate) fn parse_work_factor(text: &str) -> Option<u8> {
    let is_canonical = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| is_canonical)
}

/// Opens passphrase files up to a work factor, with a remembered key where there is one.
pub(crate) struct ScryptIdentity<'a> {
    pub(crate) passphrase: &'a Passphrase,
    pub(crate) remembered: &'a Remembered,
    pub(crate) max_work_factor: u8,
}

impl age::Identity for ScryptIdentity<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        (stanza.tag == TAG).then(|| self.unwrap_scrypt(stanza))
    }
}

impl ScryptIdentity<'_> {
    fn unwrap_scrypt(&self, stanza: &Stanza) -> Result<FileKey, age::DecryptError> {
        let scrypt = ScryptStanza::parse(stanza).ok_or(age::DecryptError::InvalidHeader)?;
        let (required, target) = (scrypt.log_n, self.max_work_factor);
        if required > target {
            return Err(age::DecryptError::ExcessiveWork { required, target });
        }
        if let Some(file_key) = self.remembered.unwrap(&scrypt) {
            return Ok(file_key);
        }
        let key = scrypt::derive(&self.passphrase.secret, &scrypt.salt, scrypt.log_n)
            .ok_or(age::DecryptError::ExcessiveWork { required, target })?;
        let key = UnwrapOnly { salt: scrypt.salt, log_n: scrypt.log_n, key };
        let file_key = key.unwrap(scrypt.body).ok_or(age::DecryptError::DecryptionFailed)?;
        self.remembered.add(key);
        Ok(file_key)
    }
}

/// Wraps one file key with a prepaid key, which then only opens.
pub(crate) struct OneSeal {
    prepaid: Mutex<Option<Prepaid>>,
    remembered: Arc<Remembered>,
}

impl OneSeal {
    pub(crate) fn new(prepaid: Prepaid, remembered: Arc<Remembered>) -> Self {
        Self { prepaid: Mutex::new(Some(prepaid)), remembered }
    }
}

impl age::Recipient for OneSeal {
    fn wrap_file_key(
        &self,
        file_key: &FileKey,
    ) -> Result<(Vec<Stanza>, HashSet<String>), age::EncryptError> {
        let used = || io::Error::new(io::ErrorKind::InvalidInput, "this key has wrapped already");
        let (stanza, unwrap_only) = locked(&self.prepaid).take().ok_or_else(used)?.wrap(file_key);
        // A scrypt stanza stands alone: a label that no other recipient has.
        let label = stanza.args.first().cloned();
        self.remembered.add(unwrap_only);
        Ok((vec![stanza], label.into_iter().collect()))
    }
}

/// A panic while a lock is held leaves nothing half-done here.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use age::{Identity, Recipient};
    use secrecy::SecretString;

    use super::*;
    use crate::scrypt::ScryptParams;

    fn passphrase(secret: &str) -> Passphrase {
        Passphrase { secret: SecretString::from(secret), params: ScryptParams { log_n: 10 } }
    }

    fn sealed() -> (Stanza, Arc<Remembered>, OneSeal) {
        let remembered = Arc::<Remembered>::default();
        let prepaid = Prepaid::derive(&passphrase("right")).unwrap();
        let seal = OneSeal::new(prepaid, Arc::clone(&remembered));
        let (mut stanzas, _) = seal.wrap_file_key(&FileKey::new(Box::new([7; 16]))).unwrap();
        (stanzas.remove(0), remembered, seal)
    }

    fn opens(secret: &str, remembered: &Remembered, stanza: &Stanza) -> bool {
        let passphrase = passphrase(secret);
        let identity = ScryptIdentity { passphrase: &passphrase, remembered, max_work_factor: 20 };
        match identity.unwrap_stanza(stanza).unwrap() {
            Ok(key) => *key.expose_secret() == [7; 16],
            Err(_) => false,
        }
    }

    #[test]
    fn derived_key_wraps_once() {
        let (_, _, seal) = sealed();
        assert!(seal.wrap_file_key(&FileKey::new(Box::new([8; 16]))).is_err());
    }

    #[test]
    fn only_the_right_passphrase_derives_the_key() {
        let (stanza, ..) = sealed();
        assert!(opens("right", &Remembered::default(), &stanza));
        assert!(!opens("wrong", &Remembered::default(), &stanza));
    }

    #[test]
    fn own_seal_opens_without_a_derivation() {
        let (stanza, remembered, _) = sealed();
        // A derivation from this passphrase would give another key.
        assert!(opens("wrong", &remembered, &stanza));
    }

    #[test]
    fn opening_again_needs_no_derivation_until_others_came() {
        let (stanza, ..) = sealed();
        let remembered = Remembered::default();
        assert!(opens("right", &remembered, &stanza));
        assert!(opens("wrong", &remembered, &stanza));
        for _ in 0..REMEMBERED {
            let (other, ..) = sealed();
            assert!(opens("right", &remembered, &other));
        }
        assert!(!opens("wrong", &remembered, &stanza));
    }

    #[test]
    fn wrong_passphrase_is_not_remembered() {
        let (stanza, ..) = sealed();
        let remembered = Remembered::default();
        assert!(!opens("wrong", &remembered, &stanza));
        assert!(opens("right", &remembered, &stanza));
    }

    #[test]
    fn malformed_stanza_is_no_panic() {
        let (stanza, remembered, _) = sealed();
        for args in [&["x", "10"][..], &["AAAAAAAAAAAAAAAAAAAAAA", "010"], &["10"], &["", ""]] {
            let args = args.iter().map(|&arg| arg.to_owned()).collect();
            assert!(!opens(
                "right",
                &remembered,
                &Stanza { tag: TAG.to_owned(), args, body: vec![0; 32] }
            ));
        }
        assert!(!opens("right", &remembered, &Stanza { body: vec![0; 31], ..stanza }));
    }

    #[test]
    fn work_factor_is_canonical_decimal() {
        assert_eq!(parse_work_factor("18"), Some(18));
        for text in ["", "0", "018", "+18", "-1", " 18", "256", "1e1"] {
            assert_eq!(parse_work_factor(text), None, "{text:?}");
        }
    }
}
