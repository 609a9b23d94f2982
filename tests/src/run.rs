//! A program that has run to its end.

use std::{
    fmt,
    io::{Read, Write as _},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
};

use serde_json::Value;

use crate::{
    redact::redact,
    wait::{PATIENCE, wait_for},
};

/// How a program ended, and what it said.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// What [`Run::shown`] calls `[dir]`.
    pub dir: String,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, code, stdout, stderr, .. } = self;
        write!(f, "{line}\nexit {code:?}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

#[expect(clippy::return_self_not_must_use, reason = "these are assertions")]
impl Run {
    /// The same, if it succeeded.
    ///
    /// # Panics
    /// It failed.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// The same, if it ended with this exit code.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Standard output as one JSON object of the only version there is.
    ///
    /// # Panics
    /// It is none.
    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed: Value = match serde_json::from_str(&self.stdout) {
            Ok(parsed) => parsed,
            Err(error) => panic!("{error}: {self}"),
        };
        assert_eq!(parsed.get("schema_version"), Some(&Value::from(1)), "{self}");
        parsed
    }

    /// For a snapshot: exit code and both streams, without what differs from run to run.
    pub fn shown(&self) -> String {
        let code = self.code.map_or_else(|| "killed".to_owned(), |code| code.to_string());
        let mut shown = format!("exit code: {code}\n");
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                shown.extend(["--- ", name, "\n", &narrow(&redact(text, &self.dir))]);
            }
        }
        shown
    }
}

/// Columns two blanks apart: how wide they are depends on what was taken out of them.
fn narrow(text: &str) -> String {
    let line = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        let cells = line[indent..].split("  ").map(str::trim).filter(|cell| !cell.is_empty());
        format!("{}{}\n", &line[..indent], cells.collect::<Vec<_>>().join("  "))
    };
    text.lines().map(line).collect()
}

/// Runs a program to its end with this standard input.
///
/// # Panics
/// It does not start, does not end in time, or leaves somebody behind who holds its output.
pub fn run(mut command: Command, stdin: &[u8], dir: &str) -> Run {
    let line = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{line}: {error}"));
    let (mut input, text) = (child.stdin.take().expect("it is piped"), stdin.to_owned());
    // A program that does not read its input is free to end before all of it is written.
    thread::spawn(move || input.write_all(&text).ok());
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = end(&mut child, &line);
    let said = |stream: mpsc::Receiver<String>| {
        stream.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{line}: its output stays open"))
    };
    let (stdout, stderr) = (said(stdout), said(stderr));
    Run { line, code: status.code(), stdout, stderr, dir: dir.to_owned() }
}

fn end(child: &mut Child, line: &str) -> ExitStatus {
    wait_for(line, || child.try_wait().expect("it is our child"))
}

fn collect(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stream.map(|mut stream| stream.read_to_end(&mut bytes));
        assert!(matches!(read, Some(Ok(_))), "{read:?}");
        sender.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
    });
    receiver
}
