//! The little of YAML that is written by hand, so that it looks as the Go program writes it.

/// `text` as a scalar: plain where every YAML reader takes it for a string, else double-quoted
/// with JSON's escapes, which are YAML's too (YAML 1.2.2 § 7.3.1).
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Words that a YAML 1.1 reader takes for a boolean or nothing.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];

fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.@/+".contains(&b))
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !looks_numeric(text)
}

/// Whether some YAML 1.1 or 1.2 reader may take it for a number or a date.
fn looks_numeric(text: &str) -> bool {
    let digits = text.replace('_', "");
    let date = text.starts_with(|c: char| c.is_ascii_digit()) && text.contains('-');
    let radix = ["0x", "0X", "0o", "0b"].iter().any(|prefix| digits.starts_with(prefix));
    date || radix || digits.parse::<f64>().is_ok()
}

/// Reads a document that came with a snapshot: within the library's budget against hostile ones,
/// and with errors that do not quote it.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(
    text: &str,
) -> Result<T, Box<serde_saphyr::Error>> {
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(Box::new)
}

fn quoted(text: &str) -> String {
    // A string always serialises.
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scalars_look_as_the_go_program_writes_them() {
        for plain in ["rsa4096", "2y", "future-default", "203E92AA7E59B62AFB0632831BAD42B9D3EB840E"]
        {
            assert_eq!(scalar(plain), plain);
        }
        for odd in [
            "0",
            "1234",
            "1234567890123456789012345678901234567890",
            "12E4",
            "yes",
            "",
            "a: b",
            "0x12",
            "~",
        ] {
            assert_eq!(scalar(odd), quoted(odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC*") {
            let document = format!("k: {}\n", scalar(&text));
            let map: std::collections::BTreeMap<String, String> = serde_saphyr::from_str(&document).unwrap();
            prop_assert_eq!(&map["k"], &text);
        }
    }
}
