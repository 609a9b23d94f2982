//! A terminal with a program at it, and a user who reads and types.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use nix::pty::{Winsize, openpty};

use crate::{program::tool, wait::wait_for};

/// A pseudo-terminal, the controlling one of the program at it.
#[derive(Debug)]
pub struct Terminal {
    keyboard: File,
    child: Child,
    screen: Arc<Mutex<Screen>>,
    /// How much of the screen the user has read.
    read: usize,
}

/// All that was printed.
#[derive(Debug, Default)]
struct Screen {
    bytes: Vec<u8>,
    closed: bool,
}

impl Terminal {
    /// Starts a program with the environment that `command` sets, and nothing else of ours.
    ///
    /// # Panics
    /// There is no terminal, or the program does not start.
    pub fn start(command: &Command) -> Self {
        let size = Winsize { ws_row: 50, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a pseudo-terminal");
        let mut session = Command::new(tool("setsid"));
        session.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        session.current_dir(command.get_current_dir().expect("commands of a sandbox have one"));
        let slave = || Stdio::from(pty.slave.try_clone().expect("a descriptor"));
        session.stdin(slave()).stdout(slave()).stderr(slave());
        let child = session.spawn().expect("the program starts");
        drop((session, pty.slave));
        let keyboard = File::from(pty.master);
        let screen = Arc::<Mutex<Screen>>::default();
        watch(keyboard.try_clone().expect("a descriptor"), screen.clone());
        Self { keyboard, child, screen, read: 0 }
    }

    /// Waits until `text` appears after what was read before; the text up to its end.
    ///
    /// # Panics
    /// It does not appear.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        let mut unread = String::new();
        let found = wait_for(&format!("the terminal shows {text:?}"), || {
            let (screen, closed) = self.screen();
            screen.get(self.read..).unwrap_or_default().clone_into(&mut unread);
            match unread.find(text) {
                Some(at) => Some(at + text.len()),
                None if closed => panic!("the program ended without {text:?}: {screen}"),
                None => None,
            }
        });
        self.read += found;
        unread.truncate(found);
        unread
    }

    /// Types a line.
    pub fn enter(&mut self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    /// Types these keys; Ctrl-C is `\x03`.
    ///
    /// # Panics
    /// The terminal is gone.
    pub fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal takes what is typed");
    }

    /// Waits until the program ends: its exit code, and all that was on the screen.
    ///
    /// # Panics
    /// It does not end.
    pub fn end(mut self) -> (Option<i32>, String) {
        let child = &mut self.child;
        let status =
            wait_for("the program at the terminal ends", || child.try_wait().expect("our child"));
        // What it started may hold the terminal; what it printed itself is there by now.
        wait_for("the screen is read", || {
            let (_, closed) = self.screen();
            closed.then_some(())
        });
        (status.code(), self.screen().0)
    }

    fn screen(&self) -> (String, bool) {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&screen.bytes).replace("\r\n", "\n");
        (text, screen.closed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn watch(mut master: File, screen: Arc<Mutex<Screen>>) {
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            // The end of the last program at a terminal is an error of it.
            let read = master.read(&mut chunk).unwrap_or(0);
            let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
            screen.bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if read == 0 {
                screen.closed = true;
                return;
            }
        }
    });
}
