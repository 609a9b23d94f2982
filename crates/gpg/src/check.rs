//! Verifies self-signatures anew, whatever the key ring says about them.
//!
//! A key ring remembers which signatures were good, and a hostile one may say so of all. gpg 2.2.40
//! can ignore that memory (`--no-sig-cache`), but then dies of a double free at the first signature
//! of somebody whose key is missing. So the certificates are exported: an export carries no such
//! memory, and gpg reads it as a key ring.

use std::ffi::OsStr;

use crate::certificate::Certificate;
use crate::client::{Client, DETAILS};
use crate::error::Error;
use crate::id::Fingerprint;
use crate::listing;
use crate::scratch::Nook;

impl Client {
    /// As [`Client::list`], with every self-signature verified anew:
    /// [`Key::binding`](crate::Key::binding) and
    /// [`UserIdEntry::self_signature`](crate::UserIdEntry::self_signature) tell which are good.
    ///
    /// # Errors
    ///
    /// As [`Client::list`]. A bad signature is not an error, but in the answer.
    pub async fn check_self_signatures(&self) -> Result<Vec<Certificate>, Error> {
        Ok(listing::parse(&self.check(&["--check-sigs"]).await?)?)
    }

    /// What gpg lists of a key ring without memory.
    pub(crate) async fn check(&self, args: &[&str]) -> Result<Vec<u8>, Error> {
        // All of them: gpg brings its trust database up to date by the key ring that it is shown.
        let export = ["--export-options", "export-local-sigs", "--export"];
        let exported = self.reading().args(export).run().await?.stdout;
        if exported.is_empty() {
            return Ok(Vec::new());
        }
        let nook = Nook::create(self.home())?; // gpg leaves a backup beside a key ring
        let ring = nook.write("ring.gpg", &exported)?;
        let place = [OsStr::new("--no-default-keyring"), OsStr::new("--keyring"), ring.as_os_str()];
        let call = self.reading().args(DETAILS).args(place).args(args);
        Ok(call.run().await?.stdout)
    }

    /// One certificate with its self-signatures verified.
    pub(crate) async fn checked(&self, fingerprint: &Fingerprint) -> Result<Certificate, Error> {
        let mut all = self.check_self_signatures().await?.into_iter();
        all.find(|certificate| certificate.fingerprint() == *fingerprint)
            .ok_or_else(|| self.no_such_key(fingerprint))
    }
}
