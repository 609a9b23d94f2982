//! Where the daemon's socket is, and whom both sides trust on it.
//!
//! Passphrases travel over this socket, so neither side takes its place for granted: the directory
//! must be ours and closed to others, and the process at the other end must run under our uid.

use std::{
    fs, io,
    os::{
        fd::AsFd,
        unix::fs::{DirBuilderExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use gpgsmith_vault::atomic::{At, PathError};

/// The longest path that fits a socket address everywhere (macOS has 104 bytes, with the NUL).
const LONGEST: usize = 100;

/// Why the place of the socket cannot be trusted or used.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The path does not fit a socket address.
    #[error("the socket path {path} is {length} bytes long, and a socket has room for {LONGEST}")]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// Something else than a directory is in its place: a file, or a symbolic link.
    #[error("{path} is not a directory")]
    NotADirectory {
        /// What is in the way.
        path: PathBuf,
    },
    /// Somebody else made the directory.
    #[error("{path} belongs to uid {owner}, not to uid {ours}")]
    ForeignDirectory {
        /// The directory.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        ours: u32,
    },
    /// Others may enter the directory.
    #[error("{path} has mode {mode:03o}, which lets others in")]
    OpenDirectory {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A process of another user is at the other end.
    #[error("the process at {path} runs under uid {owner}, not under uid {ours}")]
    ForeignPeer {
        /// The socket.
        path: PathBuf,
        /// Its uid.
        owner: u32,
        /// Our uid.
        ours: u32,
    },
    /// The directory cannot be made or looked at.
    #[error(transparent)]
    Path(#[from] PathError),
}

/// The socket of this user's daemon: `gpgsmith-kernel/daemon.sock` in `$XDG_RUNTIME_DIR`, else in
/// `/run/user/<uid>`, whichever is first a directory of ours; else `run/daemon.sock` in the state
/// directory `state`.
pub fn socket_path(state: &Path) -> PathBuf {
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let system = PathBuf::from(format!("/run/user/{}", uid()));
    let runtime = session.filter(|dir| dir.is_absolute()).into_iter().chain([system]).find(is_ours);
    runtime.map_or_else(
        || state.join("run/daemon.sock"),
        |dir| dir.join("gpgsmith-kernel/daemon.sock"),
    )
}

/// The state directory: `$XDG_STATE_HOME/gpgsmith`, else `~/.local/state/gpgsmith`; on macOS
/// `~/Library/Application Support/gpgsmith`. `None`: the environment does not say.
pub fn state_path() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let below = if cfg!(target_os = "macos") {
        "Library/Application Support/gpgsmith"
    } else {
        ".local/state/gpgsmith"
    };
    let state = absolute("XDG_STATE_HOME").map(|state| state.join("gpgsmith"));
    state.or_else(|| absolute("HOME").map(|home| home.join(below)))
}

fn is_ours(dir: &PathBuf) -> bool {
    fs::metadata(dir).is_ok_and(|meta| meta.is_dir() && meta.uid() == uid())
}

fn uid() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// Makes the socket's directory (0700) where it is missing, and checks it.
pub(crate) fn prepare_directory(socket: &Path) -> Result<(), EndpointError> {
    if let Some(dir) = socket.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).or_else(|error| {
            // What is in the way is for the check to name.
            if error.kind() == io::ErrorKind::AlreadyExists {
                Ok(())
            } else {
                Err(error).at("create", dir)
            }
        })?;
    }
    check_directory(socket)
}

/// Whether the socket's directory is ours and nobody else's; a missing one is an error of the
/// kind `NotFound`.
pub(crate) fn check_directory(socket: &Path) -> Result<(), EndpointError> {
    let length = socket.as_os_str().len();
    if length > LONGEST {
        return Err(EndpointError::TooLong { path: socket.to_owned(), length });
    }
    let path = socket.parent().unwrap_or(Path::new("/")).to_owned();
    let meta = fs::symlink_metadata(&path).at("look at", &path)?;
    let (owner, mode, ours) = (meta.uid(), meta.mode() & 0o7777, uid());
    if !meta.is_dir() {
        Err(EndpointError::NotADirectory { path })
    } else if owner != ours {
        Err(EndpointError::ForeignDirectory { path, owner, ours })
    } else if mode & 0o077 != 0 {
        Err(EndpointError::OpenDirectory { path, mode })
    } else {
        Ok(())
    }
}

/// Whether the process at the other end of `stream` is ours.
pub(crate) fn check_peer(stream: impl AsFd, socket: &Path) -> Result<(), EndpointError> {
    let owner = peer_uid(&stream).at("learn who is at", socket)?;
    let ours = uid();
    let path = || socket.to_owned();
    if owner == ours {
        Ok(())
    } else {
        Err(EndpointError::ForeignPeer { path: path(), owner, ours })
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn peer_uid(stream: &impl AsFd) -> io::Result<u32> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
    Ok(getsockopt(stream, PeerCredentials)?.uid())
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn peer_uid(stream: &impl AsFd) -> io::Result<u32> {
    let (uid, _) = nix::unistd::getpeereid(stream)?;
    Ok(uid.as_raw())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn directory_with_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("run");
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        (dir, place.join("daemon.sock"))
    }

    #[test]
    fn a_directory_of_ours_is_made_private() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("a/run/daemon.sock");
        prepare_directory(&socket).unwrap();
        assert_eq!(fs::metadata(socket.parent().unwrap()).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn w16_a_directory_that_others_may_enter_is_refused() {
        for mode in [0o755, 0o770, 0o701, 0o1777] {
            let (_dir, socket) = directory_with_mode(mode);
            let error = prepare_directory(&socket).unwrap_err();
            assert!(matches!(error, EndpointError::OpenDirectory { .. }), "{mode:o}: {error}");
        }
    }

    #[test]
    fn w16_a_link_or_a_file_in_its_place_is_refused() {
        let (dir, socket) = directory_with_mode(0o700);
        let link = dir.path().join("link");
        symlink(socket.parent().unwrap(), &link).unwrap();
        let file = dir.path().join("file");
        fs::File::create(&file).unwrap();
        for place in [link, file] {
            let error = prepare_directory(&place.join("daemon.sock")).unwrap_err();
            assert!(matches!(error, EndpointError::NotADirectory { .. }), "{error}");
        }
    }

    #[test]
    fn w16_a_directory_of_another_user_is_refused() {
        let (_dir, mut socket) = directory_with_mode(0o700);
        if uid() == 0 {
            std::os::unix::fs::chown(socket.parent().unwrap(), Some(65_534), None).unwrap();
        } else {
            socket = PathBuf::from("/daemon.sock");
        }
        let error = check_directory(&socket).unwrap_err();
        assert!(matches!(error, EndpointError::ForeignDirectory { .. }), "{error}");
    }

    #[test]
    fn a_long_path_is_named_before_the_system_cuts_it() {
        let socket = PathBuf::from(format!("/{}/daemon.sock", "d".repeat(100)));
        let error = check_directory(&socket).unwrap_err();
        assert!(matches!(error, EndpointError::TooLong { length: 113, .. }), "{error}");
    }
}
