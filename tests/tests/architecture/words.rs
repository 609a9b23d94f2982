//! A leaf is of use on its own: it has no word of the kernel.

use gpgsmith_tests::source::{files, read, root};

const KERNEL_WORDS: [&str; 4] = ["session", "daemon", "ephemeral", "heartbeat"];

/// The lines of `text` with a word of the kernel.
fn lines_with_kernel_words(text: &str) -> Vec<&str> {
    let is_one = |word: &str| {
        let word = word.to_lowercase();
        KERNEL_WORDS.iter().any(|known| word == *known || word == format!("{known}s"))
    };
    let has_one = |line: &&str| line.split(|c: char| !c.is_alphabetic()).any(is_one);
    text.lines().filter(has_one).collect()
}

#[test]
fn leaves_have_no_word_of_the_kernel() {
    let mut found = Vec::new();
    for leaf in ["audit", "gpg", "vault"] {
        let dir = format!("crates/{leaf}");
        let mut texts = files(&dir, ".rs");
        texts.extend([root().join(&dir).join("README.md"), root().join(&dir).join("Cargo.toml")]);
        assert!(texts.len() > 5, "{leaf} has moved");
        // Tests may name what others put beside a leaf's files.
        texts.retain(|path| !path.starts_with(root().join(&dir).join("tests")));
        for path in texts {
            let text = read(&path);
            let lines = lines_with_kernel_words(&text);
            found.extend(lines.iter().map(|line| format!("{}: {line}", path.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_word_of_the_kernel_is_found() {
    assert_eq!(lines_with_kernel_words("a\n// open Sessions\nlet x = heartbeat_at;").len(), 2);
    assert!(lines_with_kernel_words("possession\nobsession\n").is_empty());
}
