//! A home in RAM where there is any, wiped at the end; its agent ends with its client.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gpgsmith_gpg::{Algorithm, Client, ClientOptions, Expiry, Fingerprint, MasterSpec, Program};
use gpgsmith_gpg::{SubkeySpec, Usage, UserId};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

/// A temporary directory with an empty home in it.
#[derive(Debug)]
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        let ram = Path::new("/dev/shm");
        let parent = if ram.is_dir() { ram.to_owned() } else { std::env::temp_dir() };
        let dir = tempfile::Builder::new().prefix("gpg-").tempdir_in(parent).unwrap();
        let home = dir.path().join("home");
        std::fs::DirBuilder::new().mode(0o700).create(home).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where gpg looks for the agent of the home.
    pub(crate) fn socket(&self) -> PathBuf {
        let args = ["--list-dirs", "agent-socket"];
        let output = Command::new("gpgconf").arg("--homedir").arg(self.home()).args(args).output();
        PathBuf::from(String::from_utf8(output.unwrap().stdout).unwrap().trim_end())
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// Writes a file below the home, with directories as needed.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The same, executable.
    pub(crate) fn put_program(&self, name: &str, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.put(name, script);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) async fn open(&self) -> Client {
        let program = Program::find(None).await.unwrap();
        Client::open(ClientOptions::new(self.home(), program)).await.unwrap()
    }
}

impl Drop for Sandbox {
    /// Some tests run gpg by hand, which leaves a directory below `/run/user`.
    fn drop(&mut self) {
        let cleared = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home())
            .arg("--remove-socketdir")
            .output();
        cleared.unwrap();
    }
}

pub(crate) fn passphrase() -> SecretString {
    SecretString::from("correct horse battery staple: 100 % of it, ünd #")
}

pub(crate) fn user_id(text: &str) -> UserId {
    text.parse().unwrap()
}

pub(crate) fn master(algorithm: &str) -> MasterSpec {
    let user_id = user_id("Alice Example <alice@example.org>");
    MasterSpec { user_id, algorithm: algorithm.parse().unwrap(), expiry: Expiry::Never }
}

pub(crate) fn subkey(algorithm: &str, usage: Usage) -> SubkeySpec {
    let algorithm: Algorithm = algorithm.parse().unwrap();
    SubkeySpec { usage, algorithm, expiry: "2y".parse().unwrap() }
}

/// A master key with one subkey of each kind.
pub(crate) async fn full_set(client: &Client) -> Fingerprint {
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    for usage in [Usage::Sign, Usage::Encrypt, Usage::Authenticate] {
        let spec = subkey("ed25519", usage);
        client.add_subkey(&fingerprint, &spec, &passphrase()).await.unwrap();
    }
    fingerprint
}

/// A set of keys that was made in January 2020 and ended a year later, the primary key too.
pub(crate) async fn expired_set(client: &Client) -> Fingerprint {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, passphrase().expose_secret()).unwrap();
    let gpg = |day: u8, args: &[&str]| {
        let mut command = Command::new(client.program().path());
        command.arg("--homedir").arg(client.home()).args(["--batch", "--no-autostart"]);
        command.args(["--pinentry-mode=loopback", "--passphrase-file"]).arg(file.path());
        command.arg(format!("--faked-system-time=2020010{day}T000000")).args(args);
        assert!(command.output().unwrap().status.success(), "{args:?}");
    };
    gpg(1, &["--quick-gen-key", "Alice of Old", "ed25519", "cert", "1y"]);
    let primary = client.list().await.unwrap()[0].fingerprint();
    for (algorithm, usage) in [("ed25519", "sign"), ("cv25519", "encr"), ("ed25519", "auth")] {
        gpg(2, &["--quick-add-key", &primary.to_string(), algorithm, usage, "1y"]);
    }
    primary
}

/// Processes, other than this one, that have `marker` on their command line.
pub(crate) fn running(marker: &Path) -> Vec<u32> {
    let marker = marker.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let names = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id() && String::from_utf8_lossy(&line).contains(marker)
    };
    numbers.filter(names).collect()
}
