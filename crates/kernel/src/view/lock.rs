//! What opens a vault.

use super::{count, visible};
use crate::api::lock::{ChangedPassphrase, Recipients};

/// A passphrase was changed.
pub fn changed(changed: &ChangedPassphrase) -> Vec<String> {
    let vault = visible(&changed.vault);
    let keys = count(changed.secret_keys, "secret key");
    let mut lines = vec![format!("sealed: {}", visible(&changed.snapshot.file_name))];
    lines.push(if changed.vault_too {
        format!("{vault} and {keys} in it have the new passphrase")
    } else {
        format!("{keys} in {vault} have the new passphrase; the vault opens with its identity file")
    });
    if let (Some(first), Some(last)) = (changed.older.first(), changed.older.last()) {
        let number = count(changed.older.len() as u64, "older snapshot");
        let (verb, held) =
            if changed.older.len() == 1 { ("opens", "was") } else { ("open", "were") };
        lines.push(match (changed.vault_too, first == last) {
            (true, true) => format!(
                "{number} still {verb} with the passphrase that it {held} sealed with: {}",
                visible(first)
            ),
            (true, false) => format!(
                "{number} still {verb} with the passphrase that they {held} sealed with: {} to {}",
                visible(first),
                visible(last)
            ),
            (false, _) => format!("{number} still hold the keys under the old passphrase"),
        });
    }
    lines
}

/// Whom a vault is sealed to, a line each.
pub fn recipients(recipients: &Recipients) -> Vec<String> {
    let all = recipients.recipients.iter().enumerate();
    all.map(|(index, text)| {
        let own = if index == 0 { "  (this machine)" } else { "" };
        format!("{}{own}", visible(text))
    })
    .collect()
}

/// Recipients were changed.
pub fn changed_recipients(recipients: &Recipients) -> Vec<String> {
    let sealed = recipients.snapshot.as_ref();
    let mut lines: Vec<_> = sealed
        .map(|sealed| format!("sealed: {}", visible(&sealed.file_name)))
        .into_iter()
        .collect();
    let number = count(recipients.recipients.len() as u64, "recipient");
    lines.push(format!("{} is sealed to {number} from now on", visible(&recipients.vault)));
    lines.extend(recipients.notes.iter().map(|note| format!("note: {}", visible(note))));
    lines
}
