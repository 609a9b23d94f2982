//! Puts secret keys under another passphrase. gpg has a dialogue for it that goes by certificate;
//! the agent does it key by key.

use std::collections::BTreeSet;

use secrecy::SecretString;

use crate::agent::AgentError;
use crate::certificate::{Certificate, Key};
use crate::client::{Client, check_passphrase};
use crate::error::{At, Error};
use crate::id::{Fingerprint, Keygrip};
use crate::secret::{BAD_PASSPHRASE, SecretState};

impl Client {
    /// Puts the secret part of `key` under the passphrase `new`, and opens it with that once. One that
    /// had no passphrase gets it, whatever `old` is.
    ///
    /// # Errors
    ///
    /// [`Error::WrongPassphrase`]; [`Error::SecretUnusable`] when there is no secret part in a file here.
    pub async fn change_passphrase(
        &self,
        key: &Key,
        (old, new): (&SecretString, &SecretString),
    ) -> Result<(), Error> {
        check_passphrase(new)?;
        let found = self.secret_of(key).await?;
        match (&found, key.keygrip) {
            (SecretState::Protected | SecretState::Clear, Some(keygrip)) => {
                self.passwd(&keygrip, (old, new)).await?;
            }
            _ => return Err(Error::SecretUnusable { key: key.key_id, found }),
        }
        match self.secret_of(key).await? {
            SecretState::Protected => Ok(()),
            found => Err(Error::SecretUnusable { key: key.key_id, found }),
        }
    }

    /// Puts every secret key of the home under the passphrase `new`, and returns those of the
    /// certificates. A key file that belongs to no certificate is left alone where `old` does not open it.
    ///
    /// When it fails, some keys may be under the new passphrase: put the home back.
    ///
    /// # Errors
    ///
    /// As [`Client::change_passphrase`].
    pub async fn change_all_passphrases(
        &self,
        (old, new): (&SecretString, &SecretString),
    ) -> Result<Vec<Fingerprint>, Error> {
        let certificates = self.list().await?;
        let mut done = BTreeSet::new();
        let mut changed = Vec::new();
        for key in certificates.iter().flat_map(Certificate::keys) {
            let here =
                matches!(self.secret_of(key).await?, SecretState::Protected | SecretState::Clear);
            let first = key.keygrip.is_some_and(|keygrip| done.insert(keygrip.to_string()));
            if here && first {
                self.change_passphrase(key, (old, new)).await?;
            }
            changed.extend(here.then_some(key.fingerprint));
        }
        for keygrip in self.key_files()? {
            if !done.contains(&keygrip.to_string())
                && self.has_secret(&keygrip).await?
                && self.unlocks(&keygrip, old).await?
            {
                self.passwd(&keygrip, (old, new)).await?;
            }
        }
        Ok(changed)
    }

    /// The names of the key files in the home, whatever they hold.
    fn key_files(&self) -> Result<Vec<Keygrip>, Error> {
        let dir = self.home().join("private-keys-v1.d");
        let entries = match std::fs::read_dir(&dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.at("list", &dir)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.at("list", &dir)?.file_name();
            let stem = name.to_str().and_then(|name| name.strip_suffix(".key"));
            found.extend(stem.and_then(|stem| stem.parse::<Keygrip>().ok()));
        }
        Ok(found)
    }

    async fn passwd(
        &self,
        keygrip: &Keygrip,
        (old, new): (&SecretString, &SecretString),
    ) -> Result<(), Error> {
        let mut agent = self.agent().connect().await?;
        agent.command("OPTION pinentry-mode=loopback", None).await?;
        let secret = |keyword: &str| match keyword {
            "PASSPHRASE" => Some(old),
            "NEW_PASSPHRASE" => Some(new),
            _ => None,
        };
        match agent.converse(&format!("PASSWD {keygrip}"), &secret).await {
            Ok(_) => {}
            Err(AgentError::Refused { code, .. }) if code & 0xffff == BAD_PASSPHRASE => {
                return Err(Error::WrongPassphrase { home: self.home().to_owned() });
            }
            Err(error) => return Err(error.into()),
        }
        let opens = self.unlocks(keygrip, new).await?;
        opens.then_some(()).ok_or_else(|| Error::WrongPassphrase { home: self.home().to_owned() })
    }
}
