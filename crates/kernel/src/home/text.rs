//! Texts that strangers may have written.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// No file of ours is larger; a lineage with 256 ancestors has some 50 KiB.
pub(crate) const LARGEST: u64 = 1 << 20;

/// The text of the regular file at `path`, which came with a snapshot or lies where anybody may
/// write: no link is followed, no FIFO waited for, and no more than `largest` bytes are read.
pub(crate) fn read(path: &Path, largest: u64) -> io::Result<String> {
    text(&open(path, libc::O_NOFOLLOW)?, largest)
}

/// The same for a file of the user's own, which may be a link into a directory of theirs.
pub(crate) fn read_own(path: &Path) -> io::Result<String> {
    text(&open(path, 0)?, LARGEST)
}

fn open(path: &Path, flags: i32) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags | libc::O_NONBLOCK).open(path)
}

fn text(file: &File, largest: u64) -> io::Result<String> {
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut text = String::new();
    file.take(largest + 1).read_to_string(&mut text)?;
    if text.len() as u64 > largest {
        let found = format!("more than {largest} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, found));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_pipes_and_what_is_too_large_are_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, pipe) =
            (dir.path().join("file"), dir.path().join("link"), dir.path().join("pipe"));
        gpgsmith_vault::atomic::replace(&file, b"four", 0o600).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&file, 4).unwrap(), "four");
        assert_eq!(read(&file, 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(read(&link, 4).is_err());
        assert_eq!(read_own(&link).unwrap(), "four");
        for path in [&pipe, &dir.path().to_owned()] {
            let error = read_own(path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        }
    }
}
