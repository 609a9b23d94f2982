//! Errors, as sentences; the command that a hint names is the face's to render.

use super::{text::sentence, visible};
use crate::api::{ApiError, Hint};

/// What failed, outermost first, each cause on its own line.
pub fn causes(error: &ApiError) -> Vec<String> {
    error.causes.iter().map(|cause| visible(cause).into_owned()).collect()
}

/// What to do next, as one sentence.
pub fn advice(hint: &Hint) -> String {
    sentence(&visible(&hint.advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Code;

    #[test]
    fn an_error_cannot_steer_a_terminal() {
        let error = ApiError::new(Code::Gpg, "gpg said \x1b]0;x\x07");
        assert_eq!(causes(&error), ["gpg said \\u{1b}]0;x\\u{7}"]);
    }

    #[test]
    fn advice_is_a_sentence() {
        assert_eq!(advice(&Hint::advice("open the vault")), "Open the vault.");
    }
}
