//! What came into a vault, and what left it.

use super::{count, visible};
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
    lines.extend(imported.notes.iter().map(|note| format!("note: {}", visible(note))));
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
