use gpgsmith_vault::registry::{Config, Entry};
use proptest::prelude::*;

use super::{BY_HAND, Scratch, save};

/// Texts that YAML writers and readers stumble over.
fn text() -> impl Strategy<Value = String> {
    let hard = prop::sample::select(vec![
        "~",
        "~/v",
        "null",
        "no",
        "1e3",
        "0x1F",
        "2026",
        "2026-01-01",
        "- a",
        "a: b",
        "a #b",
        "a:",
        "'",
        "\"",
        "\\",
        "%",
        "@",
        "`",
        "---",
        "...",
        "\u{feff}",
        "&a",
        "*a",
        "!!str",
        "{}",
        "[",
        "| ",
        "\u{10ffff}",
        "a\nb",
        "\t",
        "# a",
        "? a",
        "1_0",
        "0o7",
        "+",
        ".5",
        ".inf",
        "<<",
        "é",
    ]);
    prop_oneof![hard.prop_map(str::to_owned), "[ -~]{1,20}", "\\PC{1,20}"]
}

fn vault() -> impl Strategy<Value = Entry> {
    let optional = || prop::option::of(text());
    (text(), text(), optional(), optional(), optional()).prop_map(|fields| {
        let (name, path, identity, gpg_binary, trusted_master_fp) = fields;
        Entry { name, path, identity, gpg_binary, trusted_master_fp }
    })
}

fn config() -> impl Strategy<Value = Config> {
    let optional = || prop::option::of(text());
    let vaults = prop::collection::vec(vault(), 0..4);
    (optional(), optional(), optional(), vaults, optional()).prop_map(|fields| {
        let (vault_dir, identity, gpg_binary, vaults, default) = fields;
        Config { vault_dir, identity, gpg_binary, vaults, default }
    })
}

proptest! {
    #[test]
    fn what_is_saved_is_what_is_loaded(first in config(), second in config()) {
        let scratch = Scratch::new();
        save(&scratch.registry, &first);
        prop_assert_eq!(scratch.load(), first);
        save(&scratch.registry, &second);
        prop_assert_eq!(scratch.load(), second);
    }

    /// Only a removed vault's own lines go.
    #[test]
    fn comments_survive_whatever_is_changed(
        mut new in config(),
        kept in prop::sample::subsequence(vec!["work", "personal"], 0..=2),
    ) {
        let scratch = Scratch::with(BY_HAND);
        let old = scratch.load().vaults.into_iter();
        let mut vaults: Vec<_> = old.filter(|e| kept.contains(&e.name.as_str())).collect();
        vaults.append(&mut new.vaults);
        new.vaults = vaults;
        save(&scratch.registry, &new);
        prop_assert_eq!(scratch.load(), new);
        let text = scratch.text();
        for comment in ["# my vaults\n", "theme: dark\n", "  # the office\n", "  # at home\n", "# the end\n"] {
            prop_assert!(text.contains(comment), "{:?} is not in {}", comment, text);
        }
    }
}
