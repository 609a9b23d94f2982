//! User ids: who the key belongs to, by several names.

use secrecy::SecretString;

use crate::certificate::{UserIdEntry, Validity};
use crate::client::Client;
use crate::error::Error;
use crate::id::{Fingerprint, UserId};
use crate::master::{PREFERENCES, not_done};

/// One user id of one certificate.
#[derive(Clone, Copy)]
struct Name<'a> {
    primary: &'a Fingerprint,
    user_id: &'a UserId,
}

impl Client {
    /// Binds a new user id to the certificate, and reads it back.
    ///
    /// # Errors
    ///
    /// [`Error::UserIdExists`], [`Error::WrongPassphrase`], [`Error::NotDone`].
    pub async fn add_user_id(
        &self,
        primary: &Fingerprint,
        user_id: &UserId,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let name = Name { primary, user_id };
        if self.certificate(primary).await?.user_id(user_id.as_str()).is_some() {
            return Err(Error::UserIdExists { fingerprint: *primary, user_id: user_id.clone() });
        }
        let command = [PREFERENCES, "--quick-add-uid"];
        self.edit_name(&command, name, passphrase).await?;
        self.read_back(name, "add a user id", UserIdEntry::is_bound).await
    }

    /// Revokes a user id, and reads that back. The last one that is not revoked is gpg's to refuse.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchUserId`], [`Error::WrongPassphrase`], [`Error::NotDone`].
    pub async fn revoke_user_id(
        &self,
        primary: &Fingerprint,
        user_id: &UserId,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let name = Name { primary, user_id };
        self.present(name).await?;
        self.edit_name(&["--quick-revoke-uid"], name, passphrase).await?;
        let revoked =
            |entry: &UserIdEntry| entry.validity == Validity::Revoked && entry.revoked.is_some();
        self.read_back(name, "revoke a user id", revoked).await
    }

    /// Makes a user id the one that programs show first, and reads that back.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchUserId`], [`Error::WrongPassphrase`], [`Error::NotDone`].
    pub async fn set_primary_user_id(
        &self,
        primary: &Fingerprint,
        user_id: &UserId,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let name = Name { primary, user_id };
        self.present(name).await?;
        self.edit_name(&["--quick-set-primary-uid"], name, passphrase).await?;
        let certificate = self.checked(primary).await?;
        match certificate.user_ids.first() {
            Some(first) if first.text == user_id.as_str() && first.is_bound() => Ok(()),
            _ => Err(not_done("make a user id the primary one", &certificate.primary)),
        }
    }

    async fn edit_name(
        &self,
        command: &[&str],
        name: Name<'_>,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        let (primary, user_id) = (name.primary.to_string(), name.user_id.as_str());
        let args = command.iter().copied().chain([&*primary, user_id]);
        self.change(args, passphrase).await.map(drop)
    }

    async fn present(&self, name: Name<'_>) -> Result<(), Error> {
        let certificate = self.certificate(name.primary).await?;
        certificate.user_id(name.user_id.as_str()).map(drop).ok_or_else(|| name.missing())
    }

    async fn read_back(
        &self,
        name: Name<'_>,
        asked: &'static str,
        done: impl Fn(&UserIdEntry) -> bool,
    ) -> Result<(), Error> {
        let certificate = self.checked(name.primary).await?;
        let entry = certificate.user_id(name.user_id.as_str()).ok_or_else(|| name.missing())?;
        let found = || format!("user id {} with validity {}", name.user_id, entry.validity);
        let key = certificate.primary.key_id;
        if done(entry) { Ok(()) } else { Err(Error::NotDone { asked, key, found: found() }) }
    }
}

impl Name<'_> {
    fn missing(self) -> Error {
        Error::NoSuchUserId { fingerprint: *self.primary, user_id: self.user_id.clone() }
    }
}
