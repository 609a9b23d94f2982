use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint,
        key::{SshLine, SshPublicKey},
    },
    view,
};
use serde::Serialize;

use super::Ended;
use crate::{
    context::Context,
    error::CliError,
    files::{self, Kind},
    paths,
};

/// Write the public key for ssh to a file in ~/.ssh.
///
/// Takes the newest live key that may authenticate, writes it to ~/.ssh/gpgsmith-KEYID.pub, and
/// prints that path. A file that holds another key is not overwritten.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Take this key, by key ID or fingerprint
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Write the line to standard output, and no file
    #[arg(long)]
    stdout: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys ssh-pubkey
  gpgsmith keys ssh-pubkey --key 5104605F3DEFDA24
  gpgsmith keys ssh-pubkey --stdout >>authorized_keys";

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    key: SshLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let key = cx.call(&SshPublicKey { target: cx.target(), key: args.key.clone() })?;
    if args.key.is_none() {
        cx.ui.say_all(view::key::other_ssh_keys(&key).as_slice());
    }
    let path = if args.stdout { None } else { Some(write(&key)?) };
    let shown = match &path {
        Some(path) => path.display().to_string(),
        None => key.line.clone(),
    };
    cx.ui.reply(&Report { key, path }, |ui| ui.lines(&[shown]))
}

const KIND: Kind = Kind { what: "the public key", mode: 0o644 };

/// The file, which is left as it is where it holds this key already.
fn write(key: &SshLine) -> Result<PathBuf, CliError> {
    let dir = paths::resolve(Path::new("~/.ssh"))?;
    if !dir.is_dir() {
        DirBuilder::new().mode(0o700).create(&dir).map_err(|source| no_dir(&dir, source))?;
    }
    let path = dir.join(format!("gpgsmith-{}.pub", key.key_id));
    let content = format!("{}\n", key.line);
    match files::write_new(&path, KIND, content.as_bytes()) {
        Err(error) if error.exists() && holds(&path, &content) => Ok(path),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(path),
    }
}

fn holds(path: &Path, content: &str) -> bool {
    let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
    is_file && fs::read_to_string(path).is_ok_and(|found| found == content)
}

/// The directory for ssh is not there and cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the directory {}", dir.display())]
struct NoDir {
    dir: PathBuf,
    source: io::Error,
}

fn no_dir(dir: &Path, source: io::Error) -> CliError {
    let hint = Hint::run("Or take the line itself.", "keys ssh-pubkey", &["--stdout"]);
    ApiError::chain(Code::Io, &NoDir { dir: dir.to_owned(), source }).with_hint(hint).into()
}
