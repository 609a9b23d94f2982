use std::{
    io::{self, ErrorKind},
    os::unix::net::UnixStream,
    path::Path,
};

use gpgsmith_vault::atomic::At;

use crate::{
    api::{ApiError, Code, Hint},
    endpoint::{self, EndpointError},
};

/// A connection to the daemon at `socket`; `None` where nobody listens. Before a byte is sent, the
/// directory must be ours and private, and the process at the other end ours.
pub(super) fn connect(socket: &Path) -> Result<Option<UnixStream>, ApiError> {
    match endpoint::check_directory(socket) {
        Err(EndpointError::Path(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        checked => checked.map_err(|error| distrust(&error))?,
    }
    let stream = match UnixStream::connect(socket) {
        Err(error) if is_absence(&error) => return Ok(None),
        stream => stream.at("connect to", socket).map_err(|e| ApiError::chain(Code::Io, &e))?,
    };
    endpoint::check_peer(&stream, socket).map_err(|error| distrust(&error))?;
    Ok(Some(stream))
}

/// No socket, or one that a dead daemon left.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

fn distrust(error: &EndpointError) -> ApiError {
    let code = if matches!(error, EndpointError::Path(_)) { Code::Io } else { Code::Refused };
    let hint = match error {
        EndpointError::TooLong { .. } => "set XDG_RUNTIME_DIR or XDG_STATE_HOME to a shorter path",
        _ => "nothing was sent; remove what is in the way, if it is yours to remove",
    };
    ApiError::chain(code, error).with_hint(Hint::advice(hint))
}
