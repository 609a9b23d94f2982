//! Adds and revokes subkeys.

use secrecy::SecretString;

use crate::algo::Algorithm;
use crate::certificate::{Certificate, Key, SelfSignature, Validity};
use crate::client::Client;
use crate::edit::{Edit, Revocation};
use crate::error::Error;
use crate::expiry::Expiry;
use crate::id::Fingerprint;
use crate::master::{Wanted, not_done};
use crate::signature::On;
use crate::usage::Usage;

/// The subkey that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct SubkeySpec {
    /// The one thing that it is to do.
    pub usage: Usage,
    /// Of any usage: the counterpart for [`SubkeySpec::usage`] is taken.
    pub algorithm: Algorithm,
    /// When it ends.
    pub expiry: Expiry,
}

const ASKED: &str = "revoke a key";

impl Client {
    /// Adds a subkey to the certificate `primary`, and reads it back.
    ///
    /// `passphrase` opens the primary key and protects the new one.
    ///
    /// # Errors
    ///
    /// [`Error::IllegalPair`], [`Error::WrongPassphrase`]; [`Error::NotDone`] and
    /// [`Error::SecretUnusable`] when what gpg made is not what was asked for.
    pub async fn add_subkey(
        &self,
        primary: &Fingerprint,
        spec: &SubkeySpec,
        passphrase: &SecretString,
    ) -> Result<Key, Error> {
        let SubkeySpec { usage, expiry, .. } = *spec;
        let algorithm = spec.algorithm.for_usage(usage)?;
        let (fingerprint, algo) = (primary.to_string(), algorithm.argument(usage));
        let args = ["--quick-add-key", &fingerprint, &algo, usage.word(), &expiry.to_string()];
        self.certificate(primary).await?; // gpg would also take a subkey's fingerprint
        let output = self.change(args, passphrase).await?;
        let wanted = Wanted { asked: "add a subkey", usage, algorithm, expiry };
        let added = wanted.announced(&output)?;
        let certificate = self.checked(primary).await?;
        let key = certificate.subkey(&added).ok_or_else(|| self.no_such_key(&added))?;
        if key.binding != SelfSignature::Good {
            return Err(not_done(wanted.asked, key));
        }
        self.expect(&wanted, key).await?;
        Ok(key.clone())
    }

    /// Revokes the subkey `subkey` for good, and reads that back; `passphrase` opens its primary key.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::WrongPassphrase`]; [`Error::NotDone`] when anything else changed, or
    /// nothing; so too when it was revoked before, for another reason or with another message.
    pub async fn revoke_subkey(
        &self,
        subkey: &Fingerprint,
        why: &Revocation,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let before = self.holder_of(subkey).await?;
        Edit::of(before.fingerprint())
            .select(subkey)
            .revoke_key(why)
            .save(self, passphrase)
            .await?;
        let after = self.checked(&before.fingerprint()).await?;
        let was = |key: &Key| {
            before.keys().any(|old| old.fingerprint == key.fingerprint && is_revoked(old))
        };
        let right = |key: &&Key| is_revoked(key) == (key.fingerprint == *subkey || was(key));
        if let Some(key) = after.keys().find(|key| !right(key)) {
            return Err(not_done(ASKED, key));
        }
        self.expect_reason(&before.fingerprint(), &On::Subkey(*subkey), why).await
    }

    /// Whether the owner's newest revocation of this part gives the reason that was to be given.
    pub(crate) async fn expect_reason(
        &self,
        primary: &Fingerprint,
        on: &On,
        why: &Revocation,
    ) -> Result<(), Error> {
        let signatures = self.signatures(primary).await?;
        let good = signatures.iter().filter(|signature| {
            signature.on == *on
                && signature.is_own()
                && signature.is_revocation()
                && signature.verdict == SelfSignature::Good
        });
        let newest = good.max_by_key(|signature| signature.created);
        match newest.map(|signature| signature.reason().unwrap_or_default()) {
            Some(found) if why.became(&found) => Ok(()),
            found => {
                let key = if let On::Subkey(key) = on { key } else { primary };
                let found = found.map_or_else(|| "no revocation".to_owned(), |why| why.to_string());
                Err(Error::NotDone { asked: ASKED, key: key.key_id(), found })
            }
        }
    }

    async fn holder_of(&self, subkey: &Fingerprint) -> Result<Certificate, Error> {
        let mut all = self.list().await?.into_iter();
        all.find(|certificate| certificate.subkey(subkey).is_some())
            .ok_or_else(|| self.no_such_key(subkey))
    }
}

fn is_revoked(key: &Key) -> bool {
    key.validity == Validity::Revoked
}
