use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint,
        key::{ExportKeys, ExportedKeys},
    },
    view,
};

use super::Ended;
use crate::{context::Context, error::CliError, paths};

/// Bring the public key into your own keyring, or into a file.
///
/// Without a flag, the public key is imported into the keyring in ~/.gnupg, so that gpg and other
/// programs of yours know it. Secret keys are never exported.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write it to a new file, ASCII-armored
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Write it to standard output, ASCII-armored
    #[arg(long, conflicts_with = "output")]
    stdout: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys export
  gpgsmith keys export --output ann.asc
  gpgsmith keys export --stdout";

/// The public key could not be written to the file that was named.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the public key to {}", path.display())]
struct WriteError {
    path: PathBuf,
    source: io::Error,
}

impl From<WriteError> for CliError {
    fn from(error: WriteError) -> Self {
        let exists = error.source.kind() == io::ErrorKind::AlreadyExists;
        let hint = exists.then(|| Hint::advice("remove it, or name another file"));
        let code = if exists { Code::Exists } else { Code::Io };
        Self::Api(ApiError::chain(code, &error).with_hint(hint))
    }
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let to_keyring = args.output.is_none() && !args.stdout;
    let into = if to_keyring { Some(paths::resolve(Path::new("~/.gnupg"))?) } else { None };
    let exported = cx.call(&ExportKeys { target: cx.target(), into })?;
    if let Some(path) = &args.output {
        write_new(path, exported.armored.as_bytes())?;
    }
    cx.ui.reply(&exported, |ui| {
        if args.stdout {
            return ui.print(&exported.armored);
        }
        ui.say(&where_to(&exported, args.output.as_deref()));
        Ok(())
    })
}

fn where_to(exported: &ExportedKeys, file: Option<&Path>) -> String {
    let file = file.map(|path| format!("exported {} to {}", exported.master_fp, path.display()));
    file.or_else(|| view::key::exported(exported)).unwrap_or_default()
}

/// Writes a file that was not there; nothing of it stays where that fails.
fn write_new(path: &Path, content: &[u8]) -> Result<(), WriteError> {
    let failed = |source| WriteError { path: path.to_owned(), source };
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        drop(std::fs::remove_file(path));
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.asc");
        write_new(&path, b"one").unwrap();
        let error = write_new(&path, b"two").unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        let CliError::Api(error) = CliError::from(error) else { panic!("not an error of the api") };
        assert_eq!(error.code, Code::Exists);
    }
}
