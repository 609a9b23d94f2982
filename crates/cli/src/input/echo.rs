use std::os::fd::BorrowedFd;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// A terminal that does not show what is typed, until this is dropped; but for the end of a line.
#[derive(Debug)]
pub(super) struct EchoOff<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> EchoOff<'a> {
    /// `None` where `terminal` is none: there is nothing to hide from.
    pub(super) fn on(terminal: BorrowedFd<'a>) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut hidden = before.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        hidden.local_flags.insert(LocalFlags::ECHONL);
        // What was typed before the question stays, as for any other question.
        tcsetattr(terminal, SetArg::TCSADRAIN, &hidden).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        // A terminal that has gone has no echo to be restored.
        tcsetattr(self.terminal, SetArg::TCSADRAIN, &self.before).ok();
    }
}
