use std::borrow::Cow;

/// `text` with what would steer a terminal or reorder a line (control characters, bidirectional
/// overrides, invisible marks, line separators) written as `\n`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if steers(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// What the user should know besides, a line each.
pub(super) fn noted(notes: &[String]) -> impl Iterator<Item = String> {
    notes.iter().map(|note| format!("note: {}", visible(note)))
}

/// `1 step`, `2 steps`: a number with its noun.
pub fn count(number: u64, noun: &str) -> String {
    match (number, noun.strip_suffix("try")) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{number} {stem}tries"),
        _ => format!("{number} {noun}s"),
    }
}

/// One sentence for the eye: the first letter large, a full stop at the end if nothing ends it.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase).into_iter().flatten();
    let mut sentence: String = first.chain(chars).collect();
    if !sentence.ends_with(['.', ':', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_letters_of_any_script_stay() {
        for text in ["Zoë Ünïcode <zoe@example.org>", "日本 🦀", ""] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn what_steers_is_written_out() {
        assert_eq!(visible("a\nb\x07\u{202e}c\u{9b}"), "a\\nb\\u{7}\\u{202e}c\\u{9b}");
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(0, "step"), "0 steps");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(2, "day"), "2 days");
    }

    #[test]
    fn a_sentence_begins_large_and_ends() {
        assert_eq!(sentence("open the vault"), "Open the vault.");
        assert_eq!(sentence("If you did:"), "If you did:");
    }

    proptest! {
        #[test]
        fn nothing_visible_steers(text in any::<String>()) {
            prop_assert!(!visible(&text).contains(steers));
        }
    }
}
