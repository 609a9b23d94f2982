//! Interruptions: every call of gpg passes a gate, where a test may stop it.
//!
//! The registry names a small program as the `gpg` of the sandbox, which asks at a socket what to
//! do before it becomes the real one. Between its calls a workflow is never without gpg for long,
//! so what is whole after each of them was interrupted is whole.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{
        fs::PermissionsExt as _,
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{extent, program::tool, run::Run, sandbox::Sandbox};

/// What happens to a call of gpg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails without doing anything.
    Refused,
    /// It does its work, and then fails all the same.
    Lost,
    /// The daemon is killed instead, as by a crash of the machine.
    Crash,
}

impl Fault {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Refused, Self::Lost, Self::Crash];
}

/// The gate in front of the gpg of a sandbox, for every vault that is opened from then on.
#[derive(Debug)]
pub struct Gate {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The command lines since it was last told what to stop.
    calls: Vec<String>,
    stop: Option<Stop>,
    fired: bool,
    closed: bool,
}

/// Which call is stopped, counted from 1, and how.
#[derive(Clone, Copy, Debug)]
struct Stop {
    at: usize,
    fault: Fault,
    daemon: Option<Pid>,
}

/// perl is part of every Debian; it hands its descriptors on as they are.
const PROGRAM: &str = r#"#!/usr/bin/perl
use strict;
use IO::Socket::UNIX;
my $gate = IO::Socket::UNIX->new(Peer => "@socket@") or die "no gate: $!";
print $gate join(" ", map { s/\s/_/gr } @ARGV), "\n";
$gate->flush;
my $word = <$gate> // "";
exec "@gpg@", @ARGV if $word eq "go\n";
system "@gpg@", @ARGV if $word eq "lose\n";
exit 2;
"#;

impl Sandbox {
    /// Puts a gate in front of its gpg.
    ///
    /// # Panics
    /// It cannot be built.
    pub fn gate(&self) -> Gate {
        let socket = self.path("gate/socket");
        let text = |path: PathBuf| path.to_string_lossy().replace('@', "\\@");
        let program = PROGRAM.replace("@socket@", &text(socket.clone()));
        self.write("gate/gpg", &program.replace("@gpg@", &text(tool("gpg"))));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path("gate/gpg"), executable).expect("it is ours");
        let registry = self.read("config/locksmith/config.yaml");
        let entry = format!("gpg_binary: {}\n", self.text("gate/gpg"));
        self.write("config/locksmith/config.yaml", &format!("{registry}{entry}"));
        let listener = UnixListener::bind(&socket).expect("a socket in the sandbox");
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || keep(&listener, &shared));
        Gate { socket, state }
    }
}

impl Gate {
    /// Stops the call of this number, counted from now and from 1; 0 stops none.
    pub fn stop(&self, sandbox: &Sandbox, at: usize, fault: Fault) {
        let daemon = (fault == Fault::Crash).then(|| sandbox.daemon_pid());
        let mut state = self.state();
        *state = State { stop: Some(Stop { at, fault, daemon }), ..State::default() };
    }

    /// Lets all calls pass, and says whether one was stopped.
    pub fn open(&self) -> bool {
        let mut state = self.state();
        state.stop = None;
        state.fired
    }

    /// The calls since the gate was last told what to stop.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.state().closed = true;
        // Wakes the keeper up; where it has gone, nobody needs to.
        UnixStream::connect(&self.socket).ok();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(listener: &UnixListener, state: &Mutex<State>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let mut line = String::new();
        let read = BufReader::new(&stream).read_line(&mut line);
        let mut state = lock(state);
        if state.closed {
            return;
        }
        if read.is_err() || line.is_empty() {
            continue;
        }
        state.calls.push(line.trim_end().to_owned());
        let number = state.calls.len();
        let stop = state.stop.filter(|stop| stop.at == number);
        state.fired |= stop.is_some();
        drop(state);
        let word: &[u8] = match stop {
            None => b"go\n",
            Some(Stop { fault: Fault::Lost, .. }) => b"lose\n",
            Some(Stop { fault: Fault::Refused, .. }) => b"no\n",
            Some(Stop { daemon, .. }) => {
                daemon.map(|pid| kill(pid, Signal::SIGKILL));
                b"no\n"
            }
        };
        // A gpg that was killed meanwhile needs no answer.
        (&stream).write_all(word).ok();
    }
}

/// A command that changes an open vault, to be interrupted at each of its calls of gpg.
#[expect(missing_debug_implementations, reason = "closures have none")]
pub struct Story<'a> {
    /// Makes a sandbox in which the command would succeed, its vault not open yet.
    pub fresh: &'a dyn Fn() -> Sandbox,
    /// The command, which must not ask.
    pub command: &'a dyn Fn(&Sandbox) -> Vec<String>,
}

impl Story<'_> {
    /// Runs the command again and again, each time interrupted at the next call of gpg, until one
    /// run meets no interruption. After each, the vault must be as it was before or as it is
    /// after the whole command; and when it is as before, the command must have failed.
    ///
    /// With `GPGSMITH_TESTS=all` each call suffers every fault, otherwise one of them.
    ///
    /// # Panics
    /// It was something in between.
    pub fn is_whole_or_not_at_all(&self) {
        self.is_whole_ending_with(0);
    }

    /// The same for a command whose exit code says more than that it is done.
    ///
    /// # Panics
    /// As [`Story::is_whole_or_not_at_all`].
    pub fn is_whole_ending_with(&self, code: i32) {
        let after = self.uninterrupted(code);
        if extent::all() {
            for fault in Fault::ALL {
                self.interrupted((code, &after), |_| fault);
            }
        } else {
            self.interrupted((code, &after), |at| match at % 3 {
                0 => Fault::Crash,
                1 => Fault::Lost,
                _ => Fault::Refused,
            });
        }
    }

    fn uninterrupted(&self, code: i32) -> String {
        let stage = Stage::new(self);
        stage.run(self).fails(code);
        assert_ne!(stage.before, stage.exact(), "the command changes nothing");
        stage.outline()
    }

    fn interrupted(&self, (code, after): (i32, &str), fault: impl Fn(usize) -> Fault) {
        let mut stage = Stage::new(self);
        for at in 1.. {
            stage.gate.stop(&stage.sandbox, at, fault(at));
            let run = stage.run(self);
            if !stage.gate.open() {
                run.fails(code);
                assert!(at > 1, "it never calls gpg: {:?}", stage.gate.calls());
                return;
            }
            if fault(at) == Fault::Crash {
                stage.recover();
            }
            let call = stage.gate.calls().get(at - 1).cloned().unwrap_or_default();
            if stage.exact() == stage.before {
                assert_ne!(run.code, Some(code), "call {at}, {:?} {call}: {run}", fault(at));
            } else {
                let now = stage.outline();
                assert_eq!(now, after, "call {at}, {:?} {call}: {run}", fault(at));
                stage = Stage::new(self);
            }
        }
    }
}

/// A sandbox with its vault open, and what that looked like.
struct Stage {
    gate: Gate,
    sandbox: Sandbox,
    before: String,
}

/// What together says all of an open vault.
const LOOKS: [&[&str]; 3] =
    [&["keys", "list", "--json"], &["audit", "show", "--json"], &["keys", "export", "--stdout"]];

impl Stage {
    fn new(story: &Story<'_>) -> Self {
        let sandbox = (story.fresh)();
        let gate = sandbox.gate();
        sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
        let mut stage = Self { gate, sandbox, before: String::new() };
        stage.before = stage.exact();
        stage
    }

    fn run(&self, story: &Story<'_>) -> Run {
        let command = (story.command)(&self.sandbox);
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        self.sandbox.unlocked(&words)
    }

    /// Everything, byte by byte; a vault without keys has nothing to export.
    fn exact(&self) -> String {
        LOOKS.iter().map(|look| self.sandbox.gpgsmith(look).stdout).collect()
    }

    /// The same without what differs between two runs of one command.
    fn outline(&self) -> String {
        [&["keys", "list"], &["audit", "show"]]
            .iter()
            .map(|look| self.sandbox.gpgsmith(*look).ok().shown())
            .collect()
    }

    /// What a user does after a crash.
    fn recover(&self) {
        let gone = || self.sandbox.daemons().is_empty();
        crate::wait::wait_until("the daemon is gone", gone);
        self.sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    }
}
