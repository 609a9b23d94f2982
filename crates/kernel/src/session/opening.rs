//! A session on the way: what was decrypted, until gpg runs on it and its key is judged.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64},
    },
};

use gpgsmith_vault::{
    Listing, OpenError, OpenOptions, Opened, SealError, Snapshot, Tree, Workdir, atomic::FileLock,
    registry::Entry,
};

use super::{
    Brief, Limits, OpenSessionResult, ReadOnly, Session, SessionError, SessionOpts, Shared, Vault,
    claim,
    ephemeral::{Ephemeral, EphemeralStatus},
    evidence,
    heads::Facts,
    heartbeat,
    keyring::{Keyring, Smith},
    look, pairs,
    recall::Recall,
    trust::{MasterKeyMismatch, Verdict},
    work::{Pair, Work},
};
use crate::{
    home::{
        lineage::{self, Base, FileKind, Lineage, manifest},
        policy,
        settings::VaultSettings,
    },
    id::random_hex,
};

/// Anybody can write a sidecar: one that says more is not counted on from there, lest it run over.
const LARGEST_GENERATION: u64 = 1 << 53;

/// A session on the way.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) vault: Vault,
    pub(super) entry: Entry,
    pub(super) opts: SessionOpts,
    workdir: Workdir,
    pub(super) tree: Tree,
    pub(super) lineage: Option<Lineage>,
    manifest: String,
    sha256: [u8; 32],
    size: u64,
    pub(super) base: Base,
    pub(super) canonical: String,
    /// The file that its content was read from.
    read_from: String,
    /// The state file that was decrypted.
    state: Option<String>,
    source_snap: Option<Snapshot>,
    known: BTreeSet<String>,
    session: String,
    generation: u64,
    /// The generation that a snapshot holds.
    sealed: u64,
    pub(super) lock: Option<FileLock>,
    pub(super) read_only: Option<ReadOnly>,
    /// What to take note of, once the key is judged.
    pub(super) recall: Option<Recall>,
}

impl Opening {
    /// An empty home.
    pub(super) fn empty(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
        lock: FileLock,
    ) -> Result<Self, SessionError> {
        let workdir = Workdir::create(&opts.workdir)?;
        let tree = tree(&workdir);
        make_dirs(&tree)?;
        let mut opening = Self::new(vault, entry, opts, (workdir, tree));
        let listing = opening.vault.store.list()?;
        if let Some(there) = listing.snapshots.first() {
            let path = there.path.clone();
            let source = SealError::NameTaken { path };
            return Err(SessionError::Seal { vault: opening.entry.name.clone(), source });
        }
        opening.lock = Some(lock);
        Ok(opening)
    }

    /// Decrypts the file `name` of the vault.
    pub(super) async fn unpack(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
        name: &str,
    ) -> Result<Self, SessionError> {
        let workdir = Workdir::create(&opts.workdir)?;
        let tree = tree(&workdir);
        let (store, key, into) = (vault.store.clone(), vault.key.clone(), tree.clone());
        let (file, max_work_factor) = (name.to_owned(), opts.max_work_factor);
        let opened: Result<Opened, OpenError> = tokio::task::spawn_blocking(move || {
            let options = OpenOptions { max_work_factor, ..OpenOptions::default() };
            store.open(&file, &key, &into, &options)
        })
        .await?;
        let opened =
            opened.map_err(|source| SessionError::Open { vault: entry.name.clone(), source })?;
        make_dirs(&tree)?;
        let mut opening = Self::new(vault, entry, opts, (workdir, tree));
        opening.lineage = lineage::read(opening.tree.main())?;
        opening.manifest = manifest(&opened.contents);
        opening.sha256 = opened.sha256;
        opening.size = opened.size;
        name.clone_into(&mut opening.read_from);
        Ok(opening)
    }

    /// What the file `name` is that was decrypted.
    pub(super) fn facts(&self, name: &str) -> Facts {
        let Self { sha256, size, manifest, .. } = self;
        let file = look::File { name, sha256, size: *size, manifest };
        look::facts(file, self.lineage.as_ref(), self.tree.main())
    }

    fn new(
        vault: &Vault,
        entry: &Entry,
        opts: SessionOpts,
        (workdir, tree): (Workdir, Tree),
    ) -> Self {
        let store = vault.store.clone().written_by(opts.state.machine().short());
        Self {
            vault: Vault { store, ..vault.clone() },
            entry: entry.clone(),
            opts,
            workdir,
            tree,
            lineage: None,
            manifest: String::new(),
            sha256: [0; 32],
            size: 0,
            state: None,
            base: Base::none(),
            canonical: String::new(),
            read_from: String::new(),
            source_snap: None,
            known: BTreeSet::new(),
            session: random_hex::<16>(),
            generation: 0,
            sealed: 0,
            lock: None,
            read_only: None,
            recall: None,
        }
    }

    /// It was a snapshot.
    pub(super) fn based_on(&mut self, snapshot: &Snapshot, listing: &Listing) {
        self.canonical = snapshot.name.file_name();
        self.base = Base::of(&self.canonical, &self.sha256, self.lineage.as_ref(), &self.manifest);
        self.source_snap = Some(snapshot.clone());
        self.known = listing.snapshots.iter().map(|s| s.name.file_name()).collect();
    }

    /// It was a state file. Snapshots newer than its base count as arrived since.
    pub(super) fn resumed(&mut self, ephemeral: &Ephemeral, listing: &Listing, lock: FileLock) {
        self.canonical.clone_from(&ephemeral.canonical_base);
        self.state = ephemeral.state_name();
        if let Some(lineage) = &self.lineage
            && self.is_state_of_ours()
        {
            self.session.clone_from(&lineage.this.session);
            self.generation = lineage.this.generation;
            self.sealed = lineage.this.sealed;
            self.base = Base::of_state(lineage);
        } else {
            self.generation = ephemeral.info.generation.clamp(1, LARGEST_GENERATION);
            self.base = Base::before_foreign_state(&self.canonical, self.lineage.as_ref());
        }
        let names = listing.snapshots.iter().map(|s| s.name.file_name());
        self.known = names.filter(|name| *name <= self.canonical).collect();
        self.source_snap =
            listing.snapshots.iter().find(|s| s.name.file_name() == self.canonical).cloned();
        self.lock = Some(lock);
    }

    /// It is an old snapshot whose content is to be sealed after `newest`.
    pub(super) fn goes_on_from(&mut self, newest: Self, recall: Recall) {
        let Self { base, canonical, source_snap, known, .. } = newest;
        (self.base, self.canonical) = (base, canonical);
        (self.source_snap, self.known) = (source_snap, known);
        self.recall = Some(recall);
    }

    /// Its content is not that of any snapshot any more.
    pub(super) fn counts_one_step(&mut self) {
        self.generation = 1;
    }

    /// It was another host's session: from now on it is one of this machine's, which counts on.
    pub(super) fn becomes_ours(&mut self) {
        self.session = random_hex::<16>();
    }

    /// Whether it is a state file that a program with lineage wrote.
    pub(super) fn is_state_of_ours(&self) -> bool {
        self.lineage.as_ref().is_some_and(|lineage| {
            lineage.this.kind == FileKind::Ephemeral && lineage.this.manifest == self.manifest
        })
    }

    /// Starts gpg, judges the master key, writes the sidecar, starts the heartbeat.
    pub(super) async fn finish(mut self) -> Result<OpenSessionResult, SessionError> {
        let smith = Smith::find(self.opts.gpg.as_deref()).await?;
        let gpg = smith.open(self.tree.main().to_owned()).await?;
        let verdict = self.judge(&gpg).await?;
        let first_use = verdict.master().filter(|_| matches!(verdict, Verdict::FirstUse(_)));
        let settings = VaultSettings::load(self.tree.main())?;
        self.vault.key = self.vault.key.sealing_to(&settings.recipients()?);
        let limits = Limits { idle: settings.idle(), absolute: settings.absolute() };
        let listing = Arc::new(gpg.list().await?);
        let master = evidence::master(self.tree.main(), &listing).or(verdict.master());
        self.sweep_unfinished();
        let mut notes = pairs::notes(&self.vault, &self.opts, self.read_only.is_some())?;
        if let Some(recall) = self.recall.take() {
            notes.extend(recall.record(&self.vault, &self.opts)?);
        }
        self.opts.host =
            claim::free_host(&self.vault, &self.opts, (&self.canonical, self.state.as_deref()));
        let brief = Brief {
            canonical_base: self.canonical.clone(),
            source_snap: self.source_snap.take(),
            master,
            workdir: self.workdir.path().to_owned(),
            listing: Some((self.generation, listing)),
        };
        let session = self.start((gpg, smith), brief, limits).await?;
        Ok(OpenSessionResult { session, tofu_fingerprint: first_use, notes })
    }

    /// Who holds the vault's lock is the only one on this machine who writes there: what is there
    /// unfinished of this machine's, a crash has left.
    fn sweep_unfinished(&self) {
        if self.lock.is_none() {
            return;
        }
        match self.vault.store.sweep() {
            Ok(swept) if swept.is_empty() => {}
            Ok(swept) => tracing::info!(?swept, "removed what a crash had left unfinished"),
            Err(error) => tracing::warn!(%error, "what a crash left unfinished stays behind"),
        }
    }

    async fn judge(&mut self, gpg: &Keyring) -> Result<Verdict, SessionError> {
        let anchor = self.entry.trusted_master_fp.as_deref();
        let home = self.tree.main();
        let secrets = self.lineage.as_ref().map(|lineage| lineage.local_secrets.as_slice());
        let evidence = evidence::gather(gpg, home, anchor, secrets).await?;
        let older = matches!(self.read_only, Some(ReadOnly::Older(_)));
        if older && evidence.primaries.is_empty() {
            return Ok(Verdict::NoKey);
        }
        match evidence.judge() {
            Verdict::Unnamed(keys) => {
                let names = keys.iter().map(ToString::to_string).collect();
                self.read_only.get_or_insert(ReadOnly::Unnamed(names));
                Ok(Verdict::Unnamed(keys))
            }
            Verdict::Mismatch { expected, found } => Err(MasterKeyMismatch {
                vault_name: self.entry.name.clone(),
                expected,
                found,
                snapshot: self.read_from.clone(),
            }
            .into()),
            Verdict::SecretLost(master) => Err(SessionError::SecretLost {
                vault: self.entry.name.clone(),
                keys: vec![master.to_string()],
            }),
            verdict => Ok(verdict),
        }
    }

    async fn start(
        self,
        gpg: (Keyring, Smith),
        brief: Brief,
        limits: Limits,
    ) -> Result<Session, SessionError> {
        let writable = self.read_only.is_none();
        let mut pair = Pair::new(self.vault.store.dir(), &self.canonical, self.opts.host.as_str());
        pair.written = (self.state.as_ref() == Some(&pair.state_name)).then_some(self.sha256);
        // A vault that is being created has no snapshot to name a sidecar after yet.
        let sidecar = (writable && !self.canonical.is_empty()).then(|| pair.info.clone());
        let mut work = Work::new(gpg, (self.workdir, self.tree), self.base, pair);
        work.known = self.known;
        work.lock = self.lock.filter(|_| writable);
        work.note_shape()?;
        let passphrase = self.vault.passphrase.clone();
        let shared = Arc::new(Shared {
            started_at: self.opts.clock.now(),
            store: self.vault.store.clone(),
            vault: Mutex::new(self.vault),
            entry: self.entry,
            opts: self.opts,
            id: self.session,
            limits,
            read_only: self.read_only,
            generation: AtomicU64::new(self.generation),
            flushed: AtomicU64::new(self.generation),
            sealed: AtomicU64::new(self.sealed),
            closed: AtomicBool::new(false),
            key_passphrase: Mutex::new(passphrase),
            brief: Mutex::new(brief),
            sidecar: tokio::sync::Mutex::new(sidecar),
            work: tokio::sync::Mutex::new(Some(work)),
        });
        shared.write_info(EphemeralStatus::Active).await?;
        if writable {
            shared.vault().key.prepare();
        }
        let heartbeat = heartbeat::start(&shared);
        Ok(Session { shared, heartbeat })
    }
}

pub(super) fn tree(workdir: &Workdir) -> Tree {
    let below = |name| workdir.path().join(name);
    Tree::new(below("home"), below("carried"), policy::gnupg_home())
}

/// Both directories, and those below the home that gpg expects.
pub(super) fn make_dirs(tree: &Tree) -> Result<(), SessionError> {
    use std::os::unix::fs::DirBuilderExt as _;

    use gpgsmith_vault::atomic::At as _;
    for dir in [Some(tree.main()), tree.aside()].into_iter().flatten() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create", dir)?;
    }
    Ok(())
}
