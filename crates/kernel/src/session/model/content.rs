//! What a vault's files hold, read from the files themselves.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    ops::Deref,
    path::Path,
    sync::{Arc, Mutex, OnceLock, Weak},
};

use gpgsmith_vault::{Key, OpenOptions, SnapshotName, Store, Tree, atomic};
use sha2::{Digest as _, Sha256};

use crate::home::{
    journal,
    lineage::{self, Lineage},
    policy,
};

/// A file's bytes, compared by their hash.
#[derive(Clone, Debug)]
pub(super) struct Bytes(Arc<Hashed>);

#[derive(Debug)]
struct Hashed {
    sha256: [u8; 32],
    bytes: Vec<u8>,
}

impl Bytes {
    pub(super) fn sha256(&self) -> &[u8; 32] {
        &self.0.sha256
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Hashed { sha256: Sha256::digest(&bytes).into(), bytes }))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.sha256() == other.sha256()
    }
}

impl Eq for Bytes {}

impl PartialOrd for Bytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bytes {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sha256().cmp(other.sha256())
    }
}

/// The files of a directory by name.
pub(super) type Files = BTreeMap<String, Bytes>;

/// The content of a snapshot or state file.
#[derive(Debug)]
pub(super) struct Content {
    /// The steps whose work is in it.
    pub(super) steps: BTreeSet<u32>,
    /// Where it says that it comes from.
    pub(super) lineage: Option<Lineage>,
}

/// The identity that every vault of the model is locked with: without scrypt, so quick.
const IDENTITY: &str =
    "AGE-SECRET-KEY-1U5CQGKYSLUHU985KRUJN4WE9V9RDL0FSA7VL9QSU9P93CPL3QU8QWSGZXF\n";

/// As many contents are remembered.
const MANY: usize = 1_000_000;

/// What opens all vaults here.
pub(super) fn key() -> Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    let read = || {
        let dir = in_ram();
        let path = dir.path().join("identity.txt");
        atomic::replace(&path, IDENTITY.as_bytes(), 0o600).unwrap();
        Key::identity_file(&path, None).unwrap()
    };
    KEY.get_or_init(read).clone()
}

/// A directory in RAM, where thousands of fsyncs cost nothing.
pub(super) fn in_ram() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("model-").tempdir_in("/dev/shm").unwrap()
}

/// What `bytes` hold; `None` when they do not open. Each content is decrypted once.
pub(super) fn content(bytes: &Bytes) -> Option<Arc<Content>> {
    type Known = Mutex<HashMap<[u8; 32], Option<Arc<Content>>>>;
    static KNOWN: OnceLock<Known> = OnceLock::new();
    let known = KNOWN.get_or_init(Known::default);
    let hash = *bytes.sha256();
    if let Some(content) = known.lock().unwrap().get(&hash) {
        return content.clone();
    }
    let content = open(bytes).map(Arc::new);
    let mut known = known.lock().unwrap();
    if known.len() > MANY {
        known.clear();
    }
    known.insert(hash, content.clone());
    content
}

/// The bytes, shared with whoever holds the same.
pub(super) fn intern(bytes: Vec<u8>) -> Bytes {
    static POOL: OnceLock<Mutex<Pool>> = OnceLock::new();
    let bytes = Bytes::from(bytes);
    let mut pool = POOL.get_or_init(Mutex::default).lock().unwrap();
    if let Some(there) = pool.held.get(bytes.sha256()).and_then(Weak::upgrade) {
        return Bytes(there);
    }
    if pool.held.len() > pool.limit {
        pool.held.retain(|_, bytes| bytes.strong_count() > 0);
        pool.limit = 2 * pool.held.len();
    }
    pool.held.insert(*bytes.sha256(), Arc::downgrade(&bytes.0));
    bytes
}

/// The files that somebody holds, and some that nobody does any more.
#[derive(Default)]
struct Pool {
    held: HashMap<[u8; 32], Weak<Hashed>>,
    limit: usize,
}

fn open(bytes: &[u8]) -> Option<Content> {
    let dir = in_ram();
    atomic::replace(&dir.path().join("file"), bytes, 0o600).unwrap();
    let home = dir.path().join("home");
    let tree = Tree::new(home.clone(), dir.path().join("carried"), policy::gnupg_home());
    let store = Store::new(dir.path());
    store.open("file", &key(), &tree, &OpenOptions::default()).ok()?;
    let lineage = lineage::read(&home).ok()?;
    let steps = steps(&home);
    if let Some(lineage) = &lineage {
        let entries = journal::log(&home, &lineage.vault).load().unwrap();
        let logged: BTreeSet<u32> =
            entries.iter().filter_map(|entry| entry.details.parse().ok()).collect();
        assert_eq!(steps, logged, "the audit log tells of each step once");
    }
    Some(Content { steps, lineage })
}

/// The file that step `number` makes in a home.
pub(super) fn step_file(number: u32) -> String {
    format!("openpgp-revocs.d/{number:040}.rev")
}

/// The steps whose work is in a home.
pub(super) fn steps(home: &Path) -> BTreeSet<u32> {
    let Ok(read) = fs::read_dir(home.join("openpgp-revocs.d")) else { return BTreeSet::new() };
    let names = read.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.map(|name| name.trim_end_matches(".rev").parse().unwrap()).collect()
}

/// The files of a vault directory.
pub(super) fn files(dir: &Path) -> Files {
    let read = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    read.map(|entry| {
        let name = entry.file_name().into_string().unwrap();
        (name, intern(fs::read(entry.path()).unwrap()))
    })
    .collect()
}

/// The snapshots among `files`, the oldest first.
pub(super) fn snapshots(files: &Files) -> Vec<(SnapshotName, &Bytes)> {
    let mut found: Vec<_> =
        files.iter().filter_map(|(name, bytes)| Some((name.parse().ok()?, bytes))).collect();
    found.sort_by(|a: &(SnapshotName, _), b| a.0.cmp(&b.0));
    found
}

/// The snapshots among `files`, by name.
pub(super) fn only_snapshots(files: &Files) -> Files {
    let snapshots = files.iter().filter(|(name, _)| name.parse::<SnapshotName>().is_ok());
    snapshots.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
}

/// Every step that some file of `files` holds.
pub(super) fn all_steps(files: &Files) -> BTreeSet<u32> {
    let contents = files.iter().filter(|(name, _)| !is_info(name));
    contents.filter_map(|(_, bytes)| content(bytes)).flat_map(|c| c.steps.clone()).collect()
}

/// Every step that some snapshot of `files` holds.
pub(super) fn sealed_steps(files: &Files) -> BTreeSet<u32> {
    let contents = snapshots(files).into_iter().filter_map(|(_, bytes)| content(bytes));
    contents.flat_map(|c| c.steps.clone()).collect()
}

pub(super) fn is_info(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|end| end == "info" || end.starts_with("info "))
}
