//! One machine: the program's own code on real files, with a clock that is set by hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use gpgsmith_vault::{Store, WorkdirOptions, atomic, registry::Entry};
use jiff::Timestamp;

use super::{
    act::Who,
    content::{self, Bytes, Files},
    service::{Changes, place},
};
use crate::{
    clock::Clock,
    home::settings::Settings,
    session::{
        Change, Home, OpenSessionResult, Session, SessionError, SessionOpts, Vault,
        ephemeral::LockSource, keyring::plain, state::StateDir,
    },
};

/// The master key of every vault here, but for a foreign one.
pub(super) const MASTER: &str = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";

/// A clock that is set by hand.
#[derive(Debug)]
pub(super) struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub(super) fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(now)))
    }

    pub(super) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap() = now;
    }

    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn boot_time(&self) -> Duration {
        Duration::ZERO
    }
}

/// A machine with its own copy of the vault directory.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) who: Who,
    pub(super) dir: PathBuf,
    pub(super) clock: Arc<HandClock>,
    pub(super) anchor: Option<String>,
    pub(super) session: Option<Session>,
    /// Steps tried so far, which number them.
    pub(super) tried: u32,
    /// The snapshots that its session knows of: those of the moment when it was opened or sealed.
    pub(super) saw: Files,
    /// What opening said beside.
    pub(super) notes: Vec<String>,
    /// The snapshot that it opened or sealed last.
    pub(super) head: Option<(String, Bytes)>,
    /// What the user accepted as no heads any more.
    pub(super) accepted: BTreeSet<Bytes>,
}

impl Machine {
    pub(super) fn new(who: Who, root: &Path, now: Timestamp) -> Self {
        Self {
            who,
            dir: root.join(format!("{who:?}")),
            clock: HandClock::at(now),
            anchor: None,
            session: None,
            tried: 0,
            saw: Files::new(),
            notes: Vec::new(),
            head: None,
            accepted: BTreeSet::new(),
        }
    }

    pub(super) fn vault_dir(&self) -> PathBuf {
        self.dir.join("vault")
    }

    pub(super) fn vault(&self) -> Vault {
        Vault { store: Store::new(self.vault_dir()), key: content::key(), passphrase: None }
    }

    pub(super) fn entry(&self) -> Entry {
        Entry {
            name: "work".to_owned(),
            path: self.vault_dir().to_string_lossy().into_owned(),
            trusted_master_fp: self.anchor.clone(),
            ..Entry::default()
        }
    }

    /// The twin has the laptop's host name.
    pub(super) fn host(&self) -> &'static str {
        if self.who.0 == 1 { "desk" } else { "laptop" }
    }

    pub(super) fn opts(&self) -> SessionOpts {
        let state = StateDir::open(self.dir.join("state")).unwrap();
        let mut opts = SessionOpts::new(LockSource::Cli, state);
        opts.clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        opts.host = self.host().parse().unwrap();
        opts.gpg = Some(plain::PROGRAM.into());
        opts.heartbeat_interval = Some(Duration::from_hours(24));
        opts.workdir = WorkdirOptions { parent: Some(self.dir.clone()), allow_disk: true };
        opts
    }

    /// Whether it is open for reading only.
    pub(super) fn reads(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.read_only().is_some())
    }

    pub(super) fn files(&self) -> Files {
        content::files(&self.vault_dir())
    }

    /// Makes a file of its vault directory what it should be.
    pub(super) fn place(&self, name: &str, bytes: Option<&Bytes>) {
        place(&self.vault_dir().join(name), bytes);
    }

    pub(super) fn place_all(&self, changes: &Changes) {
        for (name, bytes) in changes {
            self.place(name, bytes.as_ref());
        }
    }

    /// Keeps what an opening gave, or says what it refused with.
    pub(super) fn opened(
        &mut self,
        result: Result<OpenSessionResult, SessionError>,
    ) -> Result<(), SessionError> {
        let OpenSessionResult { session, notes, .. } = result?;
        self.session = Some(session);
        self.notes = notes;
        Ok(())
    }

    /// The next step: a file of its own, and a line in the audit log.
    pub(super) async fn step(&mut self) -> Option<(u32, Result<(), SessionError>)> {
        let session = self.session.as_ref()?;
        let number = u32::try_from(self.who.0).unwrap() * 1000 + self.tried + 1;
        // What only reads has not tried.
        self.tried += u32::from(session.read_only().is_none());
        let done = session
            .step(async |home: &Home<'_>| {
                put(&home.dir().join(content::step_file(number)), b"work");
                Ok::<_, SessionError>(change(number.to_string()))
            })
            .await;
        Some((number, done))
    }

    /// Makes the master key.
    pub(super) async fn make_key(&self, master: &str) {
        let session = self.session.as_ref().unwrap();
        session
            .step(async |home: &Home<'_>| {
                put(&home.dir().join("pubring.kbx"), format!("{master}\n").as_bytes());
                put(&home.dir().join(format!("private-keys-v1.d/{master}.key")), b"secret");
                let settings = Settings { master_fp: master.to_owned(), ..Settings::default() };
                settings.save(home.dir())?;
                Ok::<_, SessionError>(change("the master key".to_owned()))
            })
            .await
            .unwrap();
    }
}

/// Writes a file, and its directory where that is missing.
pub(super) fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    atomic::replace(path, bytes, 0o600).unwrap();
}

fn change(details: String) -> Change<()> {
    Change { value: (), action: "model", details, metadata: BTreeMap::new() }
}
