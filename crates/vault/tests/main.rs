//! Real files, real age, real tar.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and runs the stock tools"
)]

mod compat;
mod damage;
mod hostile;
mod keys;
mod listing;
mod packing;
mod prepaid;
mod registry;
mod sealing;
mod space;
mod stock;
mod wording;
mod workdirs;

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use gpgsmith_vault::{Key, OpenError, OpenOptions, Opened, ScryptParams, Slug, Store, Tree};
use jiff::Timestamp;
use tempfile::TempDir;

const PASSPHRASE: &str = "correct horse battery staple";

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn identity() -> Key {
    Key::identity_file(&fixture("identity.txt"), None).unwrap()
}

/// Ten, since a test pays for each derivation; one test uses eighteen.
fn cheap(passphrase: &str) -> Key {
    Key::passphrase_with(passphrase.into(), ScryptParams { log_n: 10 }).unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn slug(message: &str) -> Slug {
    Slug::from_message(message)
}

/// A store and a place for trees, gone with the test.
struct Bench {
    dir: TempDir,
    store: Store,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().join("vault"));
        store.create().unwrap();
        Self { dir, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A tree of the given files; a name that ends in `/` is a directory.
    fn tree(&self, name: &str, files: &[(&str, &str)]) -> Tree {
        let root = self.path(name);
        fs::create_dir(&root).unwrap();
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.to_str().unwrap().ends_with('/') {
                fs::create_dir_all(path).unwrap();
            } else {
                fs::write(path, content).unwrap();
            }
        }
        Tree::plain(root)
    }

    /// Puts bytes into the store's directory under `name`.
    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.store.dir().join(name), bytes).unwrap();
    }

    /// Encrypts any bytes to the fixtures' identity, as a hostile writer would.
    fn put_encrypted(&self, name: &str, plain: &[u8]) {
        self.put(name, &encrypted(plain));
    }

    fn open(&self, name: &str, key: &Key, tree: &Tree) -> Result<Opened, OpenError> {
        self.store.open(name, key, tree, &OpenOptions::default())
    }

    fn names(&self) -> Vec<String> {
        names(self.store.dir())
    }
}

fn age_identity() -> age::x25519::Identity {
    let text = fs::read_to_string(fixture("identity.txt")).unwrap();
    text.lines().find(|line| line.starts_with("AGE-")).unwrap().parse().unwrap()
}

fn encrypted(plain: &[u8]) -> Vec<u8> {
    let recipient = age_identity().to_public();
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let mut out = Vec::new();
    let encryptor = age::Encryptor::with_recipients(recipients).unwrap();
    let mut stream = encryptor.wrap_output(&mut out).unwrap();
    stream.write_all(plain).unwrap();
    stream.finish().unwrap();
    out
}

/// With the age crate alone.
fn decrypted(file: &Path) -> Vec<u8> {
    let identity = age_identity();
    let identities = std::iter::once(&identity as &dyn age::Identity);
    let decryptor = age::Decryptor::new(fs::File::open(file).unwrap()).unwrap();
    let mut plain = Vec::new();
    decryptor.decrypt(identities).unwrap().read_to_end(&mut plain).unwrap();
    plain
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_file_beside_this_one_is_a_module() {
    let main = include_str!("main.rs");
    for name in names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")) {
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(main.contains(&format!("\nmod {module};\n")), "{name} is never compiled");
        }
    }
}
