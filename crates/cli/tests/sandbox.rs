use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// The passphrase of every vault that has one, and of all keys.
pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// An identity for vaults without one: opening by a passphrase takes its time, on purpose.
const IDENTITY: &str =
    "AGE-SECRET-KEY-1U5CQGKYSLUHU985KRUJN4WE9V9RDL0FSA7VL9QSU9P93CPL3QU8QWSGZXF\n";

/// A machine of its own: home, configuration, state, sockets. Its daemon is stopped at the end.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// How a run ended, with what changes from run to run made the same.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The run, which must have ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// The run, which must have ended with `code`.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("gs-").tempdir().unwrap();
        for name in ["home", "run"] {
            fs::DirBuilder::new().mode(0o700).create(dir.path().join(name)).unwrap();
        }
        let sandbox = Self { dir };
        fs::write(sandbox.path("pw"), PASSPHRASE).unwrap();
        fs::write(sandbox.path("identity"), IDENTITY).unwrap();
        sandbox
    }

    /// A sandbox with the vault `work` in `home/work`, open; an identity file opens it.
    pub(crate) fn with_vault() -> Self {
        let sandbox = Self::new();
        sandbox.create("work");
        sandbox
    }

    /// The same, with [`PASSPHRASE`].
    pub(crate) fn with_passphrase() -> Self {
        let sandbox = Self::new();
        let create = ["vault", "create", "work", "--path", "work", "--passphrase-file", "../pw"];
        sandbox.run(&create).ok();
        sandbox
    }

    /// A sandbox with a vault with keys, sealed once and still open.
    pub(crate) fn with_keys() -> Self {
        let sandbox = Self::with_vault();
        let create = ["keys", "create", "--name", "Ann Example", "--email", "ann@example.org"];
        sandbox.run(&[&create[..], &["--key-passphrase-file", "../pw"]].concat()).ok();
        sandbox
    }

    pub(crate) fn create(&self, name: &str) {
        let path = format!("~/{name}");
        self.run(&["vault", "create", name, "--path", &path, "--identity", "../identity"]).ok();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// The program with `args`, run in the home directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.foreign(Path::new(env!("CARGO_BIN_EXE_gpgsmith")));
        command.args(args);
        command
    }

    /// Another program in the same surroundings, which finds ours in its `PATH`.
    pub(crate) fn foreign(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let bin = Path::new(env!("CARGO_BIN_EXE_gpgsmith")).parent().unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
        command.env_clear().env("PATH", path).env("HOME", self.home()).env("TERM", "dumb");
        command
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_STATE_HOME", self.path("state"));
        command.env("XDG_RUNTIME_DIR", self.path("run")).env("TMPDIR", self.dir.path());
        command.current_dir(self.home());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.finish(self.command(args).spawn().unwrap())
    }

    /// Runs with `input` on standard input.
    pub(crate) fn answer(&self, args: &[&str], input: &str) -> Run {
        self.feed(&mut self.command(args), input)
    }

    /// Runs `command` with `input` on standard input.
    pub(crate) fn feed(&self, command: &mut Command, input: &str) -> Run {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        // A program that does not want to hear all of it may have gone.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        self.finish(child)
    }

    pub(crate) fn finish(&self, child: Child) -> Run {
        let output = child.wait_with_output().unwrap();
        let text = |bytes| self.redact(&String::from_utf8(bytes).unwrap());
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Paths, tokens, times, keys and host names, each by one word.
    fn redact(&self, text: &str) -> String {
        let text = text.replace(self.dir.path().to_str().unwrap(), "[dir]");
        let mut redacted = String::new();
        for line in text.split_inclusive('\n') {
            let parts = line.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
            redacted.extend(parts.map(word));
        }
        redacted
    }

    /// Every snapshot of the vault in the home directory's `vault`, oldest first.
    pub(crate) fn snapshots(&self, vault: &str) -> Vec<String> {
        let names = fs::read_dir(self.home().join(vault)).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".tar.age")).collect();
        names.sort();
        names
    }

    pub(crate) fn mode(&self, path: &str) -> u32 {
        fs::metadata(self.path(path)).unwrap().permissions().mode() & 0o777
    }
}

/// One word with what follows it, redacted.
fn word(part: &str) -> String {
    let end = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let rest = &part[end.len()..];
    let hex = end.chars().all(|c| c.is_ascii_hexdigit());
    let stamp = end.len() == 16 && end.ends_with('Z') && end.as_bytes()[8] == b'T';
    let name = match end.len() {
        64 if hex => "[token]",
        40 if hex => "[fingerprint]",
        _ if stamp => "[stamp]",
        16 if hex => "[key id]",
        _ => end,
    };
    format!("{name}{rest}")
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let stopped = self.command(&["daemon", "stop", "--timeout", "5"]).output().unwrap();
        if !std::thread::panicking() {
            assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
        }
    }
}
