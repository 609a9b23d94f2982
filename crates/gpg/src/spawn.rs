//! Starts children from one thread that lives as long as the process.
//!
//! A child asks Linux to kill it when its parent ends. There "parent" means the *thread*
//! that started it, and a runtime's threads may end before the process does.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use crate::confine::Wall;

type Job = Box<dyn FnOnce() + Send>;

static SPAWNER: Mutex<Option<mpsc::Sender<Job>>> = Mutex::new(None);

/// What a child takes along, besides its standard streams.
#[derive(Debug, Default)]
pub(crate) struct Luggage {
    /// Kept open in the child, under their own numbers.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Becomes descriptor 3, where a supervised agent looks for its socket.
    pub(crate) listener: Option<OwnedFd>,
    /// Confines the child before it runs its program.
    pub(crate) wall: Option<Arc<Wall>>,
}

/// Starts `command` from the long-lived thread; it dies with this process.
///
/// `start` turns the command into a child there: [`Command::spawn`], or that of tokio.
pub(crate) fn spawn<C: Send + 'static>(
    mut command: Command,
    luggage: Luggage,
    start: impl FnOnce(Command) -> io::Result<C> + Send + 'static,
) -> io::Result<C> {
    let (answer, started) = mpsc::sync_channel(1);
    let job = move || {
        prepare(&mut command, luggage);
        // The receiver waits below, so it is there; were it not, the child is dropped with it.
        drop(answer.send(start(command)));
    };
    submit(Box::new(job))?;
    started.recv().map_err(io::Error::other)?
}

fn submit(job: Job) -> io::Result<()> {
    let mut spawner = SPAWNER.lock().unwrap_or_else(PoisonError::into_inner);
    let jobs = match spawner.take() {
        Some(jobs) => jobs,
        None => start_thread()?,
    };
    let sent = jobs.send(job).map_err(|gone| io::Error::other(gone.to_string()));
    *spawner = Some(jobs);
    sent
}

fn start_thread() -> io::Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    thread::Builder::new().name("spawner".to_owned()).spawn(move || {
        for job in queue {
            job();
        }
    })?;
    Ok(jobs)
}

#[expect(unsafe_code, reason = "only there can a child be bound to its parent and confined")]
fn prepare(command: &mut Command, luggage: Luggage) {
    let parent = std::process::id();
    command.process_group(0); // a Ctrl-C at the terminal must not end gpg half-way
    // SAFETY: `settle` makes system calls only: it neither allocates nor takes a lock, so it may
    // run between fork and exec of a process that has other threads.
    unsafe { command.pre_exec(move || settle(parent, &luggage)) };
}

/// Runs in the child, between fork and exec.
fn settle(parent: u32, luggage: &Luggage) -> io::Result<()> {
    die_with(parent)?;
    close_the_rest();
    for descriptor in &luggage.descriptors {
        keep(descriptor)?;
    }
    // Before descriptor 3 is taken: the wall's own descriptor may be that one.
    luggage.wall.as_ref().map_or(Ok(()), |wall| wall.enter())?;
    luggage.listener.as_ref().map_or(Ok(()), serve)
}

/// What a supervisor does for a program that it hands a socket.
fn serve(listener: &OwnedFd) -> io::Result<()> {
    outlive_clients()?;
    become_third(listener)
}

#[cfg(target_os = "linux")]
fn die_with(parent: u32) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    // The parent may have ended just before: then nobody will send the signal.
    if nix::unistd::getppid().as_raw().cast_unsigned() == parent {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(libc::ESRCH))
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "has the shape of the Linux one")]
fn die_with(_parent: u32) -> io::Result<()> {
    Ok(())
}

/// Whatever the process holds open without close-on-exec, by a library's fault, stays here.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the C library of old distributions has no close_range")]
fn close_the_rest() {
    // SAFETY: marks descriptors close-on-exec; touches no memory. Before Linux 5.11 it fails, and
    // then the descriptors' own flags decide, as ever.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
    };
}

#[cfg(not(target_os = "linux"))]
fn close_the_rest() {}

fn keep(descriptor: &OwnedFd) -> io::Result<()> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    fcntl(descriptor.as_fd(), FcntlArg::F_SETFD(FdFlag::empty()))?;
    Ok(())
}

/// A supervised gpg-agent leaves it to its supervisor to ignore SIGPIPE, as systemd does; else it
/// dies of the first client that is killed while it waits for an answer.
#[expect(unsafe_code, reason = "handlers are unsafe to install; this is none")]
fn outlive_clients() -> io::Result<()> {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: a system call only; no handler runs when a signal is ignored.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) }?;
    Ok(())
}

#[expect(unsafe_code, reason = "descriptor 3 belongs to the program that is about to run")]
fn become_third(listener: &OwnedFd) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    if listener.as_raw_fd() == 3 {
        return keep(listener); // dup2 onto itself would leave close-on-exec set
    }
    // SAFETY: in the child, whose descriptor 3 nobody uses any more.
    if unsafe { libc::dup2(listener.as_raw_fd(), 3) } == 3 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
