//! Errors of the crates below, as faces see them.

use crate::api::{ApiError, Code};

/// Turns an error of a crate below into one on the wire, its causes kept.
pub(super) trait Fail<T> {
    /// Under this code.
    fn fail(self, code: Code) -> Result<T, ApiError>;

    /// As `bad_request`: what the user gave is wrong.
    fn bad_request(self) -> Result<T, ApiError>
    where
        Self: Sized,
    {
        self.fail(Code::BadRequest)
    }
}

impl<T, E: std::error::Error + 'static> Fail<T> for Result<T, E> {
    fn fail(self, code: Code) -> Result<T, ApiError> {
        self.map_err(|error| ApiError::chain(code, &error))
    }
}
