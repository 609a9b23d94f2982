//! A machine whose vault lies where a stranger can write, and everything that must not change
//! there.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    forge,
    run::Run,
    sandbox::Sandbox,
    tar::{self, Entry},
};

/// Younger than every snapshot of the fixtures.
pub const FORGED: &str = "20261124T000000Z_forged.tar.age";

/// The vault directory.
pub const DIR: &str = "vaults/identity";

/// A machine with the vault `identity`, which anybody can write snapshots for who knows its
/// recipient; opened in a directory in RAM of its own.
#[derive(Debug)]
pub struct Target {
    /// The machine.
    pub sandbox: Sandbox,
    ram: tempfile::TempDir,
    recipient: String,
}

/// What lies where: content and mode of each file.
type Files = BTreeMap<PathBuf, (u32, Vec<u8>)>;

impl Default for Target {
    fn default() -> Self {
        Self::new()
    }
}

impl Target {
    /// One that trusts the master key of the fixtures.
    ///
    /// # Panics
    /// There is no file system in RAM.
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.register(&["identity"]);
        let ram = tempfile::Builder::new().prefix("gs-").tempdir_in("/dev/shm").expect("in RAM");
        // Some way down, so that whatever climbs out arrives where it is seen.
        fs::create_dir_all(ram.path().join("a/b/c")).expect("it is ours");
        sandbox.settings(&format!("workdir: {}\n", ram.path().join("a/b/c").display()));
        let recipient = sandbox.read("identity.txt");
        let recipient = recipient.lines().find_map(|line| line.strip_prefix("# public key: "));
        let recipient = recipient.expect("the file says its recipient").to_owned();
        Self { sandbox, ram, recipient }
    }

    /// The workdirs that are there.
    ///
    /// # Panics
    /// The directory cannot be read.
    pub fn workdirs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.ram.path().join("a/b/c")).expect("it is ours");
        entries.map(|entry| entry.expect("it can be read").path()).collect()
    }

    /// The names in the one home that is open, sorted.
    ///
    /// # Panics
    /// There is not one workdir.
    pub fn home(&self) -> Vec<String> {
        let workdirs = self.workdirs();
        let [workdir] = &workdirs[..] else { panic!("{workdirs:?}") };
        let below = files(&workdir.join("home"), &[]);
        below.keys().map(|path| path.to_string_lossy().into_owned()).collect()
    }

    /// The entries of a snapshot in the vault directory, with stock age.
    ///
    /// # Panics
    /// It does not decrypt.
    pub fn entries(&self, snapshot: &str) -> Vec<Entry> {
        let (key, path) = (self.sandbox.text("identity.txt"), format!("{DIR}/{snapshot}"));
        let plain = self.sandbox.text("tmp/plain.tar");
        let path = self.sandbox.text(&path);
        self.sandbox.tool("age", &["--decrypt", "-i", &key, "-o", &plain, &path]).ok();
        let entries = tar::entries(&fs::read(&plain).expect("it was written"));
        fs::remove_file(plain).expect("it is ours");
        entries
    }

    /// The entries of the newest snapshot.
    ///
    /// # Panics
    /// It does not decrypt.
    pub fn newest(&self) -> Vec<Entry> {
        self.entries(&self.sandbox.snapshots(DIR).pop().expect("a snapshot"))
    }

    /// Takes from the machine what it knows of the vault, so that what lies there is judged for
    /// what it is, and not for what was there before.
    fn forget(&self) {
        fs::remove_dir_all(self.sandbox.path("state/gpgsmith/seen")).ok();
    }

    /// Puts any bytes into the vault directory under `name`.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.forget();
        fs::write(self.sandbox.path(DIR).join(name), bytes).expect("it is ours");
    }

    /// Puts an archive into the vault directory, encrypted to its recipient.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn seal(&self, name: &str, archive: &[u8]) {
        self.forget();
        self.deliver(name, archive);
    }

    /// The same, while the machine remembers what it has seen.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn deliver(&self, name: &str, archive: &[u8]) {
        let plain = self.sandbox.path("tmp/plain.tar");
        fs::write(&plain, archive).expect("it is ours");
        let (plain, to) = (self.sandbox.text("tmp/plain.tar"), format!("{DIR}/{name}"));
        let to = self.sandbox.text(&to);
        self.sandbox.tool("age", &["-r", &self.recipient, "-o", &to, &plain]).ok();
        fs::remove_file(plain).expect("it is ours");
    }

    /// Puts these entries into the vault directory as the newest snapshot.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn forge(&self, entries: &[Entry]) {
        let parts: Vec<Vec<u8>> = entries.iter().map(forge::copy).collect();
        self.seal(FORGED, &forge::archive(&parts));
    }

    /// Opens the vault.
    ///
    /// # Panics
    /// The daemon has a fault, whatever it was given.
    #[track_caller]
    pub fn open(&self) -> Run {
        let run = self.sandbox.gpgsmith(&["vault", "open", "--no-shell", "--no-input"]);
        assert!(!run.stderr.contains("a fault in the daemon"), "{run}");
        run
    }

    /// Ends the session without a trace.
    ///
    /// # Panics
    /// It cannot.
    pub fn discard(&self) {
        self.sandbox.gpgsmith(&["vault", "discard", "--yes"]).ok();
    }

    /// Everything on the machine, but for what its daemon keeps.
    ///
    /// # Panics
    /// It cannot be read.
    pub fn look(&self) -> Looked {
        let except = ["state", "run"].map(|name| self.sandbox.path(name));
        Looked { disk: files(&self.sandbox.path(""), &except), ram: files(self.ram.path(), &[]) }
    }

    /// The largest memory that the daemon ever had, in MiB.
    ///
    /// # Panics
    /// None runs.
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.sandbox.daemon_pid()));
        let status = status.expect("the daemon runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let words = line.expect("the kernel counts").split_whitespace().next();
        words.and_then(|number| number.parse::<u64>().ok()).expect("in KiB") / 1024
    }
}

/// What was on a machine at a time.
#[derive(Debug)]
pub struct Looked {
    disk: Files,
    ram: Files,
}

impl Looked {
    /// Nothing was added, changed or taken away since, and nothing lies in RAM.
    ///
    /// # Panics
    /// Something has changed.
    #[track_caller]
    pub fn unchanged(&self, target: &Target, what: &str) {
        let now = target.look();
        assert!(now.ram.is_empty(), "{what}: left in RAM: {:?}", now.ram.keys());
        let changed = |(path, file): &(&PathBuf, _), other: &Files| other.get(*path) != Some(*file);
        let gone: Vec<_> = self.disk.iter().filter(|file| changed(file, &now.disk)).collect();
        let new: Vec<_> = now.disk.iter().filter(|file| changed(file, &self.disk)).collect();
        let names = |files: Vec<(&PathBuf, _)>| -> Vec<PathBuf> {
            files.into_iter().map(|(path, _): (&PathBuf, &(u32, Vec<u8>))| path.clone()).collect()
        };
        assert!(gone.is_empty() && new.is_empty(), "{what}: {:?} → {:?}", names(gone), names(new));
    }
}

/// The files, links and sockets below `dir`, by their path from there.
fn files(dir: &Path, except: &[PathBuf]) -> Files {
    let mut found = Files::new();
    let mut open = vec![dir.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if except.contains(&path) {
                continue;
            }
            let meta = fs::symlink_metadata(&path).expect("it is there");
            if meta.is_dir() {
                open.push(path);
                continue;
            }
            let content =
                if meta.is_file() { fs::read(&path).expect("it is ours") } else { vec![] };
            let below = path.strip_prefix(dir).expect("it lies there").to_owned();
            found.insert(below, (meta.permissions().mode(), content));
        }
    }
    found
}
