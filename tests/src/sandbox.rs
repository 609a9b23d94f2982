//! A machine of its own for each test: home, configuration, state, sockets, and its own daemon.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::{PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};
use serde_json::Value;

use crate::{
    process,
    program::{gpgsmith, tool},
    run::{Run, run},
    terminal::Terminal,
    tmpfs::as_root,
    wait::wait_until,
};

/// The passphrase in the file that [`Sandbox::passphrase`] names, and of the fixtures.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// Whoever owns nothing.
const NOBODY: u32 = 65534;

/// A directory that is all the world a program sees, but for the system itself. On drop its
/// daemon is stopped and all of it is removed.
#[derive(Debug)]
pub struct Sandbox {
    dir: tempfile::TempDir,
    program: PathBuf,
    owner: Uid,
    environment: Vec<(String, OsString)>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Sandbox {
    /// An empty one of this user's.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("gs-").tempdir().expect("a temporary directory");
        let environment = environment(dir.path());
        let sandbox =
            Self { dir, program: gpgsmith().to_owned(), owner: Uid::effective(), environment };
        for part in ["home", "config", "state", "run", "tmp", "vaults"] {
            fs::create_dir(sandbox.path(part)).expect("a directory in the sandbox");
        }
        sandbox.write("passphrase", &format!("{PASSPHRASE}\n"));
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(sandbox.path("run"), private).expect("it is ours");
        sandbox
    }

    /// One whose programs have no privileges: where the tests run as root, it is nobody's.
    ///
    /// # Panics
    /// It cannot be given away.
    pub fn unprivileged() -> Self {
        let mut sandbox = Self::new();
        if sandbox.owner.is_root() {
            let copy = sandbox.path("gpgsmith");
            fs::copy(gpgsmith(), &copy).expect("the program can be copied");
            sandbox.program = copy;
            sandbox.owner = Uid::from_raw(NOBODY);
            sandbox.give_away();
        }
        sandbox
    }

    /// Makes everything in it its owner's, after the test itself has put something there.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn give_away(&self) {
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(path) = open.pop() {
            let (uid, gid) = (self.owner.as_raw(), self.owner.as_raw());
            chown(&path, Some(uid), Some(gid)).expect("root may give it away");
            if path.is_dir() {
                let entries = fs::read_dir(&path).expect("it can be read");
                open.extend(entries.map(|entry| entry.expect("it can be read").path()));
            }
        }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// All of it.
    fn root(&self) -> String {
        self.dir.path().to_string_lossy().into_owned()
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.path(name).to_string_lossy().into_owned()
    }

    /// The file with [`PASSPHRASE`], for `--passphrase-file`.
    pub fn passphrase(&self) -> String {
        self.text("passphrase")
    }

    /// Writes a file, 0600, and the directories above it.
    ///
    /// # Panics
    /// It cannot.
    pub fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is in the sandbox")).expect("directories");
        fs::write(&path, content).expect("the file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
    }

    /// Reads a file.
    ///
    /// # Panics
    /// It cannot.
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names in a directory, sorted.
    ///
    /// # Panics
    /// It cannot be read.
    pub fn names(&self, dir: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(dir)).unwrap_or_else(|error| panic!("{dir}: {error}"));
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = entries.map(|entry| name(entry.expect("it can be read"))).collect();
        names.sort();
        names
    }

    /// The snapshots in a directory, oldest first.
    ///
    /// # Panics
    /// It cannot be read.
    pub fn snapshots(&self, dir: &str) -> Vec<String> {
        let mut names = self.names(dir);
        names.retain(|name| name.ends_with(".tar.age"));
        names
    }

    /// Sets a variable for all programs from now on.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.environment.retain(|(there, _)| there != name);
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
    }

    /// Takes a variable away from all programs from now on.
    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(there, _)| there != name);
    }

    /// The settings of this machine, beside the registry.
    pub fn settings(&self, text: &str) {
        self.write("config/locksmith/gpgsmith.yaml", text);
    }

    /// Runs `gpgsmith` without any input.
    pub fn gpgsmith(&self, args: &[&str]) -> Run {
        self.gpgsmith_reading(args, "")
    }

    /// Runs `gpgsmith` with this input on a pipe.
    pub fn gpgsmith_reading(&self, args: &[&str], stdin: &str) -> Run {
        run(self.command(&self.program, args), stdin.as_bytes(), &self.root())
    }

    /// Runs `gpgsmith` with the file of [`Sandbox::passphrase`], and asks nothing.
    pub fn unlocked(&self, args: &[&str]) -> Run {
        let passphrase = self.passphrase();
        self.gpgsmith(&[&["--no-input", "--passphrase-file", &passphrase], args].concat())
    }

    /// Runs `gpgsmith` as another user.
    pub fn gpgsmith_by(&self, uid: u32, args: &[&str]) -> Run {
        let command = self.command_by(Uid::from_raw(uid), &self.program, args);
        run(command, b"", &self.root())
    }

    /// Starts `gpgsmith` at a terminal.
    pub fn terminal(&self, args: &[&str]) -> Terminal {
        Terminal::start(&self.command(&self.program, args))
    }

    /// `gpgsmith` in this sandbox, to be run otherwise.
    pub fn gpgsmith_command(&self, args: &[&str]) -> Command {
        self.command(&self.program, args)
    }

    /// Any program in this sandbox.
    pub fn tool(&self, name: &str, args: &[&str]) -> Run {
        run(self.command(&tool(name), args), b"", &self.root())
    }

    /// Any program in this sandbox, run by a user of this number.
    pub fn tool_by(&self, uid: u32, name: &str, args: &[&str]) -> Run {
        run(self.command_by(Uid::from_raw(uid), &tool(name), args), b"", &self.root())
    }

    /// Any program in this sandbox, to be run otherwise.
    pub fn command(&self, program: &Path, args: &[&str]) -> Command {
        self.command_by(self.owner, program, args)
    }

    fn command_by(&self, user: Uid, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        if user == Uid::effective() {
            command.args(args);
        } else {
            command = as_root("setpriv");
            let id = user.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--", "env", "-i"]);
            command.args(self.environment.iter().map(|(name, value)| {
                let mut pair = OsString::from(format!("{name}="));
                pair.push(value);
                pair
            }));
            command.arg(program).args(args);
        }
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.env_clear().envs(environment).current_dir(self.path("home"));
        command
    }

    /// What `daemon status` says, if a daemon runs.
    ///
    /// # Panics
    /// It says nothing sensible.
    pub fn daemon(&self) -> Option<Value> {
        let status = self.gpgsmith(&["daemon", "status", "--json"]);
        (status.code == Some(0)).then(|| status.json())
    }

    /// The process of the daemon.
    ///
    /// # Panics
    /// None runs.
    pub fn daemon_pid(&self) -> Pid {
        let state = self.daemon().expect("a daemon runs");
        let pid = state.get("pid").and_then(Value::as_i64).expect("it says its process");
        Pid::from_raw(i32::try_from(pid).expect("a process id"))
    }

    /// Ends the daemon as a crash would, and waits until it and its reaper have gone.
    ///
    /// # Panics
    /// None runs.
    pub fn kill_daemon(&self) {
        let pid = self.daemon_pid();
        kill(pid, Signal::SIGKILL).expect("it is ours");
        wait_until("the daemon and its reaper are gone", || self.processes().is_empty());
    }

    /// The daemons of this sandbox and their reapers.
    pub fn processes(&self) -> Vec<Pid> {
        self.serving("gpgsmith-")
    }

    /// The daemons of this sandbox.
    pub fn daemons(&self) -> Vec<Pid> {
        self.serving("gpgsmith-daemon")
    }

    /// The agents that work below this sandbox.
    ///
    /// # Panics
    /// The processes cannot be listed.
    pub fn agents(&self) -> usize {
        let is_ours = |line: &str| line.contains("gpg-agent") && line.contains(&*self.root());
        process::commands().filter(|(_, line)| is_ours(line)).count()
    }

    /// Processes whose name begins so, and whose arguments lie in this sandbox.
    fn serving(&self, name: &str) -> Vec<Pid> {
        let serves = |line: &str| line.starts_with(name) && line.contains(&*self.root());
        process::commands().filter(|(_, line)| serves(line)).map(|(pid, _)| pid).collect()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !self.daemons().is_empty() {
            // Whatever it says: what is left after it is killed.
            self.command(&self.program, &["--quiet", "daemon", "stop", "--timeout", "1"])
                .stderr(std::process::Stdio::null())
                .status()
                .ok();
        }
        for pid in self.daemons() {
            kill(pid, Signal::SIGKILL).ok();
        }
    }
}

fn environment(dir: &Path) -> Vec<(String, OsString)> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut environment = vec![("PATH".to_owned(), path)];
    for (name, part) in [
        ("HOME", "home"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("XDG_RUNTIME_DIR", "run"),
        ("TMPDIR", "tmp"),
    ] {
        environment.push((name.to_owned(), dir.join(part).into()));
    }
    for (name, value) in [("LANG", "C.UTF-8"), ("SHELL", "/bin/sh"), ("TERM", "dumb")] {
        environment.push((name.to_owned(), value.into()));
    }
    environment
}
