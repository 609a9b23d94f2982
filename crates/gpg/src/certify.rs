//! Says with one's own key that somebody else's belongs to who it names.

use secrecy::SecretString;

use crate::certificate::{Certificate, SelfSignature, Validity};
use crate::client::Client;
use crate::error::Error;
use crate::expiry::Expiry;
use crate::id::{Fingerprint, UserId};
use crate::master::same_end;
use crate::scratch::Scratch;
use crate::signature::{On, Signature};
use crate::usage::Usage;

/// How carefully was checked whose key it is (RFC 9580 § 5.2.1); few programs tell them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Care {
    /// Nothing is said about it, as gpg itself prefers.
    #[default]
    Unsaid,
    /// Not at all.
    None,
    /// A little.
    Casual,
    /// Face to face with a passport, for example.
    Thorough,
}

/// What is to be said of whom.
#[derive(Clone, Debug)]
pub struct Certification {
    /// The primary key of somebody else; its certificate must be in the home.
    pub key: Fingerprint,
    /// Which names; without any, all that can be certified.
    pub user_ids: Vec<UserId>,
    /// For those who see it.
    pub care: Care,
    /// When the certification ends; a span counts from now.
    pub expiry: Expiry,
    /// Else it stays in this home, and no export carries it.
    pub exportable: bool,
}

const ASKED: &str = "certify a key";

impl Client {
    /// The public keys of a text, with their self-signatures verified, before any of them is taken.
    ///
    /// # Errors
    ///
    /// [`Error::Tool`] for a text without keys, or with secret ones.
    pub async fn preview(&self, text: &[u8]) -> Result<Vec<Certificate>, Error> {
        let scratch = Scratch::create(self)?;
        scratch.import(text).await?;
        scratch.list().await
    }

    /// Takes public keys into the home, or merges them with what is there. Returns their primary keys.
    ///
    /// # Errors
    ///
    /// [`Error::Tool`] for a text without keys, or with secret ones.
    pub async fn import_public(&self, text: &[u8]) -> Result<Vec<Fingerprint>, Error> {
        let found = self.preview(text).await?;
        let names: Vec<_> = found.iter().map(Certificate::fingerprint).collect();
        self.reading().args(["--import"]).stdin(text).run().await?;
        let here = self.list().await?;
        let missing =
            names.iter().find(|name| here.iter().all(|found| found.fingerprint() != **name));
        missing.map_or(Ok(()), |name| Err(self.no_such_key(name)))?;
        Ok(names)
    }

    /// The names that a certification would be for: user ids that their owner signed and did not
    /// take back.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchKey`]; [`Error::Revoked`]; [`Error::NoSuchUserId`] for one that can't be certified.
    pub async fn certifiable(&self, what: &Certification) -> Result<Vec<UserId>, Error> {
        let certificate = self.checked(&what.key).await?;
        if certificate.primary.validity == Validity::Revoked {
            return Err(Error::Revoked { key: certificate.primary.key_id });
        }
        let fit = certificate.user_ids.iter().filter(|entry| entry.is_bound());
        let fit: Vec<UserId> = fit.filter_map(|entry| entry.text.parse().ok()).collect();
        match what.user_ids.iter().find(|wanted| !fit.contains(wanted)) {
            Some(user_id) => {
                Err(Error::NoSuchUserId { fingerprint: what.key, user_id: user_id.clone() })
            }
            None if what.user_ids.is_empty() => Ok(fit),
            None => Ok(what.user_ids.clone()),
        }
    }

    /// Certifies with the primary key `by`, and returns the new signatures as they were read back.
    ///
    /// A name that `by` certified before is certified anew; the newest counts.
    ///
    /// # Errors
    ///
    /// As [`Client::certifiable`]; [`Error::Unfit`] when `by` can't certify; [`Error::WrongPassphrase`];
    /// [`Error::NotDone`] when other names were certified, or otherwise, as are expired keys.
    pub async fn certify(
        &self,
        by: &Fingerprint,
        what: &Certification,
        passphrase: &SecretString,
    ) -> Result<Vec<Signature>, Error> {
        let names = self.certifiable(what).await?;
        let signer = self.certificate(by).await?.primary;
        if !signer.serves(Usage::Certify) {
            return Err(Error::unfit(&signer, Usage::Certify));
        }
        let before = self.signatures(&what.key).await?;
        self.change(what.argv(by, &names, &before), passphrase).await?;
        let mut added = self.signatures(&what.key).await?;
        added.retain(|signature| !before.contains(signature));
        let right = added.iter().filter(|signature| what.is(signature, by)).count();
        let on = |name: &UserId| On::UserId(name.as_str().to_owned());
        let all = names.iter().all(|name| added.iter().any(|added| added.on == on(name)));
        if all && right == names.len() && right == added.len() && right > 0 {
            return Ok(added);
        }
        let found = format!("{right} of {} certifications", names.len());
        Err(Error::NotDone { asked: ASKED, key: what.key.key_id(), found })
    }
}

impl Certification {
    fn argv(&self, by: &Fingerprint, names: &[UserId], before: &[Signature]) -> Vec<String> {
        let again = before.iter().any(|signature| signature.made_by(by));
        let command = if self.exportable { "--quick-sign-key" } else { "--quick-lsign-key" };
        let mut argv = vec!["--batch".to_owned(), "--yes".to_owned()];
        argv.extend(again.then(|| "--force-sign-key".to_owned()));
        argv.push(format!("--default-cert-level={}", self.care as u8));
        argv.push(format!("--default-cert-expire={}", self.expiry));
        argv.push(format!("--local-user={by}!"));
        argv.extend([command.to_owned(), self.key.to_string()]);
        argv.extend(names.iter().map(|name| name.as_str().to_owned()));
        argv
    }

    fn is(&self, signature: &Signature, by: &Fingerprint) -> bool {
        let ends = signature.created.and_then(|created| self.expiry.counted_from(created));
        signature.made_by(by)
            && signature.verdict == SelfSignature::Good
            && signature.class == 0x10 + self.care as u8
            && signature.exportable == self.exportable
            && same_end(signature.expires, ends)
    }
}
