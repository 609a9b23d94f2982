//! Moves the ends of keys that are there already.

use jiff::SignedDuration;
use secrecy::SecretString;

use crate::certificate::{Certificate, Key, SelfSignature, Validity};
use crate::client::Client;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::id::Fingerprint;
use crate::master::{not_done, same_end};
use crate::signature::{On, Signature};

/// Which keys of a certificate get which new end.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The primary key, subkeys, or both: by fingerprint, since gpg's `*` passes expired ones over.
    pub keys: Vec<Fingerprint>,
    /// A span counts from now, not from the key's creation.
    pub expiry: Expiry,
}

/// Seconds from the key's creation (RFC 9580 § 5.2.3.13).
const KEY_EXPIRATION: u8 = 9;

const ASKED: &str = "change when keys end";

impl Client {
    /// Gives each of the keys a new end, whether it has ended already or not, and reads back the end
    /// of every key of the certificate. Returns the keys that were named, in the certificate's order.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`] and [`Error::Revoked`] before anything is changed; [`Error::WrongPassphrase`];
    /// [`Error::NotDone`] when an end is not what was asked for, or another key's end moved.
    pub async fn set_expiry(
        &self,
        primary: &Fingerprint,
        renewal: &Renewal,
        passphrase: &SecretString,
    ) -> Result<Vec<Key>, Error> {
        let before = self.certificate(primary).await?;
        for fingerprint in &renewal.keys {
            self.renewable(&before, fingerprint)?;
        }
        let said_before = self.signatures(primary).await?;
        let (name, ends) = (primary.to_string(), renewal.expiry.to_string());
        let subkeys = renewal.keys.iter().filter(|key| *key != primary).map(ToString::to_string);
        let subkeys: Vec<String> = subkeys.collect();
        let own = ["--quick-set-expire", &name, &ends].map(str::to_owned);
        if renewal.keys.contains(primary) {
            self.change(own.clone(), passphrase).await?;
        }
        if !subkeys.is_empty() {
            self.change(own.into_iter().chain(subkeys), passphrase).await?;
        }
        self.renewed(primary, renewal, &said_before).await
    }

    fn renewable(&self, certificate: &Certificate, key: &Fingerprint) -> Result<(), Error> {
        let mut keys = certificate.keys();
        let found = keys.find(|found| found.fingerprint == *key);
        match found.ok_or_else(|| self.no_such_key(key))? {
            found if found.validity == Validity::Revoked => {
                Err(Error::Revoked { key: found.key_id })
            }
            _ => Ok(()),
        }
    }

    async fn renewed(
        &self,
        primary: &Fingerprint,
        renewal: &Renewal,
        before: &[Signature],
    ) -> Result<Vec<Key>, Error> {
        let certificate = self.certificate(primary).await?;
        let after = self.signatures(primary).await?;
        let (mut renewed, mut others) = (Vec::new(), Vec::new());
        for key in certificate.keys() {
            let named = renewal.keys.contains(&key.fingerprint);
            if named { &mut renewed } else { &mut others }.push(key.clone());
        }
        let right = |key: &&Key| ends_as_asked(&after, key, renewal.expiry);
        let same = |key: &&Key| said_span(&after, key) == said_span(before, key);
        let wrong = renewed.iter().find(|key| !right(key));
        match wrong.or_else(|| others.iter().find(|key| !same(key))) {
            Some(key) => Err(not_done(ASKED, key)),
            None => Ok(renewed),
        }
    }
}

/// Whether what was signed last says so. A span counts from that second.
///
/// A listing won't do for subkeys: since 2.4 it lets none end after its primary key.
fn ends_as_asked(signatures: &[Signature], key: &Key, expiry: Expiry) -> bool {
    let signed = newest(signatures, key).and_then(|signature| signature.created);
    let (Some(signed), Some(span)) = (signed, said_span(signatures, key)) else { return false };
    let wanted = expiry.counted_from(signed);
    let end = || key.created.checked_add(SignedDuration::from_secs(span.into())).ok();
    let end = if span == 0 { None } else { end() };
    let is_primary = signatures.iter().any(|signature| signature.certificate == key.fingerprint);
    same_end(end, wanted) && (!is_primary || same_end(key.expires, wanted))
}

/// How many seconds the key is to live, 0 for ever; `None` when nothing good was signed at all.
fn said_span(signatures: &[Signature], key: &Key) -> Option<u32> {
    match newest(signatures, key)?.says(KEY_EXPIRATION) {
        None => Some(0),
        Some(bytes) => bytes.try_into().map(u32::from_be_bytes).ok(),
    }
}

/// The owner's last good word on a key: on a user id, for a primary key.
fn newest<'a>(signatures: &'a [Signature], key: &Key) -> Option<&'a Signature> {
    let about = |signature: &Signature| match signature.on {
        On::Subkey(fingerprint) => fingerprint == key.fingerprint,
        On::UserId(_) | On::Primary | On::Attribute => signature.certificate == key.fingerprint,
    };
    let good = |signature: &&Signature| {
        signature.is_own()
            && !signature.is_revocation()
            && signature.verdict == SelfSignature::Good
            && about(signature)
    };
    signatures.iter().filter(good).max_by_key(|signature| signature.created)
}
