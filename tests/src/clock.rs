//! A daemon whose clock jumps, while that of the machine goes on: the shipped program, under
//! `libfaketime`.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::PathBuf,
    process::{Child, Stdio},
};

use nix::sys::signal::{Signal, kill};

use crate::{program::gpgsmith, sandbox::Sandbox, wait::wait_until};

/// What jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jumps {
    /// The wall clock: somebody sets it.
    Wall,
    /// All of them, boot time too: the machine was suspended.
    All,
}

/// The daemon of a sandbox, with a clock of its own. It ends with this.
#[derive(Debug)]
pub struct Clocked {
    daemon: Child,
    offset: PathBuf,
}

impl Clocked {
    /// Starts the daemon; its clock is the machine's until it jumps.
    ///
    /// # Panics
    /// It does not start.
    pub fn start(sandbox: &Sandbox, jumps: Jumps) -> Self {
        let library = sandbox.tool("faketime", &["-m", "-f", "+0", "printenv", "LD_PRELOAD"]).ok();
        let offset = sandbox.path("tmp/offset");
        fs::write(&offset, "+0\n").expect("it is ours");
        let [socket, state] = ["run/gpgsmith-kernel/daemon.sock", "state/gpgsmith"];
        let (socket, state) = (sandbox.text(socket), sandbox.text(state));
        let program = gpgsmith().to_string_lossy().into_owned();
        let line = ["--gpgsmith-daemon", &socket, &state, &program];
        let mut command = sandbox.gpgsmith_command(&line);
        command.arg0("gpgsmith-daemon").env("LD_PRELOAD", library.stdout.trim());
        command.env("FAKETIME_TIMESTAMP_FILE", &offset).env("FAKETIME_NO_CACHE", "1");
        command.env("NO_FAKE_STAT", "1");
        if jumps == Jumps::Wall {
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = command.spawn().expect("the daemon starts");
        wait_until("the daemon listens", || sandbox.daemon().is_some());
        Self { daemon, offset }
    }

    /// From now on its clock is so far from the machine's: `+1d`, `-1d`.
    ///
    /// # Panics
    /// It cannot be set.
    pub fn jump(&self, offset: &str) {
        let new = self.offset.with_extension("new");
        fs::write(&new, format!("{offset}\n")).expect("it is ours");
        fs::rename(new, &self.offset).expect("it is ours");
    }
}

impl Sandbox {
    /// Ends such a daemon as a crash would, and waits until it and its reaper have gone.
    ///
    /// # Panics
    /// They stay.
    pub fn kill_clocked(&self, mut clocked: Clocked) {
        clocked.daemon.kill().expect("it is ours");
        clocked.daemon.wait().expect("it is our child");
        wait_until("its reaper is gone", || self.processes().is_empty());
    }
}

impl Drop for Clocked {
    fn drop(&mut self) {
        let pid = i32::try_from(self.daemon.id()).map(nix::unistd::Pid::from_raw);
        if let (Ok(pid), Ok(None)) = (pid, self.daemon.try_wait()) {
            kill(pid, Signal::SIGTERM).ok();
        }
        self.daemon.wait().ok();
    }
}
