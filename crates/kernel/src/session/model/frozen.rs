//! A machine held still: all that its directories and its program's memory hold. It can live on
//! from there any number of times, which is what looking at every order asks for.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write as _,
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, atomic::AtomicBool, atomic::AtomicU64, atomic::Ordering},
};

use gpgsmith_vault::{Workdir, registry::Entry};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    bounds::Spent,
    content::{self, Bytes, Files},
    machine::{Machine, put},
    service::place,
};
use crate::{
    home::lineage::Base,
    id::hex,
    session::{
        Brief, Limits, ReadOnly, Session, SessionOpts, Shared, Vault, heartbeat,
        keyring::Smith,
        opening,
        work::{Pair, Work},
    },
};

/// A machine held still.
#[derive(Debug)]
pub(super) struct Frozen {
    /// Its vault directory, where the service writes, too.
    pub(super) vault: Files,
    /// All else.
    pub(super) rest: Rest,
}

/// What nobody else has a hand in.
#[derive(Debug)]
pub(super) struct Rest {
    seen: Files,
    now: Timestamp,
    tried: u32,
    /// What it has done so far, which its random numbers follow from.
    pub(super) spent: Spent,
    saw: Files,
    head: Option<(String, Bytes)>,
    accepted: BTreeSet<Bytes>,
    session: Option<Asleep>,
}

/// Encrypted files by what they hold; those that are written in one act together.
#[derive(Debug, Default)]
pub(super) struct Written(HashMap<String, Vec<Bytes>>);

/// An open session, apart from its live parts.
#[derive(Debug)]
struct Asleep {
    opts: SessionOpts,
    vault: Vault,
    entry: Entry,
    id: String,
    started_at: Timestamp,
    limits: Limits,
    read_only: Option<ReadOnly>,
    generation: u64,
    flushed: u64,
    sealed: u64,
    brief: Brief,
    sidecar: Option<PathBuf>,
    base: Base,
    pair: Pair,
    known: BTreeSet<String>,
    shape: BTreeSet<PathBuf>,
    home: Files,
    carried: Files,
}

impl Frozen {
    /// Holds `machine` still, after all that it has done.
    pub(super) fn of(machine: &Machine, spent: Spent) -> Self {
        let rest = Rest {
            spent,
            seen: files_below(&machine.dir.join("state/seen")),
            now: crate::clock::Clock::now(machine.clock.as_ref()),
            tried: machine.tried,
            saw: machine.session.as_ref().map(|_| machine.saw.clone()).unwrap_or_default(),
            head: machine.head.clone(),
            accepted: machine.accepted.clone(),
            session: machine.session.as_ref().map(Asleep::of),
        };
        Self { vault: machine.files(), rest }
    }

    /// Encryption is random. Where files of the same content were written in another order, those
    /// take the place of what is new since `before`.
    pub(super) fn reuse(&mut self, before: &Files, written: &mut Written) {
        let new = self
            .vault
            .iter()
            .filter(|(name, bytes)| before.get(*name) != Some(bytes) && !content::is_info(name));
        let mut content = String::new();
        let mut files = Vec::new();
        for (name, bytes) in new {
            let Some(there) = content::content(bytes) else { return };
            writeln!(content, "{name} {:?}", there.lineage).unwrap();
            files.push(bytes.clone());
        }
        // One may have been made from another.
        for (nr, bytes) in files.iter().enumerate() {
            content = content.replace(&hex(bytes.sha256()), &format!("new file {nr}"));
        }
        let old = written.0.entry(content).or_insert_with(|| files.clone());
        for (new, old) in files.iter().zip(old).filter(|(new, old)| new != old) {
            self.exchange(new, old);
        }
    }

    fn exchange(&mut self, new: &Bytes, old: &Bytes) {
        let (from, to) = (hex(new.sha256()), hex(old.sha256()));
        let rest = &mut self.rest;
        let head = rest.head.iter_mut().map(|(_, bytes)| bytes);
        for bytes in self.vault.values_mut().chain(rest.saw.values_mut()).chain(head) {
            if bytes == new {
                *bytes = old.clone();
            }
        }
        for text in rest.seen.values_mut() {
            let seen = String::from_utf8(text.to_vec()).unwrap();
            let sizes = [new, old].map(|bytes| format!("\n  size: {}\n", bytes.len()));
            let [from, to] = [(&from, &sizes[0]), (&to, &sizes[1])]
                .map(|(hash, size)| format!("sha256: {hash}{size}"));
            *text = content::intern(seen.replace(&from, &to).into_bytes());
        }
        let Some(session) = &mut rest.session else { return };
        assert!(rest.seen.values().all(|text| !String::from_utf8_lossy(text).contains(&from)));
        if session.pair.written == Some(*new.sha256()) {
            session.pair.written = Some(*old.sha256());
        }
        for parent in session.base.parent.iter_mut().chain(&mut session.base.also) {
            parent.sha256 = parent.sha256.replace(&from, &to);
        }
    }
}

impl Asleep {
    fn of(session: &Session) -> Self {
        let shared = &session.shared;
        let work = shared.work.try_lock().unwrap();
        let work = work.as_ref().unwrap();
        let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Self {
            opts: shared.opts.clone(),
            vault: shared.vault(),
            entry: shared.entry.clone(),
            id: shared.id.clone(),
            started_at: shared.started_at,
            limits: shared.limits,
            read_only: shared.read_only.clone(),
            generation: count(&shared.generation),
            flushed: count(&shared.flushed),
            sealed: count(&shared.sealed),
            brief: shared.brief(),
            sidecar: shared.sidecar.try_lock().unwrap().clone(),
            base: work.base.clone(),
            pair: work.pair.clone(),
            known: work.known.clone(),
            shape: work.shape.clone(),
            home: files_below(work.tree.main()),
            carried: files_below(work.carried()),
        }
    }

    async fn awake(&self, machine: &Machine) -> Session {
        let workdir = Workdir::create(&self.opts.workdir).unwrap();
        let tree = opening::tree(&workdir);
        opening::make_dirs(&tree).unwrap();
        write(tree.main(), &self.home);
        write(tree.aside().unwrap(), &self.carried);
        let brief = Brief { workdir: workdir.path().to_owned(), ..self.brief.clone() };
        let gpg = Smith::Plain.open(tree.main().to_owned()).await.unwrap();
        let (base, pair) = (self.base.clone(), self.pair.clone());
        let mut work = Work::new((gpg, Smith::Plain), (workdir, tree), base, pair);
        work.known.clone_from(&self.known);
        work.shape.clone_from(&self.shape);
        if self.read_only.is_none() {
            work.lock = self.opts.state.lock_vault(&machine.vault_dir()).unwrap();
            assert!(work.lock.is_some(), "somebody else holds the vault");
        }
        let shared = Arc::new(Shared {
            store: self.vault.store.clone(),
            vault: Mutex::new(self.vault.clone()),
            entry: self.entry.clone(),
            opts: self.opts.clone(),
            id: self.id.clone(),
            started_at: self.started_at,
            limits: self.limits,
            read_only: self.read_only.clone(),
            generation: AtomicU64::new(self.generation),
            flushed: AtomicU64::new(self.flushed),
            sealed: AtomicU64::new(self.sealed),
            closed: AtomicBool::new(false),
            key_passphrase: Mutex::new(None),
            brief: Mutex::new(brief),
            sidecar: tokio::sync::Mutex::new(self.sidecar.clone()),
            work: tokio::sync::Mutex::new(Some(work)),
        });
        let heartbeat = heartbeat::start(&shared);
        Session { shared, heartbeat }
    }

    /// What tells this session from others, as text.
    fn tell(&self, text: &mut String) {
        let Self { id, started_at, read_only, generation, flushed, sealed, .. } = self;
        let (base, known, shape, sidecar) = (&self.base, &self.known, &self.shape, &self.sidecar);
        let Pair { state_name, written, .. } = &self.pair;
        let written = written.map(|written| hex(&written));
        let canonical = &self.brief.canonical_base;
        let source = self.brief.source_snap.as_ref().map(|source| source.name.file_name());
        write!(
            text,
            "{id} {started_at} {read_only:?} {generation} {flushed} {sealed} {base:?} {known:?} \
             {shape:?} {sidecar:?} {state_name} {written:?} {canonical} {source:?}"
        )
        .unwrap();
        for (name, bytes) in self.home.iter().chain(&self.carried) {
            write!(text, "\n{name} {}", String::from_utf8_lossy(bytes)).unwrap();
        }
    }
}

impl Rest {
    /// Whether a session is open.
    pub(super) fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// Lets `machine`, which may be in any state, go on from here with the files of `vault`.
    pub(super) async fn live(&self, vault: &Files, machine: &mut Machine) {
        machine.session = None;
        replace(&machine.vault_dir(), vault);
        replace(&machine.dir.join("state/seen"), &self.seen);
        machine.clock.set(self.now);
        machine.tried = self.tried;
        machine.saw.clone_from(&self.saw);
        machine.head.clone_from(&self.head);
        machine.accepted.clone_from(&self.accepted);
        machine.notes.clear();
        if let Some(asleep) = &self.session {
            machine.session = Some(asleep.awake(machine).await);
        }
    }

    /// The hash of all of it.
    pub(super) fn name(&self) -> [u8; 32] {
        let named = |(name, bytes): (&String, &Bytes)| format!("{name} {}", hex(bytes.sha256()));
        let Self { now, tried, spent, .. } = self;
        let saw: Vec<String> = self.saw.iter().map(named).collect();
        let seen: Vec<String> = self.seen.iter().map(named).collect();
        let head = self.head.as_ref().map(|(name, bytes)| named((name, bytes)));
        let accepted: BTreeSet<_> = self.accepted.iter().map(Bytes::sha256).collect();
        let mut text = format!("{now} {tried} {spent:?} {saw:?} {seen:?} {head:?} {accepted:?}");
        match &self.session {
            Some(session) => session.tell(&mut text),
            None => text.push_str("\nnothing is open"),
        }
        Sha256::digest(text).into()
    }
}

/// The files below a directory, which may be missing, by their paths in it.
fn files_below(dir: &Path) -> Files {
    let mut found = BTreeMap::new();
    let Ok(read) = fs::read_dir(dir) else { return found };
    for entry in read.map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            let below = files_below(&entry.path()).into_iter();
            found.extend(below.map(|(path, bytes)| (format!("{name}/{path}"), bytes)));
        } else {
            found.insert(name, content::intern(fs::read(entry.path()).unwrap()));
        }
    }
    found
}

/// Writes into a directory that is as good as gone: nothing has to last.
fn write(dir: &Path, files: &Files) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = fs::File::options();
        file.write(true).create(true).mode(0o600);
        file.open(path).unwrap().write_all(bytes).unwrap();
    }
}

/// Makes `files` all that there is in `dir`.
fn replace(dir: &Path, files: &Files) {
    let there = files_below(dir);
    for name in there.keys().filter(|name| !files.contains_key(*name)) {
        place(&dir.join(name), None);
    }
    for (name, bytes) in files.iter().filter(|(name, bytes)| there.get(*name) != Some(bytes)) {
        put(&dir.join(name), bytes);
    }
}
