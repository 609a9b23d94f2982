//! The end of a whole certificate, and the paper that can bring it about later.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use secrecy::SecretString;

use crate::certificate::{Certificate, Validity};
use crate::client::Client;
use crate::dialogue::Script;
use crate::edit::{Edit, Revocation};
use crate::error::{At, Error};
use crate::id::Fingerprint;
use crate::master::not_done;
use crate::scratch::Scratch;
use crate::signature::On;

/// A revocation certificate that was tried: imported wherever the key is, it revokes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationCertificate {
    /// ASCII-armored, without the colon that keeps gpg's own file from being imported by mistake.
    pub armored: String,
    /// What it says about why.
    pub why: Revocation,
}

/// gpg's are below 2 KB, with rsa4096.
const LIMIT: u64 = 64 << 10;
const BEGIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
const END: &str = "-----END PGP PUBLIC KEY BLOCK-----";

impl Client {
    /// The certificate that gpg made along with the key, tried on a copy of the key.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::Revoked`]; [`Error::Path`] when there is none; [`Error::NoRevocation`] when the file does not revoke the key.
    pub async fn stored_revocation(
        &self,
        primary: &Fingerprint,
    ) -> Result<RevocationCertificate, Error> {
        let file = self.home().join("openpgp-revocs.d").join(format!("{primary}.rev"));
        self.revocable(primary).await?;
        let text = read_limited(&file)?;
        let armored = armored_part(&text).ok_or(Error::NoRevocation { fingerprint: *primary })?;
        self.tried(primary, armored).await
    }

    /// Makes another one, with a reason, and tries it likewise. Nothing in the home changes.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::Revoked`], [`Error::WrongPassphrase`]; [`Error::NoRevocation`] when it does not revoke the
    /// key, or says something else than it should.
    pub async fn make_revocation(
        &self,
        primary: &Fingerprint,
        why: &Revocation,
        passphrase: &SecretString,
    ) -> Result<RevocationCertificate, Error> {
        self.revocable(primary).await?;
        let script = why.prompts().fold(
            Script::passphrase(passphrase).then("gen_revoke.okay", "y"),
            |script, (keyword, text)| script.then(keyword, text),
        );
        let args = ["--armor", "--gen-revoke", &primary.to_string()];
        let made = self.converse(args, passphrase, script).await?.stdout;
        let text = String::from_utf8_lossy(&made);
        let failed = Error::NoRevocation { fingerprint: *primary };
        let Some(armored) = armored_part(&text) else { return Err(failed) };
        let certificate = self.tried(primary, armored).await?;
        if why.became(&certificate.why) { Ok(certificate) } else { Err(failed) }
    }

    /// Puts a certificate where gpg puts the one that it makes along with a key, and as it does: with
    /// a colon that keeps it from being imported by mistake.
    ///
    /// # Errors
    ///
    /// [`Error::Path`], so too when there is one already.
    pub fn keep_revocation(
        &self,
        primary: &Fingerprint,
        certificate: &RevocationCertificate,
    ) -> Result<(), Error> {
        let dir = self.home().join("openpgp-revocs.d");
        if !dir.is_dir() {
            DirBuilder::new().mode(0o700).create(&dir).at("create", &dir)?;
        }
        let file = dir.join(format!("{primary}.rev"));
        let text = format!(
            "Importing what follows, without the colon, revokes the key {primary} for good.\n\n:{}\n",
            certificate.armored
        );
        let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        new.and_then(|mut new| new.write_all(text.as_bytes())).at("write", &file)
    }

    /// Takes the whole certificate back, and reads that back with its reason.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::Revoked`], [`Error::WrongPassphrase`], [`Error::NotDone`].
    pub async fn revoke_master(
        &self,
        primary: &Fingerprint,
        why: &Revocation,
        passphrase: &SecretString,
    ) -> Result<(), Error> {
        self.revocable(primary).await?;
        Edit::of(*primary).revoke_key(why).save(self, passphrase).await?;
        self.expect_revoked(primary).await?;
        self.expect_reason(primary, &On::Primary, why).await
    }

    /// The same by a revocation certificate, which needs no passphrase.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`], [`Error::Revoked`]; [`Error::NoRevocation`] for a text that is not this key's
    /// revocation and nothing else; [`Error::NotDone`].
    pub async fn revoke_master_by(
        &self,
        primary: &Fingerprint,
        armored: &str,
    ) -> Result<RevocationCertificate, Error> {
        self.revocable(primary).await?;
        let failed = Error::NoRevocation { fingerprint: *primary };
        let Some(armored) = armored_part(armored) else { return Err(failed) };
        let certificate = self.tried(primary, armored).await?;
        let text = certificate.armored.as_bytes();
        self.reading().args(["--import"]).stdin(text).run().await?;
        self.expect_revoked(primary).await?;
        Ok(certificate)
    }

    async fn revocable(&self, primary: &Fingerprint) -> Result<(), Error> {
        match self.certificate(primary).await?.primary {
            key if key.validity == Validity::Revoked => Err(Error::Revoked { key: key.key_id }),
            _ => Ok(()),
        }
    }

    async fn expect_revoked(&self, primary: &Fingerprint) -> Result<(), Error> {
        let certificate = self.checked(primary).await?;
        let dead = is_revoked(&certificate);
        if dead { Ok(()) } else { Err(not_done("revoke a key", &certificate.primary)) }
    }

    /// On a copy of the key, in a scratch home: there it must revoke the key and change nothing else.
    async fn tried(
        &self,
        primary: &Fingerprint,
        armored: &str,
    ) -> Result<RevocationCertificate, Error> {
        let scratch = Scratch::create(self)?;
        scratch.import(&self.export_minimal(primary).await?).await?;
        let before = scratch.signatures().await?;
        let failed = || Error::NoRevocation { fingerprint: *primary };
        if let Err(Error::Tool(error)) = scratch.import(armored.as_bytes()).await {
            tracing::debug!(%error, "not a revocation");
            return Err(failed());
        }
        let certificates = scratch.list().await?;
        let revoked = matches!(certificates.as_slice(), [only] if only.fingerprint() == *primary && is_revoked(only));
        let mut added = scratch.signatures().await?;
        added.retain(|signature| !before.contains(signature));
        match added.as_slice() {
            [only] if revoked && only.on == On::Primary && only.is_own() => {
                Ok(RevocationCertificate {
                    armored: armored.to_owned(),
                    why: only.reason().unwrap_or_default(),
                })
            }
            _ => Err(failed()),
        }
    }
}

fn is_revoked(certificate: &Certificate) -> bool {
    certificate.primary.validity == Validity::Revoked
}

fn read_limited(file: &Path) -> Result<String, Error> {
    let mut text = Vec::new();
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(file);
    opened.and_then(|file| file.take(LIMIT).read_to_end(&mut text)).at("read", file)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// From the first line of the armor to its last, whatever stands before and behind.
fn armored_part(text: &str) -> Option<&str> {
    let begin = text.find(BEGIN)?;
    let length = text.get(begin..)?.find(END)? + END.len();
    text.get(begin..begin + length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_colon_that_guards_gpgs_file_is_left_out() {
        let text = format!("About this file:\n\n:{BEGIN}\n\nabc\n{END}\n");
        assert_eq!(armored_part(&text), Some(format!("{BEGIN}\n\nabc\n{END}").as_str()));
        assert_eq!(armored_part(&format!("{END}\n{BEGIN}")), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_search_panic(text in "\\PC{0,9}(-----BEGIN PGP PUBLIC KEY BLOCK-----)?\\PC{0,9}(-----END PGP PUBLIC KEY BLOCK-----)?\\PC{0,9}") {
            let part = armored_part(&text).unwrap_or_default();
            prop_assert!(part.is_empty() || part.starts_with(BEGIN) && part.ends_with(END));
        }
    }
}
