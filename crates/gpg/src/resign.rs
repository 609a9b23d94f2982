//! Makes self-signatures anew: they say what they said before, by today's means.

use secrecy::SecretString;

use crate::certificate::{Certificate, Key, Validity};
use crate::client::Client;
use crate::edit::Edit;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::id::Fingerprint;
use crate::master::{PREFERENCES, not_done, same_end};
use crate::signature::{On, Signature};
use crate::usage::Usage;

/// Which signatures of a certificate are made anew, over SHA-512.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resigning {
    /// Those on all user ids that are not revoked; they then prefer what new keys prefer.
    pub user_ids: bool,
    /// The bindings of these subkeys, which must not have ended.
    pub subkeys: Vec<Fingerprint>,
    /// Signing subkeys that have not signed their primary key do so.
    pub cross_certify: bool,
}

const ASKED: &str = "sign anew";
const HASH: &str = "--cert-digest-algo=SHA512";

impl Client {
    /// Makes these self-signatures anew, and reads them back; no key gets another end.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::WrongPassphrase`]; [`Error::NotDone`] when a new signature is not as
    /// it should be, or an end moved.
    pub async fn resign(
        &self,
        primary: &Fingerprint,
        what: &Resigning,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let before = self.certificate(primary).await?;
        for subkey in &what.subkeys {
            let key = before.subkey(subkey).ok_or_else(|| self.no_such_key(subkey))?;
            let ends = key.expires.map_or(Expiry::Never, Expiry::At).to_string();
            let (primary, subkey) = (primary.to_string(), subkey.to_string());
            let args = [HASH, "--quick-set-expire", &primary, &ends, &subkey];
            self.change(args, passphrase).await?;
        }
        let mut edit = Edit::of(*primary).option(HASH);
        if what.user_ids {
            let list = PREFERENCES.split_once('=').map_or("", |(_, list)| list);
            edit = edit.prefer(list);
        }
        if what.cross_certify {
            edit = edit.cross_certify();
        }
        edit.save(self, passphrase).await?;
        self.resigned(&before, what).await
    }

    async fn resigned(&self, before: &Certificate, what: &Resigning) -> Result<(), Error> {
        let after = self.certificate(&before.fingerprint()).await?;
        let signatures = self.signatures(&before.fingerprint()).await?;
        let user_ids = after.user_ids.iter().filter(|id| id.validity != Validity::Revoked);
        let named =
            user_ids.map(|id| Signature::newest_own(&signatures, &On::UserId(id.text.clone())));
        let good = |found: Option<&Signature>| {
            found.is_some_and(|signature| !signature.hash.is_weak() && !signature.prefers_aead())
        };
        if what.user_ids && !named.into_iter().all(good) {
            return Err(not_done(ASKED, &after.primary));
        }
        let same = |(old, new): &(&Key, &Key)| {
            old.fingerprint == new.fingerprint && same_end(old.expires, new.expires)
        };
        let right = |(old, new): &(&Key, &Key)| {
            let binding = Signature::newest_own(&signatures, &On::Subkey(new.fingerprint));
            let crossed = binding.is_some_and(|binding| binding.cross_certified().is_some());
            let renewed = what.subkeys.contains(&new.fingerprint);
            same(&(*old, *new))
                && (!renewed || good(binding))
                && (!what.cross_certify || !new.serves(Usage::Sign) || crossed)
        };
        let mut pairs = before.subkeys.iter().zip(&after.subkeys);
        let ends = same_end(before.primary.expires, after.primary.expires);
        match pairs.find(|pair| !right(pair)) {
            Some((_, key)) => Err(not_done(ASKED, key)),
            None if !ends => Err(not_done(ASKED, &after.primary)),
            None => Ok(()),
        }
    }
}
