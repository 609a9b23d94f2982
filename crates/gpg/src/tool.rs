//! Runs one program: arguments as data, secrets over a pipe, an end that always comes.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

use crate::child::{OUTPUT_LIMIT, Running};
use crate::confine::Wall;
use crate::dialogue::{Dialogue, Script};
use crate::error::{Argv, ToolError};
use crate::id::Fingerprint;
use crate::status::Status;

/// One run of a program, ready to start.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) argv: Argv,
    /// `HOME` of the child.
    pub(crate) home: PathBuf,
    pub(crate) stdin: &'a [u8],
    /// Give it a `--status-fd`, and a `--command-fd` where the dialogue has answers.
    pub(crate) gnupg: bool,
    pub(crate) wall: Option<Arc<Wall>>,
    pub(crate) timeout: Duration,
}

impl Call<'_> {
    pub(crate) fn new(program: &Path, home: &Path, timeout: Duration) -> Self {
        let argv = Argv::new(program);
        Self { argv, home: home.to_owned(), stdin: &[], gnupg: false, wall: None, timeout }
    }

    pub(crate) fn fixed(mut self, options: &[&str]) -> Self {
        self.argv.fixed.extend(options.iter().map(OsString::from));
        self
    }

    pub(crate) fn homedir(mut self, home: &Path) -> Self {
        self.argv.fixed.extend([OsStr::new("--homedir"), home.as_os_str()].map(OsStr::to_owned));
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.argv.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub(crate) fn stdin(self, bytes: &[u8]) -> Call<'_> {
        let Self { argv, home, gnupg, wall, timeout, .. } = self;
        Call { argv, home, stdin: bytes, gnupg, wall, timeout }
    }

    pub(crate) fn gnupg(mut self, wall: Option<Arc<Wall>>) -> Self {
        self.gnupg = true;
        self.wall = wall;
        self
    }

    /// Runs it without a word: any prompt ends it.
    pub(crate) async fn run(self) -> Result<Output, ToolError> {
        self.converse(&mut Script::silent()).await
    }

    /// Runs it, answering its prompts. When the future is dropped, the child is killed and reaped.
    pub(crate) async fn converse(self, dialogue: &mut dyn Dialogue) -> Result<Output, ToolError> {
        tracing::debug!(argv = %self.argv, "run");
        let running = Running::start(&self, dialogue.has_answers())?;
        match tokio::time::timeout(self.timeout, running.finish(&self, dialogue)).await {
            Ok(finished) => finished?.check(self.argv),
            Err(_) => Err(ToolError::TimedOut { argv: self.argv, after: self.timeout }),
        }
    }
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: Vec<u8>,
    pub(crate) status: Vec<Status>,
    pub(crate) stderr: String,
    pub(crate) exit: ExitStatus,
}

impl Output {
    fn check(self, argv: Argv) -> Result<Self, ToolError> {
        if self.exit.success() {
            return Ok(self);
        }
        let code = self.status.iter().rev().find_map(|status| match status {
            Status::Failure { code } => Some(*code),
            _ => None,
        });
        Err(ToolError::Failed { argv, exit: self.exit, code, stderr: self.stderr })
    }

    /// The key that gpg says it made.
    pub(crate) fn key_created(&self) -> Option<Fingerprint> {
        self.status.iter().find_map(|status| match status {
            Status::KeyCreated { fingerprint } => Some(*fingerprint),
            _ => None,
        })
    }
}

/// Where a child runs, and what it sees of the environment.
pub(crate) fn set_environment(command: &mut Command, home: &Path) {
    command.current_dir(home).env_clear().env("HOME", home).env("LC_ALL", "C").env("TZ", "UTC");
    command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()));
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that runs programs")]
pub(crate) fn command(program: &OsStr) -> Command {
    Command::new(program)
}

pub(crate) fn not_started(program: &Path, source: io::Error) -> ToolError {
    let program = program.to_owned();
    // The directory that it was to run in may be what is missing.
    let missing = source.kind() == io::ErrorKind::NotFound && !program.exists();
    if missing { ToolError::NotFound { program } } else { ToolError::Start { program, source } }
}

/// The status machine: each prompt is answered by its keyword, or ends the call.
pub(crate) async fn talk(
    status: Option<pipe::Receiver>,
    mut commands: Option<pipe::Sender>,
    call: &Call<'_>,
    dialogue: &mut dyn Dialogue,
) -> Result<Vec<Status>, ToolError> {
    let broken = |source| ToolError::Pipe { argv: call.argv.clone(), source };
    let (mut seen, mut prompts) = (Vec::new(), 0);
    let Some(status) = status else { return Ok(seen) };
    let mut lines = BufReader::new(status.take(OUTPUT_LIMIT as u64)).split(b'\n');
    while let Some(line) = lines.next_segment().await.map_err(broken)? {
        let Some(status) = Status::parse(&String::from_utf8_lossy(&line)) else { continue };
        if let Status::Prompt { keyword } = &status {
            prompts += 1;
            let limit = dialogue.limit();
            if prompts > limit {
                return Err(ToolError::TooManyPrompts { argv: call.argv.clone(), limit });
            }
            let (Some(answer), Some(pipe)) = (dialogue.answer(keyword), commands.as_mut()) else {
                let keyword = keyword.clone();
                return Err(ToolError::UnexpectedPrompt { argv: call.argv.clone(), keyword });
            };
            write_line(pipe, answer.as_bytes()).await.map_err(broken)?;
        }
        seen.push(status);
    }
    Ok(seen)
}

/// A gpg that has ended instead of waiting for its answer says why at its end.
async fn write_line(pipe: &mut pipe::Sender, line: &[u8]) -> io::Result<()> {
    let mut written = pipe.write_all(line).await;
    if written.is_ok() {
        written = pipe.write_all(b"\n").await;
    }
    written.or_else(
        |error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::Answer;

    /// Answers everything with a text that gpg won't take.
    struct Stubborn;

    impl Dialogue for Stubborn {
        fn has_answers(&self) -> bool {
            true
        }

        fn limit(&self) -> usize {
            12
        }

        fn answer(&mut self, _keyword: &str) -> Option<Answer> {
            Some(Answer::new("no such thing".to_owned()))
        }
    }

    fn gpg(home: &Path) -> Call<'static> {
        let call = Call::new(Path::new("gpg"), home, Duration::from_secs(30));
        call.homedir(home).fixed(&["--no-options", "--no-autostart", "--no-tty"]).gnupg(None)
    }

    /// A home for gpgs that are run by hand; they leave a directory below `/run/user`.
    struct Home(tempfile::TempDir);

    impl Home {
        fn path(&self) -> &Path {
            self.0.path()
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            let mut gpgconf = command(OsStr::new("gpgconf"));
            gpgconf.arg("--homedir").arg(self.path()).arg("--remove-socketdir").output().unwrap();
        }
    }

    fn home() -> Home {
        Home(tempfile::Builder::new().prefix("tool-").tempdir().unwrap())
    }

    /// Processes that have `marker` on their command line.
    fn running(marker: &Path) -> usize {
        let cmdlines = std::fs::read_dir("/proc").unwrap().flatten();
        let texts = cmdlines.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        texts
            .filter(|text| String::from_utf8_lossy(text).contains(marker.to_str().unwrap()))
            .count()
    }

    #[tokio::test]
    async fn a_prompt_that_nobody_foresaw_ends_the_call() {
        let home = home();
        let mut script = Script::silent().then("keygen.name", "Alice Example");
        let error = gpg(home.path()).args(["--gen-key"]).converse(&mut script).await.unwrap_err();
        insta::assert_snapshot!(error, @"gpg --gen-key asked for keygen.email, which has no answer here");
        assert_eq!(running(home.path()), 0);
    }

    #[tokio::test]
    async fn a_call_without_answers_ends_at_its_first_prompt() {
        let home = home();
        let error = gpg(home.path()).args(["--gen-key"]).run().await.unwrap_err();
        assert!(
            matches!(error, ToolError::Failed { .. } | ToolError::UnexpectedPrompt { .. }),
            "{error}"
        );
        assert_eq!(running(home.path()), 0);
    }

    #[tokio::test]
    async fn a_gpg_that_goes_on_asking_is_stopped() {
        let home = home();
        let error = gpg(home.path())
            .args(["--full-generate-key"])
            .converse(&mut Stubborn)
            .await
            .unwrap_err();
        insta::assert_snapshot!(error, @"gpg --full-generate-key asked more than 12 times");
        assert_eq!(running(home.path()), 0);
    }

    #[tokio::test]
    async fn a_gpg_that_does_not_end_is_killed_in_time() {
        let home = home();
        let fifo = home.path().join("never");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut call = gpg(home.path()).args([OsStr::new("--decrypt"), fifo.as_os_str()]);
        call.timeout = Duration::from_millis(300);
        let error = call.run().await.unwrap_err();
        assert!(matches!(error, ToolError::TimedOut { .. }), "{error}");
        assert_eq!(running(home.path()), 0);
    }

    #[tokio::test]
    async fn w52_a_dropped_call_kills_and_reaps_its_gpg() {
        let home = home();
        let fifo = home.path().join("never");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let call = gpg(home.path()).args([OsStr::new("--decrypt"), fifo.as_os_str()]).run();
        let gave_up = tokio::time::timeout(Duration::from_millis(300), async {
            let watch = async {
                while running(&fifo) == 0 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! { output = call => drop(output), () = watch => {} }
        });
        assert!(gave_up.await.is_err(), "it was waiting");
        assert_eq!(running(home.path()), 0, "neither running nor a zombie with that command line");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let call = Call::new(Path::new("/nonexistent/gpg"), Path::new("/"), Duration::from_secs(5));
        insta::assert_snapshot!(call.run().await.unwrap_err(), @"cannot find the program /nonexistent/gpg");
    }

    #[tokio::test]
    async fn a_failure_has_the_command_the_exit_and_the_last_words() {
        let home = home();
        let call = gpg(home.path()).fixed(&["--batch"]).args(["--export-ssh-key", "nobody here"]);
        let error = call.run().await.unwrap_err();
        insta::assert_snapshot!(error, @"gpg --export-ssh-key 'nobody here' ended with exit status: 2: gpg: export as ssh key failed: No public key");
    }

    #[tokio::test]
    async fn endless_output_is_cut_off() {
        let call = Call::new(Path::new("cat"), Path::new("/"), Duration::from_mins(1));
        let error = call.args(["/dev/zero"]).run().await.unwrap_err();
        insta::assert_snapshot!(error, @"cat /dev/zero wrote more than 67108864 bytes");
    }

    #[tokio::test]
    async fn a_child_sees_a_clean_environment_and_no_stray_descriptors() {
        let home = home();
        let script = "env | cut -d= -f1 | sort | tr '\\n' ' '; ls /proc/self/fd | tr '\\n' ' '";
        let call =
            Call::new(Path::new("sh"), home.path(), Duration::from_secs(5)).args(["-c", script]);
        let text = String::from_utf8(call.run().await.unwrap().stdout).unwrap();
        // PWD is the shell's own, and 3 is the directory that ls reads.
        insta::assert_snapshot!(text, @"HOME LC_ALL PATH PWD TZ 0 1 2 3");
    }
}
