//! The audit log.

use super::{Cell, Table, count, date_time, visible};
use crate::api::audit::{AuditEntry, AuditLog, AuditReport};

/// When there are none.
pub const NO_ENTRIES: &str = "No audit entries.";

/// The entries, oldest first.
pub fn entries(log: &AuditLog) -> Table {
    let row = |entry: &AuditEntry| {
        [
            Cell::plain(date_time(entry.timestamp)),
            Cell::plain(&entry.action),
            Cell::plain(&entry.details),
        ]
    };
    Table::new(["TIMESTAMP", "ACTION", "DETAILS"], log.entries.iter().map(row))
}

/// Whether the chain fits, and what it covers.
pub fn report(report: &AuditReport) -> Vec<String> {
    let vault = visible(&report.vault);
    let entries = count(report.entries, "entry");
    let verdict = if report.breaks.is_empty() { "the chain fits" } else { "the chain is broken" };
    let mut lines = vec![format!("{vault}: {entries}, {} linked: {verdict}", report.linked)];
    let changed = "something was changed, removed or put in";
    lines.extend(report.breaks.iter().map(|&span| format!("  {}: {changed}", place(span))));
    let unlinked = "nothing vouches for it before the next link";
    lines.extend(report.unlinked.iter().map(|&span| format!("  {}: {unlinked}", place(span))));
    lines.push(format!("head: {}", visible(&report.head)));
    lines
}

fn place((first, last): (u64, u64)) -> String {
    if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use super::*;

    fn entry(time: &str, action: &str, details: &str) -> AuditEntry {
        AuditEntry {
            timestamp: time.parse().unwrap(),
            action: action.to_owned(),
            details: details.to_owned(),
            metadata: BTreeMap::new(),
        }
    }

    fn whole() -> AuditReport {
        AuditReport {
            vault: "pass".to_owned(),
            entries: 11,
            linked: 9,
            head: "ab".repeat(32),
            breaks: Vec::new(),
            unlinked: Vec::new(),
        }
    }

    #[test]
    fn entries_as_in_the_go_program() {
        let log = AuditLog {
            vault: "pass".to_owned(),
            entries: vec![
                entry("2026-11-23T17:11:05.3Z", "create-key", "master 203E + S/E/A rsa4096"),
                entry("2026-11-23T17:11:18Z", "set-primary-identity", "set primary identity \"A\""),
            ],
        };
        assert_snapshot!(entries(&log), @r#"
        TIMESTAMP            ACTION                DETAILS
        2026-11-23 17:11:05  create-key            master 203E + S/E/A rsa4096
        2026-11-23 17:11:18  set-primary-identity  set primary identity "A"
        "#);
    }

    #[test]
    fn a_whole_chain() {
        assert_snapshot!(report(&whole()).join("\n"), @"
        pass: 11 entries, 9 linked: the chain fits
        head: abababababababababababababababababababababababababababababababab
        ");
    }

    #[test]
    fn a_broken_chain_says_where() {
        let broken =
            AuditReport { breaks: vec![(3, 7), (9, 9)], unlinked: vec![(10, 11)], ..whole() };
        assert_snapshot!(report(&broken).join("\n"), @"
        pass: 11 entries, 9 linked: the chain is broken
          entries 3 to 7: something was changed, removed or put in
          entry 9: something was changed, removed or put in
          entries 10 to 11: nothing vouches for it before the next link
        head: abababababababababababababababababababababababababababababababab
        ");
    }
}
