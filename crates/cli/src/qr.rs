//! QR codes in text: two rows of modules in a line.

use gpgsmith_kernel::api::{ApiError, Code};
use qrcodegen::{DataTooLong, QrCode, QrCodeEcc};

/// What a character prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Characters are darker than what is behind them, as on paper.
    Dark,
    /// Characters are lighter.
    Light,
}

/// So many modules around the code stay empty (ISO/IEC 18004).
const MARGIN: i32 = 4;

/// The text does not fit a QR code.
#[derive(Debug, thiserror::Error)]
#[error("{length} bytes do not fit a QR code")]
struct TooLong {
    length: usize,
    source: DataTooLong,
}

/// `text` as a QR code of the lowest correction level that the largest code leaves room for.
pub(crate) fn code(text: &str, ink: Ink) -> Result<String, ApiError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low);
    let code = code
        .map_err(|source| ApiError::chain(Code::Limit, &TooLong { length: text.len(), source }))?;
    Ok(draw(code.size(), ink, |x, y| code.get_module(x, y)))
}

fn draw(size: i32, ink: Ink, dark: impl Fn(i32, i32) -> bool) -> String {
    let inked = |x, y| dark(x, y) == (ink == Ink::Dark);
    let inside = -MARGIN..size + MARGIN;
    let line = |y: i32| -> String {
        let both = |x| match (inked(x, y), y + 1 < inside.end && inked(x, y + 1)) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        inside.clone().map(both).chain(['\n']).collect()
    };
    inside.clone().step_by(2).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules that are dark, margin and all, read back from the characters.
    fn read(drawn: &str, ink: Ink) -> Vec<Vec<bool>> {
        let row = |line: &str, inked: [char; 2]| -> Vec<bool> {
            line.chars().map(|c| inked.contains(&c) == (ink == Ink::Dark)).collect()
        };
        let rows = drawn.lines().flat_map(|line| [row(line, ['█', '▀']), row(line, ['█', '▄'])]);
        rows.collect()
    }

    #[test]
    fn the_characters_are_the_modules() {
        let text = "a text of some length, so that the code has a few versions to go";
        let code = QrCode::encode_text(text, QrCodeEcc::Low).unwrap();
        for ink in [Ink::Dark, Ink::Light] {
            let drawn = self::code(text, ink).unwrap();
            let rows = read(&drawn, ink);
            for (y, row) in (-MARGIN..code.size() + MARGIN).zip(&rows) {
                for (x, dark) in (-MARGIN..code.size() + MARGIN).zip(row) {
                    assert_eq!(*dark, code.get_module(x, y), "{x} {y} {ink:?}");
                }
                assert_eq!(row.len(), usize::try_from(code.size() + 2 * MARGIN).unwrap());
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let error = code(&"x".repeat(2954), Ink::Dark).unwrap_err();
        assert_eq!(error.causes[0], "2954 bytes do not fit a QR code");
        assert!(code(&"x".repeat(2953), Ink::Dark).is_ok());
    }
}
