//! Files that users ask for: new ones only, whole or not at all.

use std::{
    fs::OpenOptions,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use gpgsmith_kernel::api::{ApiError, Code, Hint};

use crate::error::CliError;

/// Something could not be written to the file that was named.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {what} to {}", path.display())]
pub(crate) struct WriteError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl WriteError {
    /// Whether there is something of that name.
    pub(crate) fn exists(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }
}

impl From<WriteError> for CliError {
    fn from(error: WriteError) -> Self {
        let hint = match error.source.kind() {
            io::ErrorKind::AlreadyExists => Some("remove it, or name another file"),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                Some("make its directory first, or name another file")
            }
            _ => None,
        };
        let hint = hint.map(Hint::advice);
        let code = if error.exists() { Code::Exists } else { Code::Io };
        Self::Api(ApiError::chain(code, &error).with_hint(hint))
    }
}

/// What is written, and who may read it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// As it follows "cannot write".
    pub(crate) what: &'static str,
    /// Permission bits.
    pub(crate) mode: u32,
}

/// Says beforehand what [`write_new`] would say of a file that is there, or of a directory that is
/// not, where the work that comes between is not to be in vain.
pub(crate) fn must_be_new(path: &Path, kind: Kind) -> Result<(), WriteError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let source = match (path.symlink_metadata(), dir.unwrap_or(Path::new(".")).metadata()) {
        (Ok(_), _) => io::ErrorKind::AlreadyExists.into(),
        (_, Ok(dir)) if !dir.is_dir() => io::ErrorKind::NotADirectory.into(),
        (_, Err(error)) => error,
        _ => return Ok(()),
    };
    Err(WriteError { what: kind.what, path: path.to_owned(), source })
}

/// Writes a file that was not there; nothing of it stays where that fails.
pub(crate) fn write_new(path: &Path, kind: Kind, content: &[u8]) -> Result<(), WriteError> {
    let failed = |source| WriteError { what: kind.what, path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(kind.mode).open(path);
    let mut file = opened.map_err(failed)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    written.map_err(|error| {
        drop(std::fs::remove_file(path));
        failed(error)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_is_there_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.asc");
        let kind = Kind { what: "the paper", mode: 0o600 };
        write_new(&path, kind, b"one").unwrap();
        let error = write_new(&path, kind, b"two").unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let CliError::Api(error) = CliError::from(error) else { panic!("not an error of the api") };
        assert_eq!(error.code, Code::Exists);
    }
    #[test]
    fn what_cannot_be_written_is_told_beforehand() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let kind = Kind { what: "the paper", mode: 0o600 };
        let told = |name: &str| must_be_new(&path(name), kind).map_err(|error| error.source.kind());
        write_new(&path("there"), kind, b"").unwrap();
        std::os::unix::fs::symlink("nowhere", path("link")).unwrap();
        assert_eq!(told("new"), Ok(()));
        assert_eq!(
            must_be_new(Path::new("new"), kind).map_err(|error| error.source.kind()),
            Ok(())
        );
        assert_eq!(told("there"), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(told("link"), Err(io::ErrorKind::AlreadyExists));
        assert_eq!(told("no/new"), Err(io::ErrorKind::NotFound));
        assert_eq!(told("there/new"), Err(io::ErrorKind::NotADirectory));
    }
}
