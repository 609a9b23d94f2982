//! A copy in RAM of what is to be imported, as a GnuPG home: there its keys are proven, put under
//! another passphrase and looked at, before the vault hears of them.

use std::{
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use gpgsmith_gpg::{
    Certificate, Client, ClientOptions, Error as GpgError, Program, Secret, SecretState,
    UserIdEntry, Version,
};
use gpgsmith_vault::{
    Workdir, WorkdirOptions,
    atomic::{self, At as _},
};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::source::{self, Copies, Found};
use crate::{
    api::{ApiError, Code, Hint},
    ops::error::Fail as _,
    session::SessionError,
};

/// Exports of keys, each whole.
type Texts = Vec<Zeroizing<Vec<u8>>>;

/// The copy.
#[derive(Debug)]
pub(super) struct Staging {
    /// Dropped first: its agent ends before the home goes.
    pub(super) gpg: Client,
    workdir: Workdir,
    source: PathBuf,
    /// Secret keys that have to be opened to be taken.
    closed: Texts,
}

/// How the secret keys are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Protection {
    /// So many are under a passphrase.
    pub(super) protected: u64,
    /// So many are not.
    pub(super) clear: u64,
}

impl Staging {
    /// Copies `source`, and takes what of it needs no passphrase.
    pub(super) async fn take(
        source: &Path,
        options: &WorkdirOptions,
        gpg: Option<&Path>,
    ) -> Result<Self, ApiError> {
        let found = source::recognise(source)?;
        let workdir = Workdir::create(options).map_err(SessionError::from)?;
        for dir in [home_in(&workdir), carried_in(&workdir)] {
            fs::DirBuilder::new().mode(0o700).create(&dir).at("create", &dir).fail(Code::Io)?;
        }
        let program = Program::find(gpg).await.map_err(GpgError::from).map_err(gpg_failed)?;
        let mut public = Texts::new();
        if let Found::Home(home) = &found {
            let (main, carried) = (home_in(&workdir), carried_in(&workdir));
            Copies { home: &main, carried: &carried }.take(home).fail(Code::Io)?;
            if Program::has_data_base(home) {
                public.push(from_data_base(&program, home, &workdir).await?);
            }
        }
        let options = ClientOptions::new(home_in(&workdir), program);
        let gpg = Client::open(options).await.map_err(gpg_failed)?;
        let mut staging = Self { gpg, workdir, source: source.to_owned(), closed: Texts::new() };
        staging.sort(&found, &mut public).await?;
        for text in &public {
            staging.gpg.import_public(text).await.map_err(gpg_failed)?;
        }
        Ok(staging)
    }

    /// Tells texts with secret keys from those with public ones. A text without a key, such as a
    /// revocation certificate, is not taken.
    async fn sort(&mut self, found: &Found, public: &mut Texts) -> Result<(), ApiError> {
        let files = match found {
            Found::Files(files) => files.clone(),
            Found::Home(home) if !source::is_converted(home) => vec![home.join(source::SECRING)],
            Found::Home(_) => Vec::new(),
        };
        for file in files.iter().filter(|file| file.exists()) {
            let Some(text) = source::read(file)? else { continue };
            let keys = self.gpg.keys_in(&text).await.map_err(gpg_failed)?;
            if !keys.secret.is_empty() {
                self.closed.push(text);
            } else if keys.primary {
                public.push(text);
            }
        }
        Ok(())
    }

    /// Takes the secret keys that `passphrase` opens, and says whether it opens all that are
    /// under one.
    pub(super) async fn open(&self, passphrase: &SecretString) -> Result<bool, ApiError> {
        for text in &self.closed {
            match self.gpg.import_secret(text, passphrase).await {
                Err(GpgError::WrongPassphrase { .. }) => return Ok(false),
                taken => drop(taken.map_err(gpg_failed)?),
            }
        }
        for certificate in self.list().await? {
            for key in certificate.keys() {
                let protected = self.state(key).await? == SecretState::Protected;
                if let Some(keygrip) = key.keygrip.filter(|_| protected)
                    && !self.gpg.unlocks(&keygrip, passphrase).await.map_err(gpg_failed)?
                {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// How the secret keys are protected.
    pub(super) async fn protection(&self) -> Result<Protection, ApiError> {
        let mut protection = Protection::default();
        for certificate in self.list().await? {
            for key in certificate.keys() {
                match self.state(key).await? {
                    SecretState::Protected => protection.protected += 1,
                    SecretState::Clear => protection.clear += 1,
                    _ => {}
                }
            }
        }
        Ok(protection)
    }

    /// What the agent has for a key; a broken key file is an error.
    async fn state(&self, key: &gpgsmith_gpg::Key) -> Result<SecretState, ApiError> {
        match self.gpg.secret_of(key).await.map_err(gpg_failed)? {
            found @ (SecretState::Garbage | SecretState::Foreign) => {
                Err(gpg_failed(GpgError::SecretUnusable { key: key.key_id, found }))
            }
            state => Ok(state),
        }
    }

    /// The certificates whose primary key has a secret part here, or a note where it is.
    pub(super) async fn own(&self) -> Result<Vec<Certificate>, ApiError> {
        let mut own = self.gpg.check_self_signatures().await.map_err(gpg_failed)?;
        own.retain(|certificate| certificate.primary.secret != Secret::Absent);
        own.retain(|certificate| certificate.user_ids.iter().any(UserIdEntry::is_bound));
        if own.is_empty() { Err(source::no_keys(&self.source)) } else { Ok(own) }
    }

    async fn list(&self) -> Result<Vec<Certificate>, ApiError> {
        self.gpg.list().await.map_err(gpg_failed)
    }

    /// The home.
    pub(super) fn home(&self) -> PathBuf {
        home_in(&self.workdir)
    }

    /// What gpg shall not see.
    pub(super) fn carried(&self) -> PathBuf {
        carried_in(&self.workdir)
    }

    /// Ends it; everything is wiped.
    pub(super) async fn close(self) -> Result<(), ApiError> {
        self.gpg.close().await.map_err(gpg_failed)?;
        self.workdir.wipe().fail(Code::Io)
    }
}

fn home_in(workdir: &Workdir) -> PathBuf {
    workdir.path().join("home")
}

fn carried_in(workdir: &Workdir) -> PathBuf {
    workdir.path().join("carried")
}

/// An error of gpg, with what to do next.
pub(super) fn gpg_failed(error: GpgError) -> ApiError {
    SessionError::from(error).into()
}

/// The public keys of a home whose keys keyboxd keeps: from another copy, in which it may run.
async fn from_data_base(
    program: &Program,
    home: &Path,
    workdir: &Workdir,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    const DIR: &str = "public-keys.d";
    let copy = workdir.path().join("keyboxd");
    source::copy(&home.join(DIR).join("pubring.db"), &copy.join(DIR).join("pubring.db"))
        .fail(Code::Io)?;
    atomic::create_new(&copy.join("common.conf"), b"use-keyboxd\n", 0o600).fail(Code::Io)?;
    let exported = program.export_data_base(&copy).await.map_err(|error| match error {
        GpgError::Keyboxd { version, .. } => too_old(home, version),
        other => gpg_failed(other),
    })?;
    program.cleanup_socket_dir(&copy).await.map_err(GpgError::from).map_err(gpg_failed)?;
    Ok(exported.into())
}

/// The copy is ours; the user knows the home.
fn too_old(home: &Path, version: Version) -> ApiError {
    let error = GpgError::Keyboxd { home: home.to_owned(), version };
    let hint = Hint::advice(
        "Use GnuPG 2.3 or later for this vault, or import what the gpg of that home writes with `gpg --export-secret-keys`.",
    );
    ApiError::chain(Code::Gpg, &error).with_hint(hint)
}
