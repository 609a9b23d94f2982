//! Words of a POSIX shell.

use std::borrow::Cow;

/// `text` as one word of a shell: as it is where that is safe, else in single quotes.
pub(crate) fn quote(text: &str) -> Cow<'_, str> {
    if !text.is_empty() && text.bytes().all(is_safe) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

fn is_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./:@%+,".contains(&byte)
}

/// The words of a line that [`quote`] wrote, or one with double quotes that hold nothing special.
#[cfg(test)]
pub(crate) fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut inside) = (Vec::new(), None::<String>, None);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (inside, c) {
            (None, '\'' | '"') => {
                inside = Some(c);
                word.get_or_insert_default();
            }
            (Some(quote), c) if quote == c => inside = None,
            (None, ' ') => words.extend(word.take()),
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_words_stay_as_they_are() {
        for word in ["work", "vault-2", "/home/ann/a.b", "ann@example.org"] {
            assert_eq!(quote(word), word);
        }
    }

    #[test]
    fn w36_nothing_in_a_name_is_run_by_a_shell() {
        assert_eq!(quote("a;b"), "'a;b'");
        assert_eq!(quote("$(id)`id`"), "'$(id)`id`'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("~"), "'~'");
    }

    proptest! {
        #[test]
        fn words_survive_quoting(words in prop::collection::vec("\\PC*", 0..4)) {
            let line: Vec<_> = words.iter().map(|word| quote(word)).collect();
            prop_assert_eq!(split(&line.join(" ")), words);
        }
    }
}
