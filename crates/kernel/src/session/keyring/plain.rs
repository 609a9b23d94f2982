//! Plain files in gpg's place: `pubring.kbx` has a line for each certificate, its fingerprint,
//! which is its keygrip too; the secret part is there when a file of that name is.

use std::{fs, io, path::PathBuf};

use gpgsmith_gpg::{Certificate, Client, Error, Key, SecretState, listing};

/// What stands in [`SessionOpts::gpg`](crate::session::SessionOpts::gpg) for plain files.
pub(in crate::session) const PROGRAM: &str = "plain files";

/// A home of plain files.
#[derive(Debug)]
pub(in crate::session) struct Files(PathBuf);

impl Files {
    pub(super) fn new(home: PathBuf) -> Self {
        Self(home)
    }

    pub(super) fn no_gpg(&self) -> &Client {
        panic!("there is no gpg on {}", self.0.display());
    }

    /// What gpg would list, self-signatures verified.
    pub(super) fn list(&self) -> Result<Vec<Certificate>, Error> {
        let ring = match fs::read_to_string(self.0.join("pubring.kbx")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            ring => ring.unwrap(),
        };
        let listed: String =
            ring.lines().map(|fingerprint| self.certificate(fingerprint)).collect();
        Ok(listing::parse(listed.as_bytes())?)
    }

    fn certificate(&self, fingerprint: &str) -> String {
        let key_id = &fingerprint[24..];
        let secret = if self.has_secret(fingerprint) { '+' } else { '#' };
        format!(
            "sec:u:255:22:{key_id}:1700000000:::u:::cC:::{secret}::ed25519:::0:\n\
             fpr:::::::::{fingerprint}:\n\
             grp:::::::::{fingerprint}:\n\
             uid:u::::1700000000::0000::Ann Example <ann@example.org>::::::::::0:\n\
             sig:!::22:{key_id}:1700000000::::Ann Example <ann@example.org>:13x::{fingerprint}:::8:\n"
        )
    }

    pub(super) fn secret_of(&self, key: &Key) -> SecretState {
        if self.has_secret(&key.fingerprint.to_string()) {
            SecretState::Protected
        } else {
            SecretState::Absent
        }
    }

    fn has_secret(&self, keygrip: &str) -> bool {
        self.0.join(format!("private-keys-v1.d/{keygrip}.key")).is_file()
    }
}
