//! What users type: lines and passphrases, from the terminal or from a pipe.

mod echo;

use std::{
    cell::RefCell,
    fs::File,
    io::{self, IsTerminal as _, Read as _},
    os::fd::{AsFd, BorrowedFd},
};

use gpgsmith_kernel::{
    api::{ApiError, Code, Hint},
    secret::{Line, Passphrase},
};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, poll},
};
use zeroize::Zeroizing;

use self::echo::EchoOff;
use crate::{
    interrupt::{Interrupts, Watch},
    passphrase,
};

/// The longest line that is read.
const LONGEST: usize = 64 * 1024;

/// How often Ctrl-C is looked for, in milliseconds.
const GLANCE: u8 = 50;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// The end of standard input.
    #[error("no input for {prompt:?}")]
    NoInput {
        /// What was asked.
        prompt: String,
    },
    /// `--no-input`.
    #[error("{what} is missing, and nobody may be asked")]
    NotAsked {
        /// What was to be asked.
        what: &'static str,
        /// The flag that gives it.
        flag: &'static str,
    },
    /// Ctrl-C.
    #[error("cancelled")]
    Interrupted,
    /// The two passphrases differ.
    #[error("passphrases do not match")]
    Mismatch,
    /// It cannot be a passphrase.
    #[error(transparent)]
    Passphrase(#[from] passphrase::BadPassphrase),
    /// An answer was longer than any can be.
    #[error("a line of input is longer than {LONGEST} bytes")]
    TooLong,
    /// It is not text.
    #[error("the input is not UTF-8")]
    NotText,
    /// The terminal or standard input fails.
    #[error("cannot read the input")]
    Io(#[from] io::Error),
}

impl From<InputError> for ApiError {
    fn from(error: InputError) -> Self {
        let code = match &error {
            InputError::NoInput { .. } | InputError::NotAsked { .. } => Code::NeedsAnswer,
            InputError::Interrupted => Code::Cancelled,
            InputError::Io(_) => Code::Io,
            _ => Code::BadRequest,
        };
        let hint = match &error {
            InputError::NotAsked { flag, .. } => Some(Hint::advice(format!("give it with {flag}"))),
            _ => None,
        };
        ApiError::chain(code, &error).with_hint(hint)
    }
}

/// One reader for all questions: what was read ahead for one answer is there for the next.
#[derive(Debug, Default)]
pub(crate) struct Input(RefCell<Option<Reader>>);

impl Input {
    /// The next line, without its end. `show` writes the question.
    pub(crate) fn line(
        &self,
        interrupts: &Interrupts,
        prompt: &str,
        show: impl FnOnce(&str),
    ) -> Result<String, InputError> {
        self.read(|reader| {
            let watch = interrupts.watch(); // before anybody can answer the question
            show(prompt);
            let line = reader.line(&watch)?.ok_or_else(|| no_input(prompt))?;
            Ok(line.trim_end_matches(['\r', '\n']).to_owned())
        })
    }

    /// The next line as a passphrase: typed without echo at a terminal.
    pub(crate) fn secret(
        &self,
        interrupts: &Interrupts,
        prompt: &str,
        show: impl FnOnce(&str),
    ) -> Result<Passphrase, InputError> {
        self.read(|reader| {
            let terminal = reader.source.try_clone()?;
            let hidden = EchoOff::on(terminal.as_fd());
            let watch = interrupts.watch();
            show(prompt);
            let mut line = reader.line(&watch)?.ok_or_else(|| no_input(prompt))?;
            drop(hidden);
            let passphrase = Line::new(std::mem::take(&mut *line)).into_passphrase();
            passphrase::check(&passphrase)?;
            Ok(passphrase)
        })
    }

    fn read<T>(
        &self,
        take: impl FnOnce(&mut Reader) -> Result<T, InputError>,
    ) -> Result<T, InputError> {
        let mut slot = self.0.borrow_mut();
        let reader = match slot.take() {
            Some(reader) => reader,
            None => Reader::open()?,
        };
        take(slot.insert(reader))
    }
}

/// Whether somebody types the answers.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

fn no_input(prompt: &str) -> InputError {
    InputError::NoInput { prompt: prompt.trim().to_owned() }
}

/// The terminal, or else standard input.
#[derive(Debug)]
struct Reader {
    source: File,
    /// Read, but not yet asked for. Allocated once: growing would leave copies of secrets.
    ahead: Zeroizing<Vec<u8>>,
}

impl Reader {
    fn open() -> io::Result<Self> {
        let stdin = io::stdin();
        let terminal = stdin.is_terminal().then(|| File::open("/dev/tty")).and_then(Result::ok);
        let source =
            terminal.map_or_else(|| stdin.as_fd().try_clone_to_owned().map(File::from), Ok)?;
        Ok(Self::new(source))
    }

    fn new(source: File) -> Self {
        Self { source, ahead: Zeroizing::new(Vec::with_capacity(LONGEST)) }
    }

    /// The next line with its end; the last one may have none; `None` at the end of input.
    fn line(&mut self, watch: &Watch<'_>) -> Result<Option<Zeroizing<String>>, InputError> {
        loop {
            if let Some(end) = self.ahead.iter().position(|&byte| byte == b'\n') {
                return self.take(end + 1).map(Some);
            }
            wait(self.source.as_fd(), watch)?;
            let room = LONGEST - self.ahead.len();
            let mut chunk = Zeroizing::new([0; 4096]);
            let most = chunk.len().min(room);
            let read = self.source.read(chunk.get_mut(..most).unwrap_or_default())?;
            self.ahead.extend_from_slice(chunk.get(..read).unwrap_or_default());
            match (read, self.ahead.len()) {
                (0, _) if room == 0 => return Err(InputError::TooLong),
                (0, 0) => return Ok(None),
                (0, rest) => return self.take(rest).map(Some),
                _ => {}
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<Zeroizing<String>, InputError> {
        let line: Vec<u8> = self.ahead.drain(..length).collect();
        let text = String::from_utf8(line).map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            InputError::NotText
        })?;
        Ok(Zeroizing::new(text))
    }
}

/// Until there is something to read, or Ctrl-C.
fn wait(source: BorrowedFd<'_>, watch: &Watch<'_>) -> Result<(), InputError> {
    loop {
        match poll(&mut [PollFd::new(source, PollFlags::POLLIN)], GLANCE) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(InputError::Io(error.into())),
            Ok(_) if watch.interrupted() => return Err(InputError::Interrupted),
            Ok(0) => {}
            Ok(_) => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
