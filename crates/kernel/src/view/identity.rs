//! Identities (user IDs).

use super::{Cell, Table, date, key::tone, visible};
use crate::api::identity::{ChangedIdentity, Identities, Identity};

/// When the master key has none, or there is no master key.
pub const NO_IDENTITIES: &str = "No identities on the master key.";

/// The identities of the master key.
pub fn identities(identities: &Identities) -> Table {
    let row = |identity: &Identity| {
        let time = |time: Option<_>| time.map_or_else(Cell::none, |time| Cell::plain(date(time)));
        [
            Cell::plain(identity.index.to_string()),
            status(identity),
            time(identity.created),
            time(identity.revoked),
            Cell::plain(&identity.uid),
        ]
    };
    Table::new(
        ["INDEX", "STATUS", "CREATED", "REVOKED", "IDENTITY"],
        identities.identities.iter().map(row),
    )
}

fn status(identity: &Identity) -> Cell {
    match identity.status.as_str() {
        "" => Cell::none(),
        word => Cell::toned(word, tone(&identity.validity)),
    }
}

/// One was added; gpg puts a new one first, unless another was made the primary one.
pub fn added(changed: &ChangedIdentity) -> Vec<String> {
    let mut lines = vec![format!("added \"{}\"", visible(&changed.identity.uid))];
    if let Some(Identity { uid, index, .. }) = &changed.displaced {
        lines.push(format!(
            "note: programs show it first from now on; for \"{}\": `gpgsmith keys identity primary {index}`",
            visible(uid)
        ));
    }
    lines
}

/// One was revoked.
pub fn revoked(identity: &Identity) -> String {
    format!("revoke: {}", visible(&identity.uid))
}

/// One is now the primary one.
pub fn primary(identity: &Identity) -> String {
    format!("primary: {}", visible(&identity.uid))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn identity(index: u32, status: &str, uid: &str) -> Identity {
        Identity {
            index,
            validity: status.chars().take(1).collect(),
            status: status.to_owned(),
            created: Some("2026-11-23T17:11:05Z".parse().unwrap()),
            revoked: (status == "revoked").then(|| "2026-11-23T17:11:16Z".parse().unwrap()),
            hash: String::new(),
            uid: uid.to_owned(),
        }
    }

    #[test]
    fn identities_as_in_the_go_program() {
        let all = Identities {
            master_fp: None,
            identities: vec![
                identity(1, "ultimate", "Zoë Ünïcode (test comment) <zoe@example.org>"),
                identity(2, "revoked", "Old Address <old@example.org>"),
                identity(3, "", "x"),
            ],
        };
        assert_snapshot!(identities(&all), @"
        INDEX  STATUS    CREATED     REVOKED     IDENTITY
        1      ultimate  2026-11-23  -           Zoë Ünïcode (test comment) <zoe@example.org>
        2      revoked   2026-11-23  2026-11-23  Old Address <old@example.org>
        3      -         2026-11-23  -           x
        ");
    }

    #[test]
    fn changes_name_the_identity() {
        let changed = identity(1, "ultimate", "Zoë <zoe@example.org>");
        let before = identity(2, "ultimate", "Zoë Ünïcode <zoe@example.org>");
        let told =
            |displaced| added(&ChangedIdentity { identity: changed.clone(), displaced }).join("\n");
        assert_snapshot!(told(None), @r#"added "Zoë <zoe@example.org>""#);
        assert_snapshot!(told(Some(before)), @r#"
        added "Zoë <zoe@example.org>"
        note: programs show it first from now on; for "Zoë Ünïcode <zoe@example.org>": `gpgsmith keys identity primary 2`
        "#);
        assert_eq!(revoked(&changed), "revoke: Zoë <zoe@example.org>");
        assert_eq!(primary(&changed), "primary: Zoë <zoe@example.org>");
    }
}
