//! Passphrases from files and descriptors, and what can be one.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use gpgsmith_kernel::{
    api::{ApiError, Code},
    secret::{Line, Passphrase},
};
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use crate::{args::SecretFiles, input::InputError};

/// The longest passphrase in bytes: gpg's agent takes no longer one.
const LONGEST: usize = 255;

/// Why a text cannot be a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadPassphrase {
    /// It is empty.
    #[error("passphrase cannot be empty")]
    Empty,
    /// It is longer than gpg takes.
    #[error("the passphrase has {0} bytes, more than {LONGEST}")]
    TooLong(usize),
    /// It holds NUL, or an end of line in its middle.
    #[error("the passphrase holds a control character that no terminal can type again")]
    Control,
}

/// Whether every part of the chain (age, gpg's agent, terminals) can take it.
pub(crate) fn check(passphrase: &Passphrase) -> Result<(), BadPassphrase> {
    let text = passphrase.secret().expose_secret();
    match text.len() {
        0 => Err(BadPassphrase::Empty),
        length if length > LONGEST => Err(BadPassphrase::TooLong(length)),
        _ if text.contains(['\0', '\r', '\n']) => Err(BadPassphrase::Control),
        _ => Ok(()),
    }
}

/// Whether the same passphrase was typed twice.
pub(crate) fn same(first: &Passphrase, second: &Passphrase) -> Result<(), InputError> {
    let equal = first.secret().expose_secret() == second.secret().expose_secret();
    if equal { Ok(()) } else { Err(InputError::Mismatch) }
}

/// Why a passphrase cannot be read from where a flag says.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFileError {
    /// The file or descriptor cannot be read.
    #[error("cannot read a passphrase from {}", path.display())]
    Unreadable {
        /// The file, or `/dev/fd/<n>`.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its first line is no passphrase.
    #[error("the first line of {} is no passphrase", path.display())]
    Unusable {
        /// The file, or `/dev/fd/<n>`.
        path: PathBuf,
        /// Why.
        source: BadPassphrase,
    },
}

impl From<SecretFileError> for ApiError {
    fn from(error: SecretFileError) -> Self {
        let code = match error {
            SecretFileError::Unreadable { .. } => Code::Io,
            SecretFileError::Unusable { .. } => Code::BadRequest,
        };
        Self::chain(code, &error)
    }
}

/// Where a flag says that a passphrase is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The next line of standard input.
    Stdin,
    /// The first line of this file.
    File(PathBuf),
}

impl SecretFiles {
    /// Where the vault's passphrase (or that of its identity file) is.
    pub(crate) fn vault(&self) -> Option<Origin> {
        let descriptor = self.passphrase_fd.map(|number| format!("/dev/fd/{number}"));
        descriptor.map(|path| Origin::File(path.into())).or(origin(self.passphrase_file.as_deref()))
    }

    /// Where the passphrase of keys with one of their own is.
    pub(crate) fn keys(&self) -> Option<Origin> {
        origin(self.key_passphrase_file.as_deref())
    }
}

fn origin(path: Option<&Path>) -> Option<Origin> {
    path.map(|path| match path.as_os_str().as_encoded_bytes() {
        b"-" => Origin::Stdin,
        _ => Origin::File(path.to_owned()),
    })
}

/// The first line of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Passphrase, SecretFileError> {
    let line = first_line(path)
        .map_err(|source| SecretFileError::Unreadable { path: path.to_owned(), source })?;
    let passphrase = line.into_passphrase();
    match check(&passphrase) {
        Ok(()) => Ok(passphrase),
        Err(source) => Err(SecretFileError::Unusable { path: path.to_owned(), source }),
    }
}

/// Reads no further than needed: what follows in a pipe may be another program's.
fn first_line(path: &Path) -> io::Result<Line> {
    let mut file = File::open(path)?;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 3));
    let mut byte = Zeroizing::new([0]);
    while line.len() < LONGEST + 2 && line.last() != Some(&b'\n') && file.read(&mut *byte)? > 0 {
        line.extend_from_slice(&*byte);
    }
    let text = str::from_utf8(&line).map_err(io::Error::other)?;
    Ok(Line::new(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned())
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        file
    }

    #[test]
    fn a_passphrase_has_between_1_and_255_bytes_and_no_line_ends() {
        assert_eq!(check(&passphrase("p")), Ok(()));
        assert_eq!(check(&passphrase(&"é".repeat(127))), Ok(()));
        assert_eq!(check(&passphrase("")), Err(BadPassphrase::Empty));
        assert_eq!(check(&passphrase(&"é".repeat(128))), Err(BadPassphrase::TooLong(256)));
        for text in ["a\0b", "a\rb", "a\nb"] {
            assert_eq!(check(&passphrase(text)), Err(BadPassphrase::Control), "{text:?}");
        }
    }

    #[test]
    fn w31_the_first_line_of_a_file_is_the_passphrase() {
        for content in [&b"correct horse"[..], b"correct horse\n", b"correct horse\r\nmore\n"] {
            assert_eq!(
                read(file(content).path()).unwrap().secret().expose_secret(),
                "correct horse"
            );
        }
    }

    #[test]
    fn files_that_hold_none_are_named() {
        let empty = file(b"\nsecond\n");
        let error = read(empty.path()).unwrap_err();
        assert!(matches!(error, SecretFileError::Unusable { source: BadPassphrase::Empty, .. }));
        assert!(read(file(&[b'x'; 300]).path()).is_err());
        assert!(read(file(b"\xff\xfe\n").path()).is_err());
        let gone = read(Path::new("/nonexistent/p")).unwrap_err();
        assert_eq!(gone.to_string(), "cannot read a passphrase from /nonexistent/p");
    }

    #[test]
    fn a_descriptor_is_a_file_and_a_dash_is_standard_input() {
        let files = |file: Option<&str>, fd| SecretFiles {
            passphrase_file: file.map(PathBuf::from),
            passphrase_fd: fd,
            key_passphrase_file: None,
        };
        assert_eq!(files(None, Some(3)).vault(), Some(Origin::File("/dev/fd/3".into())));
        assert_eq!(files(Some("-"), None).vault(), Some(Origin::Stdin));
        assert_eq!(files(Some("p"), None).vault(), Some(Origin::File("p".into())));
        assert_eq!(files(None, None).vault(), None);
    }
}
