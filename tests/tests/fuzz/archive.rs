//! The archive reader, through the store, so that everything on the way is there: the decryption,
//! the checks, the files.

use std::{ffi::OsString, fs, io::Write as _};

use gpgsmith_tests::{
    extent::rounds,
    fixture,
    forge::{archive, directory, file, link, pax, program},
    mutate::{Corpus, fuzz},
};
use gpgsmith_vault::{Contents, Key, Limits, OpenError, OpenOptions, Store, Tree};

use super::in_ram;

/// What the fixtures hold, and every kind of entry.
fn archives(key: &age::x25519::Identity) -> Vec<Vec<u8>> {
    let mut found = vec![
        archive(&[
            directory("a"),
            file("a/b", "content"),
            link("l", "a/b"),
            program("run", "#!/bin/sh\n"),
            pax("path", b"a/long"),
            file("x", "y"),
            pax("mtime", b"1.5"),
            file("implied/d/x", "z"),
        ]),
        archive(&[]),
    ];
    for entry in fs::read_dir(fixture::path("vaults/identity")).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let plain = age::decrypt(key, &bytes).unwrap();
        // The beginning has every kind of header; more would only take time.
        found.push([&plain[..plain.len().min(16 << 10)], &[0; 1024]].concat());
    }
    found
}

/// Makes the checksums right again of what looks like a header, so that what is behind them is
/// reached.
fn mend(bytes: &mut [u8]) {
    for header in bytes.chunks_exact_mut(512).filter(|block| &block[257..262] == b"ustar") {
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

/// A store, what opens it, and the encryption of anything for it.
struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    key: Key,
    identity: age::x25519::Identity,
}

impl Bench {
    fn new() -> Self {
        let dir = in_ram();
        let store = Store::new(dir.path().join("vault"));
        store.create().unwrap();
        let file = fixture::path("identity.txt");
        let text = fs::read_to_string(&file).unwrap();
        let identity = text.lines().find(|line| line.starts_with("AGE-")).unwrap();
        let key = Key::identity_file(&file, None).unwrap();
        Self { dir, store, key, identity: identity.parse().unwrap() }
    }

    fn put(&self, name: &str, archive: &[u8]) {
        let recipient = self.identity.to_public();
        let encryptor = age::Encryptor::with_recipients([&recipient as _].into_iter()).unwrap();
        let mut sealed = Vec::new();
        let mut stream = encryptor.wrap_output(&mut sealed).unwrap();
        stream.write_all(archive).unwrap();
        stream.finish().unwrap();
        fs::write(self.store.dir().join(name), sealed).unwrap();
    }

    fn open(&self, name: &str, tree: &Tree) -> Result<Contents, OpenError> {
        let limits = Limits { entries: 2000, bytes: 4 << 20 };
        let options = OpenOptions { limits, ..OpenOptions::default() };
        Ok(self.store.open(name, &self.key, tree, &options)?.contents)
    }

    fn names(&self, below: &str) -> Vec<OsString> {
        let entries = fs::read_dir(self.dir.path().join(below)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }
}

#[test]
fn what_unpacks_packs_again_and_what_does_not_leaves_nothing() {
    let bench = Bench::new();
    let words = [
        "ustar\x0000",
        "../",
        "/",
        "./",
        "././@LongLink",
        "17 mtime=1.5\n",
        "14 path=../x\n",
        "gpg.conf",
        "77777777777",
    ];
    let corpus = Corpus { inputs: archives(&bench.identity), words: &words };
    let [tree, again] = ["tree", "again"].map(|name| Tree::plain(bench.dir.path().join(name)));
    let (mut opened, mut refused) = (0, 0);
    fuzz(&corpus, rounds(600, 40_000), |bytes, numbers| {
        let mut bytes = bytes.to_vec();
        if numbers.below(4) > 0 {
            mend(&mut bytes);
        }
        bench.put("x.age", &bytes);
        match bench.open("x.age", &tree) {
            Ok(first) => {
                opened += 1;
                let written = bench.store.write_state("y.age", &tree, &bench.key).unwrap().contents;
                assert!(first.entries().all(|one| written.get(&one.path) == Some(one)));
                assert_eq!(bench.open("y.age", &again).unwrap(), written);
                fs::remove_dir_all(again.main()).unwrap();
            }
            Err(error) => {
                refused += 1;
                let said = matches!(error, OpenError::Archive { .. } | OpenError::Damaged { .. });
                assert!(said && bench.names("tree").is_empty(), "{error:?}");
            }
        }
        fs::remove_dir_all(tree.main()).ok();
        assert_eq!(bench.names(""), ["vault"], "something lies outside");
    });
    assert!(opened > 5 && refused > 5, "{opened} opened, {refused} refused: both are to be seen");
}
