//! What client and daemon must spell alike: paths and headers.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::api::{ApiError, Code, Hint, PROTOCOL};

/// The protocol's version, in requests and responses.
pub(crate) const PROTOCOL_HEADER: &str = "gpgsmith-protocol";

/// The kind of face that calls: `cli`, `ui`, `tui`.
pub(crate) const FACE_HEADER: &str = "gpgsmith-face";

/// Whether the face can put questions to a user: `yes`, `no`.
pub(crate) const CAN_ASK_HEADER: &str = "gpgsmith-can-ask";

/// The path of a call: `keys identity add` is at `/v1/keys/identity/add`.
pub(crate) fn path(verb: &str) -> String {
    format!("/v1/{}", verb.replace(' ', "/"))
}

/// Calls of one shape in every version of the protocol, so that a daemon of another version can be
/// asked what it is and be told to go.
pub(crate) fn is_timeless(verb: &str) -> bool {
    ["daemon status", "daemon stop"].contains(&verb)
}

/// Client and daemon come from different versions of the program.
pub(crate) fn other_protocol(client: &str, daemon: &str) -> ApiError {
    let text = format!("the client speaks version {client} of the protocol, the daemon {daemon}");
    let hint = Hint::run("restart the daemon; no work is lost", "daemon restart", &[]);
    ApiError::new(Code::Protocol, text).with_hint(hint)
}

/// [`PROTOCOL`] as a header says it.
pub(crate) fn protocol() -> String {
    PROTOCOL.to_string()
}

/// The hidden argument that makes a program of ours the daemon; then come its socket, its state
/// directory, the program that both are, and perhaps [`VERBOSE_ARGUMENT`].
pub(crate) const DAEMON_ARGUMENT: &str = "--gpgsmith-daemon";

/// Makes the daemon log details.
pub(crate) const VERBOSE_ARGUMENT: &str = "--verbose";

/// What to execute to get this very program again, even if its file was replaced meanwhile.
pub(crate) fn this_program() -> io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_owned()) } else { std::env::current_exe() }
}
