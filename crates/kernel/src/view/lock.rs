//! What opens a vault.

use super::{count, text::noted, visible};
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
        lines.push(match (changed.vault_too, first == last) {
            (true, true) => format!(
                "{number} still opens with the passphrase that it was sealed with: {}",
                visible(first)
            ),
            (true, false) => format!(
                "{number} still open with the passphrase that they were sealed with: {} to {}",
                visible(first),
                visible(last)
            ),
            (false, true) => format!("{number} still holds the keys under the old passphrase"),
            (false, false) => format!("{number} still hold the keys under the old passphrase"),
        });
    }
    lines.extend(noted(&changed.notes));
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
    lines.extend(noted(&recipients.notes));
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::api::vault::Snapshot;

    fn snapshot() -> Snapshot {
        Snapshot {
            timestamp: "2026-11-23T17:11:05Z".parse().unwrap(),
            file_name: "20261123T171105Z_new-passphrase.tar.age".to_owned(),
            message: "new-passphrase".to_owned(),
            size: 1,
        }
    }

    #[test]
    fn what_still_opens_with_the_old_passphrase_is_named() {
        let names = ["20261120T171105Z_a.tar.age", "20261121T171105Z_b.tar.age"];
        let tell = |vault_too: bool, older: &[&str]| {
            let (vault, snapshot) = ("pass".to_owned(), snapshot());
            let older = older.iter().map(|&name| name.to_owned()).collect();
            let notes = Vec::new();
            let done =
                ChangedPassphrase { vault, snapshot, vault_too, secret_keys: 4, older, notes };
            changed(&done).join("\n")
        };
        assert_snapshot!(tell(true, &names), @"
        sealed: 20261123T171105Z_new-passphrase.tar.age
        pass and 4 secret keys in it have the new passphrase
        2 older snapshots still open with the passphrase that they were sealed with: 20261120T171105Z_a.tar.age to 20261121T171105Z_b.tar.age
        ");
        assert_snapshot!(tell(true, &names[..1]), @"
        sealed: 20261123T171105Z_new-passphrase.tar.age
        pass and 4 secret keys in it have the new passphrase
        1 older snapshot still opens with the passphrase that it was sealed with: 20261120T171105Z_a.tar.age
        ");
        assert_snapshot!(tell(false, &names), @"
        sealed: 20261123T171105Z_new-passphrase.tar.age
        4 secret keys in pass have the new passphrase; the vault opens with its identity file
        2 older snapshots still hold the keys under the old passphrase
        ");
        assert_snapshot!(tell(false, &names[..1]), @"
        sealed: 20261123T171105Z_new-passphrase.tar.age
        4 secret keys in pass have the new passphrase; the vault opens with its identity file
        1 older snapshot still holds the keys under the old passphrase
        ");
        assert_eq!(tell(true, &[]).lines().count(), 2);
    }
}
