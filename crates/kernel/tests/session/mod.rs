//! Sessions on real files and real gpg.

mod check;
mod endings;
mod ephemeral;
mod heads;
mod life;
mod revert;
mod steps;
mod takeover;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use gpgsmith_gpg::{Algorithm, Expiry, Fingerprint, MasterSpec, SubkeySpec, Usage};
use gpgsmith_kernel::{
    clock::Clock,
    home::settings::Settings,
    session::{
        Change, Home, OpenSessionResult, Session, SessionError, SessionOpts, Vault,
        ephemeral::LockSource, state::StateDir,
    },
};
use gpgsmith_vault::{Key, ScryptParams, Store, registry::Entry};
use jiff::Timestamp;
use secrecy::SecretString;

/// The passphrase of everything here.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A clock that is set by hand.
#[derive(Debug)]
pub struct HandClock(Mutex<(Timestamp, Duration)>);

impl HandClock {
    pub fn advance(&self, by: Duration) {
        let mut times = self.0.lock().unwrap();
        times.0 += by;
        times.1 += by;
    }

    pub fn set(&self, now: Timestamp) {
        self.0.lock().unwrap().0 = now;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }

    fn boot_time(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

/// A machine with a vault directory that others may share.
#[derive(Debug)]
pub struct Machine {
    pub dir: tempfile::TempDir,
    pub vault_dir: PathBuf,
    pub clock: Arc<HandClock>,
    pub anchor: Option<String>,
    host: String,
}

impl Machine {
    /// A machine of its own.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault_dir = dir.path().join("vault");
        let start: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let clock = Arc::new(HandClock(Mutex::new((start, Duration::from_secs(1000)))));
        Self { vault_dir, dir, clock, anchor: None, host: "laptop".to_owned() }
    }

    /// Another machine that sees the same vault directory, through a sync service as it were.
    pub fn beside(other: &Self, host: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault_dir = other.vault_dir.clone();
        Self {
            vault_dir,
            dir,
            clock: Arc::clone(&other.clock),
            anchor: None,
            host: host.to_owned(),
        }
    }

    pub fn vault(&self) -> Vault {
        self.vault_with(PASSPHRASE)
    }

    pub fn vault_with(&self, passphrase: &str) -> Vault {
        let secret = SecretString::from(passphrase);
        let quick = ScryptParams { log_n: 10 };
        let key = Key::passphrase_with(secret.clone(), quick).unwrap();
        Vault { store: Store::new(&self.vault_dir), key, passphrase: Some(secret) }
    }

    pub fn entry(&self) -> Entry {
        Entry {
            name: "work".to_owned(),
            path: self.vault_dir.to_string_lossy().into_owned(),
            trusted_master_fp: self.anchor.clone(),
            ..Entry::default()
        }
    }

    pub fn opts(&self) -> SessionOpts {
        let state = StateDir::open(self.dir.path().join("state")).unwrap();
        let mut opts = SessionOpts::new(LockSource::Cli, state);
        opts.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        opts.host = self.host.parse().unwrap();
        opts
    }

    pub async fn create(&self) -> Session {
        Session::create(&self.vault(), &self.entry(), self.opts()).await.unwrap().session
    }

    pub async fn open(&self) -> Result<OpenSessionResult, SessionError> {
        Session::open(&self.vault(), &self.entry(), self.opts()).await
    }

    /// Files in the vault directory, sorted.
    pub fn files(&self) -> Vec<String> {
        let read = std::fs::read_dir(&self.vault_dir).unwrap();
        let mut names: Vec<_> =
            read.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Makes a master key with one signing subkey, in one step.
pub async fn make_keys(session: &Session) -> Fingerprint {
    session.step(async |home: &Home<'_>| first_keys(home).await).await.unwrap()
}

async fn first_keys(home: &Home<'_>) -> Result<Change<Fingerprint>, SessionError> {
    let spec = MasterSpec {
        user_id: "Ann Example <ann@example.org>".parse().unwrap(),
        algorithm: Algorithm::Ed25519,
        expiry: Expiry::Never,
    };
    let secret = home.secret().unwrap();
    let master = home.gpg().generate_master(&spec, secret).await?;
    let settings = Settings {
        master_fp: master.to_string(),
        subkey_algo: "ed25519".to_owned(),
        subkey_expiry: "2y".to_owned(),
    };
    settings.save(home.dir())?;
    add_subkey(home, &master).await?;
    Ok(change(master, "create-key"))
}

pub async fn add_subkey(home: &Home<'_>, master: &Fingerprint) -> Result<(), SessionError> {
    let spec = SubkeySpec {
        usage: Usage::Sign,
        algorithm: Algorithm::Ed25519,
        expiry: "2y".parse().unwrap(),
    };
    home.gpg().add_subkey(master, &spec, home.secret().unwrap()).await?;
    Ok(())
}

/// The words for a step.
pub fn change<T>(value: T, action: &'static str) -> Change<T> {
    Change { value, action, details: "a test".to_owned(), metadata: BTreeMap::new() }
}

/// A step that adds a user ID.
pub async fn add_identity(session: &Session, text: &str) -> Result<(), SessionError> {
    let master = session.configured_master_fp().unwrap();
    let user_id = text.parse().unwrap();
    session
        .step(async |home: &Home<'_>| {
            home.gpg().add_user_id(&master, &user_id, home.secret().unwrap()).await?;
            Ok::<_, SessionError>(change((), "add-identity"))
        })
        .await
}

/// The texts of the user IDs in a session.
pub async fn identities(session: &Session) -> Vec<String> {
    let certificates = session.certificates().await.unwrap();
    certificates[0].user_ids.iter().map(|id| id.text.clone()).collect()
}
