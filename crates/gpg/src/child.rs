//! A started program: its pipes are read and written side by side, and it is never left behind.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin};

use crate::dialogue::Dialogue;
use crate::error::{ToolError, printable};
use crate::spawn::{self, Luggage};
use crate::tool::{Call, Output, command, not_started, set_environment, talk};

/// Standard output of an honest call stays far below: the largest is an export or a listing.
pub(crate) const OUTPUT_LIMIT: usize = 64 << 20;
/// So much of the end of standard error is kept.
const STDERR_KEPT: usize = 4 << 10;

/// A child that is gone when this is.
#[derive(Debug)]
struct Mortal(Child);

impl Drop for Mortal {
    fn drop(&mut self) {
        if self.0.id().is_none() {
            return; // was waited for
        }
        drop(self.0.start_kill()); // fails when it has just ended
        for _ in 0..2000 {
            match self.0.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        tracing::error!(pid = self.0.id(), "a killed program does not end");
    }
}

/// A started program with our ends of its pipes.
#[derive(Debug)]
pub(crate) struct Running {
    child: Mortal,
    status: Option<pipe::Receiver>,
    commands: Option<pipe::Sender>,
}

impl Running {
    pub(crate) fn start(call: &Call<'_>, answers: bool) -> Result<Self, ToolError> {
        let broken = |source| ToolError::Pipe { argv: call.argv.clone(), source };
        let mut command = command(call.argv.program.as_os_str());
        set_environment(&mut command, &call.home);
        command.args(&call.argv.fixed);
        let mut luggage = Luggage { wall: call.wall.clone(), ..Luggage::default() };
        let mut running = (None, None);
        if call.gnupg {
            let (ours, theirs) = pipe_from_child().map_err(broken)?;
            command.arg("--status-fd").arg(theirs.as_raw_fd().to_string());
            luggage.descriptors.push(theirs);
            running.0 = Some(ours);
        }
        if call.gnupg && answers {
            let (ours, theirs) = pipe_to_child().map_err(broken)?;
            command.arg("--command-fd").arg(theirs.as_raw_fd().to_string());
            luggage.descriptors.push(theirs);
            running.1 = Some(ours);
        }
        command.args(&call.argv.args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if call.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        let child =
            launch(command, luggage).map_err(|source| not_started(&call.argv.program, source))?;
        Ok(Self { child: Mortal(child), status: running.0, commands: running.1 })
    }

    pub(crate) async fn finish(
        mut self,
        call: &Call<'_>,
        dialogue: &mut dyn Dialogue,
    ) -> Result<Output, ToolError> {
        let broken = |source| ToolError::Pipe { argv: call.argv.clone(), source };
        let child = &mut self.child.0;
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (status, commands) = (self.status.take(), self.commands.take());
        let ((), stdout, stderr, status) = tokio::try_join!(
            async { feed(input, call.stdin).await.map_err(broken) },
            read_all(output, call),
            async { read_tail(errors).await.map_err(broken) },
            talk(status, commands, call, dialogue),
        )?;
        let exit = child.wait().await.map_err(broken)?;
        Ok(Output { stdout, status, stderr, exit })
    }
}

fn launch(command: Command, luggage: Luggage) -> io::Result<Child> {
    let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
    spawn::spawn(command, luggage, move |command| {
        let _runtime = runtime.enter(); // the child is watched by the caller's runtime
        tokio::process::Command::from(command).kill_on_drop(true).spawn()
    })
}

fn pipe_from_child() -> io::Result<(pipe::Receiver, OwnedFd)> {
    let (ours, theirs) = std::io::pipe()?;
    Ok((pipe::Receiver::from_owned_fd(ours.into())?, theirs.into()))
}

fn pipe_to_child() -> io::Result<(pipe::Sender, OwnedFd)> {
    let (theirs, ours) = std::io::pipe()?;
    Ok((pipe::Sender::from_owned_fd(ours.into())?, theirs.into()))
}

/// A program that does not read all of its input says why at its end.
async fn feed(input: Option<ChildStdin>, bytes: &[u8]) -> io::Result<()> {
    let Some(mut input) = input else { return Ok(()) };
    match input.write_all(bytes).await {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

async fn read_all(
    output: Option<impl AsyncRead + Unpin>,
    call: &Call<'_>,
) -> Result<Vec<u8>, ToolError> {
    let mut bytes = Vec::new();
    let Some(output) = output else { return Ok(bytes) };
    let read = output.take(OUTPUT_LIMIT as u64 + 1).read_to_end(&mut bytes).await;
    match read {
        Ok(count) if count <= OUTPUT_LIMIT => Ok(bytes),
        Ok(_) => Err(ToolError::TooMuchOutput { argv: call.argv.clone(), limit: OUTPUT_LIMIT }),
        Err(source) => Err(ToolError::Pipe { argv: call.argv.clone(), source }),
    }
}

async fn read_tail(errors: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let Some(mut errors) = errors else { return Ok(String::new()) };
    let (mut kept, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = errors.read(&mut chunk).await?;
        kept.extend_from_slice(chunk.get(..count).unwrap_or_default());
        if count == 0 {
            return Ok(lines_of(&kept));
        }
        let surplus = kept.len().saturating_sub(STDERR_KEPT);
        kept.drain(..surplus);
    }
}

fn lines_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .map(printable)
        .filter(|line| !line.trim().is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}
