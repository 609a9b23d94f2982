//! Questions about keys that come into a vault, and files that leave it.

use std::path::Path;

use super::{Answers, Prompt, count, go_on, visible, yes_or_no};
use crate::{api::event::Candidate, view::date};

pub(super) fn reencrypt(vault: &str, (protected, clear): (u64, u64)) -> Prompt {
    let mut text = Vec::new();
    if protected > 0 {
        let keys = count(protected, "secret key");
        text.push(format!(
            "{keys} under another passphrase than that of the vault {}.",
            visible(vault)
        ));
    }
    if clear > 0 {
        let keys = count(clear, "secret key");
        text.push(format!("{keys} without a passphrase: the vault alone would protect them."));
    }
    text.push("With one passphrase for the vault and its keys, only one is asked for.".to_owned());
    go_on(text, "Put them under the vault's passphrase?")
}

pub(super) fn choose_master(candidates: &[Candidate]) -> Prompt {
    let mut text = vec!["There are several primary keys:".to_owned()];
    for (number, key) in (1..).zip(candidates) {
        let names = key.identities.first().map(|name| format!(", {}", visible(name)));
        let without = if key.secret { "" } else { ", without its secret part" };
        text.push(format!(
            "  {number}. {}{}, made {}{without}",
            visible(&key.fingerprint),
            names.unwrap_or_default(),
            date(key.created),
        ));
    }
    let prompt = "Which is your master key? Its number or fingerprint:".to_owned();
    Prompt { text, prompt, answers: Answers::Text, dangerous: false }
}

pub(super) fn export(vault: &str, target: &Path) -> Prompt {
    let text = vec![
        format!(
            "The secret keys of the vault {} will lie in {}, outside the vault.",
            visible(vault),
            visible(&target.to_string_lossy())
        ),
        "Only the passphrase of the keys protects them there, also in backups of that disk."
            .to_owned(),
        "Option files of gpg that the vault carries will be obeyed there.".to_owned(),
    ];
    yes_or_no(text, "Write them?")
}

pub(super) fn remove_recipient(vault: &str, recipient: &str) -> Prompt {
    let text = vec![
        format!(
            "From the next snapshot on, {} can no longer open the vault {}.",
            visible(recipient),
            visible(vault)
        ),
        "Every older snapshot stays readable to it, and so do the keys in them: if it is not to be trusted any more, make new subkeys.".to_owned(),
    ];
    yes_or_no(text, "Remove it?")
}
