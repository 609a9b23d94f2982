//! What a running process does to the files of a directory, call by call; and what becomes of it
//! when the disk fails it, or the power, at one of them.
//!
//! `strace` counts the calls of each thread by itself and knows a file only by its whole name; what
//! is done to a file of random name, by whichever thread is free, is counted here.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use nix::{
    errno::Errno,
    libc::{self, c_long, user_regs_struct},
    sys::{
        ptrace::{self, Options},
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

/// What happens instead of a system call.
#[derive(Clone, Copy)]
pub enum Act<'a> {
    /// It fails with this error, having done nothing.
    Fail(Errno),
    /// The process is killed.
    Kill,
    /// This is done, then the process is killed.
    Cut(&'a (dyn Fn() + Sync)),
}

impl std::fmt::Debug for Act<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fail(error) => write!(f, "{error:?}"),
            Self::Kill => f.write_str("killed"),
            Self::Cut(_) => f.write_str("cut off"),
        }
    }
}

/// Whose calls are watched, and what happens at one of them.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// The process, with all its threads but not its children.
    pub pid: Pid,
    /// Calls on this directory and the files in it count.
    pub dir: &'a Path,
    /// At which call, counted from 1, what happens; nothing, where there are fewer.
    pub act: Option<(usize, Act<'a>)>,
}

impl Watch<'_> {
    /// Runs `work` while the process is watched: its result, and the calls that counted, in
    /// their order (`fsync 20260101T000000Z_x.tar.age`; a random name is `*`).
    ///
    /// # Panics
    /// The process cannot be traced: that needs root, and a kernel that grants it.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<String>) {
        let (attached, over) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let tracer = scope.spawn(|| Tracer::run(self, &attached, &over));
            while !attached.load(Ordering::SeqCst) {
                assert!(!tracer.is_finished(), "this test traces a process: run it as root");
                thread::yield_now();
            }
            let done = work();
            over.store(true, Ordering::SeqCst);
            // Wakes the tracer; the process itself never hears of it.
            kill(self.pid, Signal::SIGURG).ok();
            (done, tracer.join().expect("the tracer ends well"))
        })
    }
}

/// The system calls that count: all by which a file comes to the disk.
const CALLS: [(c_long, &str, Names); 18] = [
    (libc::SYS_openat, "open", Names::Path(1)),
    (libc::SYS_open, "open", Names::Path(0)),
    (libc::SYS_write, "write", Names::Descriptor),
    (libc::SYS_pwrite64, "write", Names::Descriptor),
    (libc::SYS_writev, "write", Names::Descriptor),
    (libc::SYS_ftruncate, "truncate", Names::Descriptor),
    (libc::SYS_fchmod, "chmod", Names::Descriptor),
    (libc::SYS_fsync, "fsync", Names::Descriptor),
    (libc::SYS_fdatasync, "fsync", Names::Descriptor),
    (libc::SYS_rename, "rename", Names::Path(1)),
    (libc::SYS_renameat, "rename", Names::Path(3)),
    (libc::SYS_renameat2, "rename", Names::Path(3)),
    (libc::SYS_link, "link", Names::Path(1)),
    (libc::SYS_linkat, "link", Names::Path(3)),
    (libc::SYS_unlink, "unlink", Names::Path(0)),
    (libc::SYS_unlinkat, "unlink", Names::Path(1)),
    (libc::SYS_mkdir, "mkdir", Names::Path(0)),
    (libc::SYS_mkdirat, "mkdir", Names::Path(1)),
];

/// How a call names its file.
#[derive(Clone, Copy, Debug)]
enum Names {
    /// By the descriptor that is its first argument.
    Descriptor,
    /// By the path that is the argument of this number.
    Path(usize),
}

/// The one thread that may trace.
struct Tracer<'a> {
    watch: &'a Watch<'a>,
    threads: BTreeSet<Pid>,
    seen: Vec<String>,
    /// The thread whose call was taken away, and the error that it gets for it.
    failing: Option<(Pid, Errno)>,
    over: &'a AtomicBool,
}

impl<'a> Tracer<'a> {
    fn run(watch: &'a Watch<'a>, attached: &AtomicBool, over: &'a AtomicBool) -> Vec<String> {
        let mut tracer =
            Self { watch, threads: BTreeSet::new(), seen: Vec::new(), failing: None, over };
        tracer.seize();
        attached.store(true, Ordering::SeqCst);
        while !tracer.threads.is_empty() {
            tracer.step();
        }
        tracer.seen
    }

    fn seize(&mut self) {
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE;
        let tasks = fs::read_dir(format!("/proc/{}/task", self.watch.pid)).expect("it runs");
        for task in tasks.flatten() {
            let name = task.file_name();
            let thread = Pid::from_raw(name.to_string_lossy().parse().expect("a thread"));
            ptrace::seize(thread, options).expect("root may trace");
            ptrace::interrupt(thread).expect("it is traced");
            self.threads.insert(thread);
        }
    }

    /// Waits for one of the threads to stop, and lets it go on.
    fn step(&mut self) {
        let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        let (thread, signal) = match waitpid(None, Some(flags)) {
            Err(Errno::EINTR) => return,
            Err(Errno::ECHILD) => return self.threads.clear(),
            Ok(WaitStatus::Exited(thread, _) | WaitStatus::Signaled(thread, ..)) => {
                self.threads.remove(&thread);
                return;
            }
            Ok(WaitStatus::PtraceSyscall(thread)) => {
                self.syscall(thread);
                (thread, None)
            }
            Ok(WaitStatus::PtraceEvent(thread, ..)) => (thread, None),
            Ok(WaitStatus::Stopped(thread, signal)) => {
                (thread, Some(signal).filter(|signal| *signal != Signal::SIGURG))
            }
            stopped => panic!("{stopped:?}"),
        };
        self.threads.insert(thread);
        let between_calls = self.failing.is_none_or(|(failing, _)| failing != thread);
        if self.over.load(Ordering::SeqCst) && between_calls {
            // Each of the others stops once more, and is let go in its turn.
            self.threads.remove(&thread);
            ptrace::detach(thread, signal).ok();
            for other in &self.threads {
                ptrace::interrupt(*other).ok();
            }
        } else {
            ptrace::syscall(thread, signal).ok(); // it may have been killed meanwhile
        }
    }

    fn syscall(&mut self, thread: Pid) {
        let (Ok(info), Ok(mut registers)) = (ptrace::syscall_info(thread), ptrace::getregs(thread))
        else {
            return; // it has been killed
        };
        if info.op == libc::PTRACE_SYSCALL_INFO_EXIT {
            if let Some((_, error)) = self.failing.take_if(|(failing, _)| *failing == thread) {
                set_result(&mut registers, error);
                ptrace::setregs(thread, registers).ok();
            }
            return;
        }
        let Some(call) = self.counted(thread, &registers) else { return };
        self.seen.push(call);
        match self.watch.act {
            Some((at, act)) if at == self.seen.len() => self.act(thread, registers, act),
            _ => {}
        }
    }

    fn act(&mut self, thread: Pid, mut registers: user_regs_struct, act: Act<'_>) {
        if let Act::Fail(error) = act {
            self.failing = Some((thread, error));
            take_away(&mut registers);
            ptrace::setregs(thread, registers).ok();
            return;
        }
        if let Act::Cut(cut) = act {
            cut();
        }
        kill(self.watch.pid, Signal::SIGKILL).ok();
    }

    /// What is done to which file, if it is one of ours.
    fn counted(&self, thread: Pid, registers: &user_regs_struct) -> Option<String> {
        let (call, arguments) = call(registers);
        let (_, verb, names) = CALLS.iter().find(|(number, ..)| *number == call)?;
        let path = match *names {
            Names::Descriptor => {
                let [descriptor, ..] = arguments;
                fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()?
            }
            Names::Path(at) => path_at(thread, *arguments.get(at)?)?,
        };
        let below = path.strip_prefix(self.watch.dir).ok()?.to_str()?.to_owned();
        let name = match below.strip_prefix(".gpgsmith-") {
            Some(_) => "*",
            None if below.is_empty() => ".",
            None => &below,
        };
        Some(format!("{verb} {name}"))
    }
}

/// The text at an address, up to its NUL.
fn path_at(thread: Pid, address: u64) -> Option<PathBuf> {
    let mut bytes = vec![0; 4096];
    let read = File::open(format!("/proc/{thread}/mem")).ok()?.read_at(&mut bytes, address).ok()?;
    let text = bytes.get(..read)?.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(text).into_owned().into())
}

#[cfg(target_arch = "x86_64")]
fn call(registers: &user_regs_struct) -> (c_long, [u64; 4]) {
    let user_regs_struct { orig_rax, rdi, rsi, rdx, r10, .. } = *registers;
    (orig_rax.cast_signed(), [rdi, rsi, rdx, r10])
}

/// There is no call of this number.
#[cfg(target_arch = "x86_64")]
fn take_away(registers: &mut user_regs_struct) {
    registers.orig_rax = u64::MAX;
}

#[cfg(target_arch = "x86_64")]
fn set_result(registers: &mut user_regs_struct, error: Errno) {
    registers.rax = (-i64::from(error as i32)).cast_unsigned();
}

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the tracer of the tests must be told the registers of this processor");
