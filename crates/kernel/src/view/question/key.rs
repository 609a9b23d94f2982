//! Questions about keys.

use super::{Prompt, go_on, visible, yes_or_no};
use crate::{
    api::key::{Key, NewEnd, Reason},
    view::key::{ends, named, reason},
};

pub(super) fn revoke_identity(identity: &str) -> Prompt {
    let text = vec![
        format!("This revokes the identity {} for good.", visible(identity)),
        "Nobody who has seen the revocation can be told otherwise.".to_owned(),
    ];
    yes_or_no(text, "Revoke it?")
}

pub(super) fn second_master(vault: &str, fingerprint: &str) -> Prompt {
    let text = vec![
        format!("The vault {} has the master key {fingerprint}.", visible(vault)),
        "A second one makes a second identity; the first stays in the vault.".to_owned(),
    ];
    yes_or_no(text, "Make a second master key?")
}

pub(super) fn second_encryption(there: &Key) -> Prompt {
    let text = vec![
        format!(
            "{} decrypts already. Others will encrypt to the newer one only, but the older one has \
             to be kept, wherever you read, for what was encrypted to it.",
            named(there)
        ),
        "To go on with the one that is there, renew it (`gpgsmith keys renew`); a second one is for \
         a key that you no longer trust."
            .to_owned(),
    ];
    Prompt { dangerous: false, ..yes_or_no(text, "Make a second subkey for encryption?") }
}

pub(super) fn renew(keys: &[NewEnd]) -> Prompt {
    let table = ends(keys).to_string();
    let text = ["These keys get a new end:"].into_iter().chain(table.lines());
    let them = if keys.len() == 1 { "Renew it?" } else { "Renew them?" };
    go_on(text.map(str::to_owned).collect(), them)
}

pub(super) fn revoke(keys: &[Key], (why, message): (Reason, &str), last: &str) -> Prompt {
    let why_so = words(why, message);
    let mut text: Vec<_> = keys
        .iter()
        .map(|key| format!("This revokes the subkey {} for good{why_so}.", named(key)))
        .collect();
    text.extend(last.chars().filter_map(without).map(str::to_owned));
    if why == Reason::Compromised && keys.iter().any(|key| key.usage.contains('s')) {
        text.push(IN_DOUBT.to_owned());
    }
    yes_or_no(text, if keys.len() == 1 { "Revoke it?" } else { "Revoke them?" })
}

/// What a signature of a compromised key is worth.
pub(super) const IN_DOUBT: &str = "Whatever it has signed, at any time, is in doubt from then on.";

/// Why, as it ends a sentence.
pub(super) fn words(why: Reason, message: &str) -> String {
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = if message.is_empty() { message } else { format!(", {:?}", visible(&message)) };
    format!("{}{message}", reason(why))
}

pub(super) fn export_secrets(file: &str) -> Prompt {
    let text = vec![
        format!("The secret subkeys go to {}, under the passphrase of the keys.", visible(file)),
        "Whoever has that file and the passphrase can sign and read as you; the master key stays \
         in the vault."
            .to_owned(),
    ];
    yes_or_no(text, "Export them?")
}

/// What will not work without a live key for this usage.
fn without(letter: char) -> Option<&'static str> {
    Some(match letter {
        's' => "No other key can sign: you can sign nothing until there is a new subkey.",
        'e' => {
            "No other key can decrypt: nobody can write to you encrypted until there is a new \
             subkey. What was encrypted before stays readable."
        }
        'a' => {
            "No other key can log in: servers that know its ssh key go on letting it in, so take it \
             away there."
        }
        _ => return None,
    })
}
