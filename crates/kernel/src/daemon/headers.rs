use axum::http::{HeaderMap, StatusCode};

use super::context::Caller;
use crate::{
    api::{ApiError, Code, Face},
    wire::{CAN_ASK_HEADER, FACE_HEADER, PROTOCOL_HEADER, is_timeless, other_protocol, protocol},
};

/// Who calls, by the headers of a request; `curl` need not say anything.
pub(super) fn caller(headers: &HeaderMap, pid: Option<i32>) -> Result<Caller, ApiError> {
    let face = match text(headers, FACE_HEADER) {
        None | Some("cli") => Face::Cli,
        Some("ui") => Face::Ui,
        Some("tui") => Face::Tui,
        Some(other) => return Err(bad(FACE_HEADER, other)),
    };
    let can_ask = match text(headers, CAN_ASK_HEADER) {
        None | Some("no") => false,
        Some("yes") => true,
        Some(other) => return Err(bad(CAN_ASK_HEADER, other)),
    };
    Ok(Caller { pid, face, can_ask })
}

/// Refuses a client of another version.
pub(super) fn check_protocol(headers: &HeaderMap, verb: &str) -> Result<(), ApiError> {
    match text(headers, PROTOCOL_HEADER) {
        None => Ok(()),
        Some(version) if version == protocol() || is_timeless(verb) => Ok(()),
        Some(version) => Err(other_protocol(version, &protocol())),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn bad(header: &str, value: &str) -> ApiError {
    ApiError::new(Code::BadRequest, format!("the header {header} says {value:?}"))
}

/// The status line of an error.
pub(super) fn status(code: Code) -> StatusCode {
    match code {
        Code::BadRequest | Code::Protocol => StatusCode::BAD_REQUEST,
        Code::WrongPassphrase | Code::WrongIdentity | Code::NeedsPassphrase => {
            StatusCode::UNAUTHORIZED
        }
        Code::MasterKeyMismatch | Code::Refused => StatusCode::FORBIDDEN,
        Code::UnknownVault | Code::NoSession => StatusCode::NOT_FOUND,
        Code::Busy => StatusCode::LOCKED,
        Code::Exists
        | Code::SeveralSessions
        | Code::Unfinished
        | Code::NeedsAnswer
        | Code::Declined
        | Code::Cancelled => StatusCode::CONFLICT,
        Code::Limit => StatusCode::PAYLOAD_TOO_LARGE,
        Code::ShuttingDown | Code::NotRunning => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
