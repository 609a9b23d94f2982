//! Starts the daemon: this very program, run again with a hidden argument.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Options, connect};
use crate::{
    api::{ApiError, Code, Hint},
    wire,
};

/// How long a daemon may take to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts a daemon and waits until one listens, be it that one or another that was faster.
pub(super) fn start(options: &Options) -> Result<(), ApiError> {
    let begun = Instant::now();
    let mut child = launch(options).map_err(|error| cannot_start(options, error.to_string()))?;
    loop {
        if connect::connect(&options.socket)?.is_some() {
            // Reaped when it ends, so that it is no zombie of a face that lives longer.
            thread::spawn(move || child.wait());
            return Ok(());
        }
        let ended = child.try_wait().ok().flatten();
        if ended.is_some_and(|status| !status.success()) {
            return Err(cannot_start(options, complaint(&mut child)));
        }
        if begun.elapsed() > PATIENCE {
            thread::spawn(move || child.wait());
            return Err(cannot_start(options, format!("it does not listen after {PATIENCE:?}")));
        }
        thread::sleep(Duration::from_millis(10));
        if ended.is_some() {
            // It gave way to another one: that listens soon, or was just about to end.
            thread::sleep(Duration::from_millis(200));
            child = launch(options).map_err(|error| cannot_start(options, error.to_string()))?;
        }
    }
}

/// Nothing of this process goes along but what says where things are (W-43): no terminal, no
/// directory, no agent's socket.
fn launch(options: &Options) -> io::Result<Child> {
    #[expect(clippy::disallowed_methods, reason = "the program that is run is this one")]
    let mut command = Command::new(&options.program);
    command.arg0("gpgsmith-daemon").arg(wire::DAEMON_ARGUMENT);
    command.args([&options.socket, &options.state, &options.program]);
    command.args(options.verbose.then_some(wire::VERBOSE_ARGUMENT));
    command.env_clear().envs(environment(env::vars_os())).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn()
}

/// What a daemon needs to know of its surroundings.
fn environment(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    const KEPT: [&str; 9] = [
        "HOME",
        "LANG",
        "LOGNAME",
        "PATH",
        "TZ",
        "USER",
        "XDG_CONFIG_HOME",
        "XDG_RUNTIME_DIR",
        "XDG_STATE_HOME",
    ];
    all.filter(|(name, _)| {
        KEPT.iter().any(|kept| name == kept) || name.as_encoded_bytes().starts_with(b"LC_")
    })
}

/// The last thing that a daemon said before it ended.
fn complaint(child: &mut Child) -> String {
    let mut text = String::new();
    let read = child.stderr.take().map(|stderr| stderr.take(4096).read_to_string(&mut text));
    match (read, text.trim()) {
        (Some(Ok(_)), said) if !said.is_empty() => said.to_owned(),
        _ => "it ended without a word".to_owned(),
    }
}

fn cannot_start(options: &Options, why: String) -> ApiError {
    let log = options.state.join("logs/daemon.log");
    let mut error = ApiError::new(Code::NotRunning, "cannot start the daemon");
    error.causes.push(why);
    if let Some(line) = last_line(&fs::read(&log).unwrap_or_default()) {
        error.causes.push(format!("its log ends with: {line}"));
    }
    error.with_hint(Hint::advice(if log.exists() {
        format!("its log is {}", log.display())
    } else {
        "mend that, then try again".to_owned()
    }))
}

fn last_line(log: &[u8]) -> Option<String> {
    let line = log.trim_ascii_end().rsplit(|&byte| byte == b'\n').next()?;
    let text: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
    (!text.is_empty()).then_some(text)
}
