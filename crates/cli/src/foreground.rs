//! Programs of the user's, which take the terminal until they end.

use std::{
    ffi::OsString,
    io::{self, ErrorKind},
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, ExitStatus},
};

use gpgsmith_kernel::{
    api::{
        ApiError, SESSION_VARIABLE,
        event::{About, Answer, Question},
        exec::{CommandEnd, EXEC_VARIABLE, Order},
    },
    client::Host,
};

use crate::{context::Context, error::CliError, interrupt, jobs::JobHost};

/// How shells call the ends of a command that has no exit code of its own.
const NOT_FOUND: u8 = 127;
const NOT_STARTED: u8 = 126;
const SIGNALLED: i32 = 128;

/// What the gpg of an order is told first: the agent there has no window to ask in, so gpg asks for
/// passphrases at the terminal itself; and nothing is started that would outlive the order.
const GPG_OPTIONS: [&str; 4] = ["--no-options", "--no-autostart", "--pinentry-mode", "loopback"];

impl Context<'_> {
    /// Starts a program that hears Ctrl-C, and may dump core, as if the user had started it.
    pub(crate) fn start(&self, command: &mut Command) -> io::Result<Child> {
        interrupt::unblocked(|| match self.core_limit {
            Some(limit) => limit.lifted(|| command.spawn()),
            None => command.spawn(),
        })
    }

    /// Waits until it has ended; Ctrl-C is for it meanwhile.
    pub(crate) fn wait(&self, mut child: Child) -> io::Result<ExitStatus> {
        self.interrupts.left_to(|| child.wait())
    }
}

/// The user's end of a job that has a command of theirs run.
#[derive(Debug)]
pub(crate) struct Foreground<'a> {
    cx: &'a Context<'a>,
    job: JobHost<'a>,
    argv: &'a [OsString],
    /// What a shell would say of the command's end.
    code: Option<u8>,
}

impl<'a> Foreground<'a> {
    pub(crate) fn new(cx: &'a Context<'a>, argv: &'a [OsString]) -> Self {
        Self { cx, job: JobHost::new(cx), argv, code: None }
    }

    /// The command failed, as the daemon words it; the exit code is the command's own.
    pub(crate) fn failed(&self, error: ApiError) -> CliError {
        match self.code {
            Some(code) => CliError::Command { error, code },
            None => error.into(),
        }
    }

    fn run(&self, order: &Order) -> (CommandEnd, u8) {
        self.cx.ui.clear();
        let started = self.command(order).and_then(|mut command| self.cx.start(&mut command));
        match started.and_then(|child| self.cx.wait(child)) {
            Ok(status) => ended(status),
            Err(error) => {
                let missing = error.kind() == ErrorKind::NotFound;
                let code = if missing { NOT_FOUND } else { NOT_STARTED };
                (CommandEnd::NotStarted(error.to_string()), code)
            }
        }
    }

    /// What the user gave, not what the daemon says; only where, it says.
    fn command(&self, order: &Order) -> io::Result<Command> {
        let (program, args) = self.argv.split_first().ok_or(ErrorKind::InvalidInput)?;
        let gpg = program == "gpg" || program == "gpg2";
        let program = if gpg { order.gpg.as_os_str() } else { program };
        #[expect(clippy::disallowed_methods, reason = "the user's own, which sees what they see")]
        let mut command = Command::new(program);
        command.args(gpg.then_some(GPG_OPTIONS).into_iter().flatten()).args(args);
        command.env("GNUPGHOME", &order.home).env(EXEC_VARIABLE, "1").env_remove(SESSION_VARIABLE);
        Ok(command)
    }
}

fn ended(status: ExitStatus) -> (CommandEnd, u8) {
    let (end, code) = match (status.code(), status.signal()) {
        (Some(code), _) => (CommandEnd::Exit(code), code),
        (None, signal) => {
            let signal = signal.unwrap_or_default();
            (CommandEnd::Signal(signal), SIGNALLED + signal)
        }
    };
    (end, u8::try_from(code).unwrap_or(u8::MAX))
}

impl Host for Foreground<'_> {
    fn can_ask(&self) -> bool {
        self.job.can_ask()
    }

    fn progress(&mut self, text: &str) {
        self.job.progress(text);
    }

    fn ask(&mut self, question: &Question) -> Answer {
        match &question.about {
            About::RunCommand(order) => {
                let (end, code) = self.run(order);
                self.code = Some(code);
                Answer::Ended(end)
            }
            _ => self.job.ask(question),
        }
    }

    fn interrupts(&self) -> u32 {
        self.job.interrupts()
    }
}
