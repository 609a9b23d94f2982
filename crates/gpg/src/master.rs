//! Makes a primary key that certifies and does nothing else.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::algo::Algorithm;
use crate::certificate::{Key, SelfSignature};
use crate::client::Client;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::id::{Fingerprint, UserId};
use crate::secret::SecretState;
use crate::tool::Output;
use crate::usage::{Usage, Usages};

/// The primary key that is wanted.
#[derive(Clone, Debug)]
pub struct MasterSpec {
    /// Its first user id.
    pub user_id: UserId,
    /// Of any usage: its signing counterpart is taken.
    pub algorithm: Algorithm,
    /// When it ends.
    pub expiry: Expiry,
}

/// What new keys say they like to receive. Named, so that no gpg adds OCB of its own accord: other
/// programs, and gpg 2.2, can't read it.
pub(crate) const PREFERENCES: &str = "--default-preference-list=AES256 AES192 AES SHA512 SHA384 SHA256 SHA224 ZLIB BZIP2 ZIP Uncompressed";

impl Client {
    /// Makes the key, protected by `passphrase`, and reads it back with its secret part and its
    /// self-signature. gpg leaves a revocation certificate in `openpgp-revocs.d`.
    ///
    /// # Errors
    ///
    /// [`Error::IllegalPair`]; [`Error::NotDone`] and [`Error::SecretUnusable`] when what gpg made is not
    /// what was asked for. gpg refuses a user id that another key of the home has.
    pub async fn generate_master(
        &self,
        spec: &MasterSpec,
        passphrase: &SecretString,
    ) -> Result<Fingerprint, Error> {
        let algorithm = spec.algorithm.for_usage(Usage::Certify)?;
        let (algo, expiry) = (algorithm.argument(Usage::Certify), spec.expiry);
        let (user_id, ends) = (spec.user_id.as_str(), expiry.to_string());
        let args = [PREFERENCES, "--quick-gen-key", user_id, &algo, "cert", &ends];
        let output = self.change(args, passphrase).await?;
        let wanted =
            Wanted { asked: "make a primary key", usage: Usage::Certify, algorithm, expiry };
        let fingerprint = wanted.announced(&output)?;
        let certificate = self.checked(&fingerprint).await?;
        let named = certificate.user_id(spec.user_id.as_str());
        if named.is_none_or(|entry| entry.self_signature != SelfSignature::Good) {
            return Err(not_done(wanted.asked, &certificate.primary));
        }
        self.expect(&wanted, &certificate.primary).await?;
        if self.asks_for_aead().await?.contains(&fingerprint) {
            return Err(not_done(wanted.asked, &certificate.primary));
        }
        Ok(fingerprint)
    }

    /// Whether a key that was just made is what was wanted, and its secret part is really there.
    pub(crate) async fn expect(&self, wanted: &Wanted, key: &Key) -> Result<(), Error> {
        if !wanted.is(key) {
            return Err(not_done(wanted.asked, key));
        }
        match self.secret_of(key).await? {
            SecretState::Protected => Ok(()),
            found => Err(Error::SecretUnusable { key: key.key_id, found }),
        }
    }
}

/// What gpg was told to make.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) asked: &'static str,
    pub(crate) usage: Usage,
    pub(crate) algorithm: Algorithm,
    pub(crate) expiry: Expiry,
}

impl Wanted {
    pub(crate) fn announced(&self, output: &Output) -> Result<Fingerprint, Error> {
        output.key_created().ok_or(Error::Unannounced { asked: self.asked })
    }

    fn is(&self, key: &Key) -> bool {
        key.algorithm == self.algorithm
            && key.usage == Usages::from(self.usage)
            && ends_as_asked(key, self.expiry)
            && key.is_live()
    }
}

/// gpg turns a date into seconds from now, and adds them a moment later to the time of creation.
const SLACK_SECONDS: i64 = 120;

fn ends_as_asked(key: &Key, expiry: Expiry) -> bool {
    same_end(key.expires, expiry.counted_from(key.created))
}

/// Whether a key ends when it should, as near as gpg can come to it.
pub(crate) fn same_end(found: Option<Timestamp>, asked: Option<Timestamp>) -> bool {
    match (found, asked) {
        (Some(found), Some(asked)) => {
            (found.as_second() - asked.as_second()).abs() <= SLACK_SECONDS
        }
        (found, asked) => found == asked,
    }
}

/// A readback that differs from what was asked for.
pub(crate) fn not_done(asked: &'static str, key: &Key) -> Error {
    let ends = key.expires.map_or_else(|| "never".to_owned(), |time| time.to_string());
    let found = format!("{} [{}] {}, ends {ends}", key.algorithm, key.usage, key.validity);
    Error::NotDone { asked, key: key.key_id, found }
}
