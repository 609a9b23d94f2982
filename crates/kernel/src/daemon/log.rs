//! The daemon's log: a file that only its user can read, replaced when it has grown.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Mutex,
};

use gpgsmith_vault::atomic::{At, PathError};
use tracing_subscriber::EnvFilter;

/// A log of more bytes is put aside at the daemon's start.
const LARGE: u64 = 1 << 20;

/// Sends what this process logs to `path`. Where the process has a subscriber already, that stays.
pub(super) fn to_file(path: &Path, verbose: bool) -> Result<(), PathError> {
    let file = open(path)?;
    let subscriber = tracing_subscriber::fmt()
        .with_writer(Mutex::new(file))
        .with_ansi(false)
        .with_env_filter(filter(verbose))
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("the log goes where this process sends it");
    }
    std::panic::set_hook(Box::new(|panic| {
        // The message may quote what it choked on; the place is enough.
        tracing::error!(place = panic.location().map(tracing::field::display), "a fault");
    }));
    Ok(())
}

/// Our own crates only: others might log what they carry.
fn filter(verbose: bool) -> EnvFilter {
    let level = if verbose { "debug" } else { "info" };
    EnvFilter::new(
        ["kernel", "gpg", "vault", "audit"]
            .map(|name| format!("gpgsmith_{name}={level}"))
            .join(","),
    )
}

fn open(path: &Path) -> Result<File, PathError> {
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > LARGE) {
        let old = path.with_extension("log.1");
        fs::rename(path, &old).at("put aside", path)?;
    }
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(path)
        .at("open", path)
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_large_log_is_put_aside_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daemon.log");
        for round in 0..3 {
            let mut log = open(&path).unwrap();
            log.write_all(format!("round {round}\n").as_bytes()).unwrap();
            log.set_len(LARGE + 1).unwrap();
        }
        let names: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "the log and the one before");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::read(&path).unwrap().starts_with(b"round 2"));
        assert!(fs::read(dir.path().join("daemon.log.1")).unwrap().starts_with(b"round 1"));
    }
}
