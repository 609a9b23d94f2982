//! A run with secrets of its own.

use std::{
    fs,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
};

use gpgsmith_tests::{
    memory::Secret,
    program::tool,
    sandbox::{PASSPHRASE, Sandbox},
    tmpfs::Tmpfs,
    wait::{wait_for, wait_until},
};
use nix::{
    sys::{
        resource::{Resource, getrlimit, setrlimit},
        signal::{Signal, kill},
    },
    unistd::Pid,
};

/// How a vault is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locking {
    Seal,
    Discard,
    /// Its time without work is over.
    Park,
}

impl Locking {
    pub(crate) const ALL: [Self; 3] = [Self::Seal, Self::Discard, Self::Park];
}

/// Two vaults: one with a passphrase nobody else has, which is that of its keys too; and one that
/// an age identity opens, whose keys have a passphrase of their own.
pub(crate) struct Canary {
    /// A daemon that is a child of this process.
    pub(crate) child: Mutex<Option<Child>>,
    ram: Tmpfs,
    pub(crate) sandbox: Sandbox,
    pub(crate) secrets: Vec<Secret>,
    /// The files by which they were given.
    pub(crate) given: Vec<PathBuf>,
}

impl Canary {
    pub(crate) fn new() -> Self {
        Self::of(|sandbox| {
            sandbox.gpgsmith(&["daemon", "start"]).ok();
            None
        })
    }

    /// One whose daemon was started by hand.
    pub(crate) fn served_by_a_child() -> Self {
        Self::of(|sandbox| {
            let (socket, state) = ("run/gpgsmith-kernel/daemon.sock", "state/gpgsmith");
            let mut daemon = sandbox.gpgsmith_command(&["--gpgsmith-daemon"]);
            daemon.args([sandbox.path(socket), sandbox.path(state)]).arg("/proc/self/exe");
            daemon.arg0("gpgsmith-daemon");
            let child = daemon.stdin(Stdio::null()).spawn().unwrap();
            wait_until("it listens", || sandbox.path(socket).exists());
            Some(child)
        })
    }

    fn of(serve: impl FnOnce(&Sandbox) -> Option<Child>) -> Self {
        let sandbox = Sandbox::new();
        let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
        sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
        sandbox.register(&["identity"]);
        let random = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap();
        let passphrase = format!("vault {}", random.trim());
        sandbox.write("vault", &passphrase);
        let identity = sandbox.read("identity.txt");
        let identity =
            identity.lines().find_map(|line| line.strip_prefix("AGE-SECRET-KEY-1")).unwrap();
        let mut secrets = vec![
            Secret::new("passphrase of the vault", &passphrase),
            Secret::new("passphrase of the keys", PASSPHRASE),
            Secret::new("age identity", identity),
        ];
        secrets.extend(secret_keys(&sandbox));
        let child = Mutex::new(serve(&sandbox));
        let given = ["vault", "passphrase", "identity.txt"].map(|file| sandbox.path(file)).into();
        Self { child, ram, sandbox, secrets, given }
    }

    /// Opens both vaults, and takes a step on each.
    pub(crate) fn work(&self) {
        let (given, path) = (self.sandbox.text("vault"), self.sandbox.text("vaults/canary"));
        let run = |line: &[&str]| {
            let unlocked = ["--no-input", "--passphrase-file", &given];
            self.sandbox.gpgsmith(&[line, &unlocked].concat()).ok()
        };
        let name = ["--name", "Ann", "--email", "ann@example.org", "--vault-path", &path];
        run(&[&["setup", "--vault-name", "canary"], &name[..]].concat());
        run(&["vault", "open", "identity", "--no-shell"]);
        let keys = self.sandbox.passphrase();
        let add = ["keys", "identity", "add"];
        let more = ["--vault", "identity", "--key-passphrase-file", &keys];
        run(&[&add[..], &["Ann <ann@work.example>"], &["--vault", "canary"]].concat());
        run(&[&add[..], &["Bob <bob@example.org>"], &more].concat());
    }

    pub(crate) fn lock(&self, locking: Locking) {
        if locking == Locking::Park {
            return self.park();
        }
        for vault in ["canary", "identity"] {
            let run = |line: &[&str]| self.sandbox.gpgsmith(&[line, &["--vault", vault]].concat());
            match locking {
                Locking::Discard => drop(run(&["vault", "discard", "--yes"]).ok()),
                Locking::Seal | Locking::Park => drop(run(&["vault", "seal"]).ok()),
            }
        }
    }

    /// Lets both vaults rest as soon as nobody works on them.
    fn park(&self) {
        for workdir in fs::read_dir(self.ram.path()).unwrap() {
            let home = workdir.unwrap().path().join("home");
            fs::write(home.join("gpgsmith-vault.yaml"), "idle_minutes: 0\n").unwrap();
        }
        self.lock(Locking::Seal);
        let given = self.sandbox.text("vault");
        for vault in ["canary", "identity"] {
            let open = ["vault", "open", vault, "--no-shell", "--no-input"];
            self.sandbox.gpgsmith(&[&open[..], &["--passphrase-file", &given]].concat()).ok();
        }
        wait_until("both are locked", || {
            let status = self.sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
            status["open"].as_array().unwrap().is_empty()
        });
    }

    /// What the newest snapshot holds.
    pub(crate) fn unpacked(&self) -> PathBuf {
        unpack(&self.sandbox)
    }
}

/// Unpacks the newest snapshot of the vault with an identity, with stock tools.
fn unpack(sandbox: &Sandbox) -> PathBuf {
    let newest = sandbox.snapshots("vaults/identity").pop().unwrap();
    let newest = sandbox.text(&format!("vaults/identity/{newest}"));
    let (into, identity) = (sandbox.text("tmp/inside"), sandbox.text("identity.txt"));
    let recipe = r#"mkdir -m 700 "$1"; age --decrypt --identity "$2" "$3" | tar -x -C "$1""#;
    sandbox.tool("sh", &["-ec", recipe, "sh", &into, &identity, &newest]).ok();
    sandbox.path("tmp/inside")
}

/// The secret numbers of the keys in that vault, as bytes and in hex. gpg's own tool reads a key
/// without what its newer format puts before it.
fn secret_keys(sandbox: &Sandbox) -> Vec<Secret> {
    let inside = unpack(sandbox);
    let recipe = r#"for key in "$1"/private-keys-v1.d/*.key; do
        sed -n '/^Key: /,$ p' "$key" | sed 's/^Key: //' >"$1/key"
        "$(gpgconf --list-dirs libexecdir)/gpg-protect-tool" --passphrase "$2" -a -u "$1/key"
    done"#;
    let dir = inside.to_string_lossy();
    let said = sandbox.tool("sh", &["-ec", recipe, "sh", &dir, PASSPHRASE]).ok().stdout;
    fs::remove_dir_all(&inside).unwrap();
    let numbers = said.split("(d #").skip(1).filter_map(|rest| rest.split('#').next());
    let secrets = numbers.enumerate().flat_map(|(nr, hex)| {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        [Secret::new(&format!("key {nr}"), bytes), Secret::new(&format!("key {nr} in hex"), hex)]
    });
    let secrets: Vec<_> = secrets.collect();
    assert!(secrets.len() > 6, "{said}");
    secrets
}

/// May be killed.
pub(crate) fn sleeper(dir: &Path) -> Child {
    Command::new(tool("sleep")).arg("1000").current_dir(dir).spawn().unwrap()
}

/// Whether a child writes its memory to a file when this signal ends it. The first SIGSEGV that is no
/// fault of its own ends no program in Rust: it only takes the handler away.
pub(crate) fn dumps_core(child: &mut Child, signal: Signal) -> bool {
    let ended = wait_for("it breaks down", || {
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        child.try_wait().unwrap()
    });
    ended.core_dumped()
}

/// Whoever is started from now on may write as large a core file as it likes.
pub(crate) fn allow_core_files() {
    let (_, most) = getrlimit(Resource::RLIMIT_CORE).unwrap();
    setrlimit(Resource::RLIMIT_CORE, most, most).unwrap();
}
