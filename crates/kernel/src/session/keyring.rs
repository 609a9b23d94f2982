//! What works on a home: gpg. Only the model test puts plain files in its place, since its
//! thousands of sessions are about our files, not about gpg's.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use gpgsmith_gpg::{
    Certificate, Client, ClientOptions, Error, Fingerprint, Key, Program, SecretState,
};

#[cfg(test)]
pub(super) mod plain;

/// The program behind a [`Keyring`].
#[derive(Clone, Debug)]
pub(super) enum Smith {
    Gpg(Program),
    #[cfg(test)]
    Plain,
}

impl Smith {
    /// Finds gpg: `program`, or the one in `PATH`.
    pub(super) async fn find(program: Option<&Path>) -> Result<Self, Error> {
        #[cfg(test)]
        if program == Some(Path::new(plain::PROGRAM)) {
            return Ok(Self::Plain);
        }
        Ok(Self::Gpg(Program::find(program).await?))
    }

    /// Starts it on `home`.
    pub(super) async fn open(&self, home: PathBuf) -> Result<Keyring, Error> {
        match self {
            Self::Gpg(program) => {
                let options = ClientOptions::new(home, program.clone());
                Ok(Keyring::Gpg(Client::open(options).await?))
            }
            #[cfg(test)]
            Self::Plain => Ok(Keyring::Plain(plain::Files::new(home))),
        }
    }
}

/// The keys in a home; dropping it ends the agent that works there.
#[derive(Debug)]
pub(super) enum Keyring {
    Gpg(Client),
    #[cfg(test)]
    Plain(plain::Files),
}

impl Keyring {
    /// gpg itself, for what steps and reads do.
    pub(super) fn gpg(&self) -> &Client {
        match self {
            Self::Gpg(client) => client,
            #[cfg(test)]
            Self::Plain(files) => files.no_gpg(),
        }
    }

    /// As [`Client::list`].
    pub(super) async fn list(&self) -> Result<Vec<Certificate>, Error> {
        match self {
            Self::Gpg(client) => client.list().await,
            #[cfg(test)]
            Self::Plain(files) => files.list(),
        }
    }

    /// As [`Client::check_self_signatures`].
    pub(super) async fn check_self_signatures(&self) -> Result<Vec<Certificate>, Error> {
        match self {
            Self::Gpg(client) => client.check_self_signatures().await,
            #[cfg(test)]
            Self::Plain(files) => files.list(),
        }
    }

    /// As [`Client::asks_for_aead`].
    pub(super) async fn asks_for_aead(&self) -> Result<BTreeSet<Fingerprint>, Error> {
        match self {
            Self::Gpg(client) => client.asks_for_aead().await,
            #[cfg(test)]
            Self::Plain(_) => Ok(BTreeSet::new()),
        }
    }

    /// As [`Client::secret_of`].
    pub(super) async fn secret_of(&self, key: &Key) -> Result<SecretState, Error> {
        match self {
            Self::Gpg(client) => client.secret_of(key).await,
            #[cfg(test)]
            Self::Plain(files) => Ok(files.secret_of(key)),
        }
    }

    /// As [`Client::close`].
    pub(super) async fn close(self) -> Result<(), Error> {
        match self {
            Self::Gpg(client) => client.close().await,
            #[cfg(test)]
            Self::Plain(_) => Ok(()),
        }
    }
}
