//! Watches over what keys ask others for: gpg 2.3 and later may let them ask for OCB.

use std::collections::BTreeSet;

use crate::certificate::{Certificate, Secret};
use crate::client::Client;
use crate::error::Error;
use crate::id::Fingerprint;
use crate::listing;
use crate::program::Version;
use crate::signature::{On, Signature};

impl Client {
    /// The primary keys with a secret part here that ask to be written to in OCB, or in another mode
    /// that only some programs read. A gpg that does not know such modes is not even asked.
    ///
    /// # Errors
    ///
    /// As [`Client::list`].
    pub async fn asks_for_aead(&self) -> Result<BTreeSet<Fingerprint>, Error> {
        if self.program().version() < Version::COMMON_CONF {
            return Ok(BTreeSet::new());
        }
        let args = ["--list-options=show-sig-subpackets", "--check-sigs"];
        let signatures = listing::signatures(&self.check(&args).await?)?;
        let ask = |certificate: &Certificate| {
            let of_it = |signature: &&Signature| signature.certificate == certificate.fingerprint();
            let own: Vec<_> = signatures.iter().filter(of_it).cloned().collect();
            let ids = certificate.user_ids.iter().map(|id| On::UserId(id.text.clone()));
            let mut words = ids.filter_map(|on| Signature::newest_own(&own, &on));
            certificate.primary.secret != Secret::Absent && words.any(Signature::prefers_aead)
        };
        let all = self.list().await?;
        Ok(all
            .iter()
            .filter(|certificate| ask(certificate))
            .map(Certificate::fingerprint)
            .collect())
    }
}
