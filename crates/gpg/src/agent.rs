//! A gpg-agent of our own: its socket bound by us, dead when we are, deaf to its home's options.
//!
//! It has no scdaemon, so every passphrase prompt that passes through it is for a key, never for a
//! card; and it remembers no passphrase.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::assuan::Connection;
use crate::confine::Wall;
use crate::error::{At, Error};
use crate::program::Program;
use crate::spawn::{self, Luggage};
use crate::tool::{command, not_started, set_environment};

/// Why the agent is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// It ended by itself.
    #[error("the gpg-agent ended with {exit}")]
    Ended {
        /// How.
        exit: ExitStatus,
    },
    /// Whoever answers on the socket is not the agent that was started for it.
    #[error("process {found} answers on the socket of gpg-agent {started}")]
    Stranger {
        /// The process that was started.
        started: u32,
        /// What the other side says it is.
        found: String,
    },
    /// It does not answer in time.
    #[error("the gpg-agent did not answer within {} seconds", after.as_secs())]
    Silent {
        /// The time that it had.
        after: Duration,
    },
    /// The socket failed.
    #[error("cannot talk with the gpg-agent")]
    Connection {
        /// What the system said.
        source: io::Error,
    },
    /// It answered `ERR`.
    #[error("the gpg-agent refused {verb} with error {}", code & 0xffff)]
    Refused {
        /// The command's first word.
        verb: String,
        /// libgpg-error's number, with the component that reported it in the high byte.
        code: u32,
    },
    /// It answered something that is not the protocol.
    #[error("the gpg-agent's answer to {verb} is not understood")]
    Unclear {
        /// The command's first word.
        verb: String,
    },
}

/// Never a card, never a cache; S2K with a fixed count, since the home lies in an encrypted place
/// and gpg's own calibration would cost every step half a second.
const OPTIONS: [&str; 9] = [
    "--no-options",
    "--supervised",
    "--quiet",
    "--disable-scdaemon",
    "--default-cache-ttl=0",
    "--max-cache-ttl=0",
    "--s2k-count=65011712",
    "--allow-loopback-pinentry",
    "--pinentry-program=/nonexistent",
];

const STARTS_WITHIN: Duration = Duration::from_secs(20);
const STOPS_WITHIN: Duration = Duration::from_secs(2);

/// The running agent; ended, waited for and its socket and the socket's directory removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Agent {
    child: Option<Child>,
    home: PathBuf,
    /// In the home, or in a directory below `/run/user` that is this home's alone.
    socket: PathBuf,
}

impl Agent {
    /// Starts the agent for `home`, and returns when it has answered.
    pub(crate) async fn start(
        program: &Program,
        home: &Path,
        socket: PathBuf,
        wall: Option<Arc<Wall>>,
    ) -> Result<Self, Error> {
        let listener = listen(&socket)?;
        let child = launch(program, home, listener, wall)?;
        let mut agent = Self { child: Some(child), home: home.to_owned(), socket };
        match tokio::time::timeout(STARTS_WITHIN, agent.greet()).await {
            Ok(Ok(())) => Ok(agent),
            Ok(Err(error)) => Err(agent.ended().unwrap_or(error).into()),
            Err(_) => Err(AgentError::Silent { after: STARTS_WITHIN }.into()),
        }
    }

    /// A new connection to it.
    pub(crate) async fn connect(&self) -> Result<Connection, AgentError> {
        Connection::open(&self.socket).await
    }

    async fn greet(&mut self) -> Result<(), AgentError> {
        let reply = self.connect().await?.command("GETINFO pid", None).await?;
        let found = String::from_utf8_lossy(&reply.data).into_owned();
        match self.child.as_ref().map(Child::id) {
            Some(started) if started.to_string() != found => {
                Err(AgentError::Stranger { started, found })
            }
            _ => Ok(()),
        }
    }

    fn ended(&mut self) -> Option<AgentError> {
        std::thread::sleep(Duration::from_millis(20)); // its socket closes just before it ends
        let exit = self.child.as_mut()?.try_wait().ok()??;
        Some(AgentError::Ended { exit })
    }

    /// Its process, as long as it was not stopped.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Ends it, waits for that, and removes its socket with the directory. Takes at most a few seconds.
    pub(crate) fn stop(&mut self) -> io::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        let asked = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        if asked.is_err() || !ends(&mut child, STOPS_WITHIN)? {
            child.kill()?;
            child.wait()?;
        }
        // After its end: an agent that ends removes whatever lies at its socket's path.
        remove(&self.socket, |path| fs::remove_file(path))?;
        match self.socket.parent() {
            Some(dir) if dir != self.home => remove(dir, |path| fs::remove_dir(path)),
            _ => Ok(()),
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::error!(%error, "a gpg-agent may still run");
        }
    }
}

/// What is gone already needs no removal.
fn remove(path: &Path, how: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    match how(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn ends(child: &mut Child, within: Duration) -> io::Result<bool> {
    let step = Duration::from_millis(2);
    for _ in 0..within.as_millis() / step.as_millis() {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        std::thread::sleep(step);
    }
    Ok(false)
}

/// Whatever lies at the path is not ours: an old socket, or a file that sends clients elsewhere.
fn listen(socket: &Path) -> Result<UnixListener, Error> {
    match fs::symlink_metadata(socket) {
        Ok(meta) if meta.is_dir() => Err(io::ErrorKind::IsADirectory.into()).at("bind", socket),
        Ok(meta) => {
            tracing::debug!(
                socket = meta.file_type().is_socket(),
                "something lies at the agent's path"
            );
            fs::remove_file(socket).at("remove", socket)
        }
        Err(_) => Ok(()),
    }?;
    let listener = UnixListener::bind(socket).at("bind", socket)?;
    fs::set_permissions(socket, fs::Permissions::from_mode(0o600)).at("protect", socket)?;
    Ok(listener)
}

fn launch(
    program: &Program,
    home: &Path,
    listener: UnixListener,
    wall: Option<Arc<Wall>>,
) -> Result<Child, Error> {
    let mut command = command(program.agent().as_os_str());
    set_environment(&mut command, home);
    command.env("LISTEN_FDS", "1").env("LISTEN_FDNAMES", "std");
    command.arg("--homedir").arg(home).args(OPTIONS);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let listener = third_or_above(listener).at("hand over", home)?;
    let luggage = Luggage { listener: Some(listener), wall, ..Luggage::default() };
    spawn::spawn(command, luggage, |mut command| command.spawn())
        .map_err(|source| not_started(program.agent(), source).into())
}

/// Number 3 itself where it is free: then nothing else of this process can be there in the child.
fn third_or_above(listener: UnixListener) -> io::Result<OwnedFd> {
    OwnedFd::from(listener).try_clone()
}
