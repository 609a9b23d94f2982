//! What came into a vault, and what left it.

use super::{count, text::noted, visible};
use crate::api::transfer::{Exported, Imported};

/// Keys were imported.
pub fn imported(imported: &Imported) -> Vec<String> {
    let mut lines = vec![
        format!("imported: {}", visible(&imported.snapshot.file_name)),
        format!(
            "master: {}, {} in {}",
            imported.master_fp,
            count(imported.secret_keys, "secret key"),
            visible(&imported.vault)
        ),
    ];
    if imported.reencrypted {
        lines.push("the keys have the vault's passphrase now".to_owned());
    }
    if !imported.carried.is_empty() {
        let names: Vec<_> = imported.carried.iter().map(|name| visible(name)).collect();
        lines.push(format!("kept in the vault, not obeyed there: {}", names.join(", ")));
    }
    lines.extend(noted(&imported.notes));
    lines
}

/// A vault's files were written.
pub fn exported(exported: &Exported) -> Vec<String> {
    let mut lines = vec![format!(
        "exported {} to {} (from snapshot {})",
        visible(&exported.vault),
        visible(&exported.target.to_string_lossy()),
        visible(&exported.snapshot)
    )];
    if !exported.links.is_empty() {
        let names: Vec<_> = exported.links.iter().map(|name| visible(name)).collect();
        lines.push(format!("note: symbolic links were left out: {}", names.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn links_that_were_left_out_are_named() {
        let done = Exported {
            vault: "pass".to_owned(),
            snapshot: "20261120T171105Z_a.tar.age".to_owned(),
            target: "/home/ann/out".into(),
            files: 3,
            links: vec!["S.gpg-agent".to_owned(), "a\u{1b}b".to_owned()],
        };
        assert_snapshot!(exported(&done).join("\n"), @r"
        exported pass to /home/ann/out (from snapshot 20261120T171105Z_a.tar.age)
        note: symbolic links were left out: S.gpg-agent, a\u{1b}b
        ");
    }
}
