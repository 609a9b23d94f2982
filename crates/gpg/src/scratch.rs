//! A place in the home for a moment, and a second, empty home there for public keys: to see what a
//! text does before the real one takes it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::certificate::Certificate;
use crate::client::{Client, DETAILS};
use crate::error::{At, Error};
use crate::listing;
use crate::signature::Signature;
use crate::tool::Call;

/// A private directory in the home, where gpg may write behind its wall; removed when dropped.
#[derive(Debug)]
pub(crate) struct Nook(PathBuf);

impl Nook {
    /// Its name is that of a transient file of gpg, which is not to be kept.
    pub(crate) fn create(home: &Path) -> Result<Self, Error> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = home.join(format!(".#lk-{}-{number}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).at("create", &path)?;
        Ok(Self(path))
    }

    /// A new file in it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.0.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(bytes)).at("write", &path)?;
        Ok(path)
    }
}

impl Drop for Nook {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "a copy of public keys stays");
        }
    }
}

/// A home inside the home, behind the same wall, without agent.
#[derive(Debug)]
pub(crate) struct Scratch<'a> {
    client: &'a Client,
    nook: Nook,
}

impl<'a> Scratch<'a> {
    pub(crate) fn create(client: &'a Client) -> Result<Self, Error> {
        Ok(Self { client, nook: Nook::create(client.home())? })
    }

    fn call(&self) -> Call<'static> {
        self.client.reading().homedir(&self.nook.0).fixed(&["--no-auto-check-trustdb"])
    }

    /// Merges public keys and revocations into it.
    pub(crate) async fn import(&self, text: &[u8]) -> Result<(), Error> {
        let call = self.call().args(["--import"]).stdin(text);
        call.run().await?;
        Ok(())
    }

    /// All that it holds.
    pub(crate) async fn list(&self) -> Result<Vec<Certificate>, Error> {
        let call = self.call().args(DETAILS).args(["--check-sigs"]);
        Ok(listing::parse(&call.run().await?.stdout)?)
    }

    /// Every signature in it, verified.
    pub(crate) async fn signatures(&self) -> Result<Vec<Signature>, Error> {
        let args = ["--list-options=show-sig-subpackets", "--check-sigs"];
        let call = self.call().args(DETAILS).args(args);
        Ok(listing::signatures(&call.run().await?.stdout)?)
    }
}
