//! Vaults, sessions, snapshots.

use jiff::Timestamp;

use super::{Cell, Table, Tone, ago, count, date_time, rfc3339, text::noted, visible};
use crate::api::vault::{
    CheckedVault, Discarded, ForeignFile, Forked, OpenSession, Opened, OpenedHow, Reverted, Sealed,
    Snapshots, Unfinished, Vaults,
};

/// When the registry lists none.
pub const NO_VAULTS: &str = "No vaults.";

/// When no session is open.
pub const NONE_OPEN: &str = "No vaults open.";

/// When a vault has no snapshots.
pub const NO_SNAPSHOTS: &str = "No snapshots.";

/// The registry; the default vault is starred.
pub fn vaults(vaults: &Vaults) -> Table {
    let row = |vault: &crate::api::vault::VaultEntry| {
        [
            Cell::plain(&vault.name),
            Cell::code(vault.path.to_string_lossy()),
            if vault.default { Cell::plain("*") } else { Cell::none() },
            vault.trusted_master_fp.as_ref().map_or_else(Cell::none, Cell::code),
        ]
    };
    Table::new(["NAME", "PATH", "DEFAULT", "TRUSTED_FP"], vaults.vaults.iter().map(row))
}

/// The open sessions.
pub fn open(sessions: &[OpenSession], now: Timestamp) -> Table {
    let row = |session: &OpenSession| {
        [
            Cell::plain(&session.vault),
            Cell::plain(&session.hostname),
            Cell::plain(rfc3339(session.started_at)),
            Cell::toned(session_status(session, now), session_tone(session)),
        ]
    };
    Table::new(["OPEN VAULT", "HOSTNAME", "STARTED", "STATUS"], sessions.iter().map(row))
}

/// `active, 2 steps not sealed, rests in 4 minutes`.
fn session_status(session: &OpenSession, now: Timestamp) -> String {
    let mut parts = vec!["active".to_owned()];
    if session.read_only.is_some() {
        parts.push("read-only".to_owned());
    }
    if session.unsealed > 0 {
        parts.push(format!("{} not sealed", count(session.unsealed, "step")));
    }
    if let Some(idle_at) = session.idle_at {
        parts.push(match ago(idle_at, now).as_str() {
            "just now" => "rests within a minute".to_owned(),
            when => format!("rests {when}"),
        });
    }
    parts.join(", ")
}

fn session_tone(session: &OpenSession) -> Tone {
    if session.unsealed > 0 { Tone::Warn } else { Tone::Good }
}

/// Unfinished work that can be resumed, here or on the host that it belongs to.
pub fn recoverable(unfinished: &[Unfinished]) -> Table {
    let row = |work: &Unfinished| {
        [
            Cell::code(&work.canonical),
            Cell::plain(&work.hostname),
            Cell::plain(rfc3339(work.last_heartbeat)),
            Cell::plain(work_status(work)),
            if work.divergent { Cell::toned("true", Tone::Warn) } else { Cell::muted("false") },
            Cell::plain(&work.vault),
            Cell::plain(ago(work.last_heartbeat, work.as_of)),
        ]
    };
    Table::new(
        ["RECOVERABLE", "HOSTNAME", "LAST HEARTBEAT", "STATUS", "DIVERGENT", "VAULT", "HEARD OF"],
        unfinished.iter().filter(|work| work.resumable).map(row),
    )
}

fn work_status(work: &Unfinished) -> String {
    match (work.live, work.ours) {
        (true, _) => format!("{}, in use", work.status),
        (false, true) => work.status.clone(),
        (false, false) => format!("{}, of another machine", work.status),
    }
}

/// Snapshots, oldest first.
pub fn snapshots(snapshots: &Snapshots) -> Table {
    let row = |snapshot: &crate::api::vault::Snapshot| {
        [
            Cell::plain(date_time(snapshot.timestamp)),
            Cell::code(&snapshot.file_name),
            Cell::plain(&snapshot.message),
        ]
    };
    Table::new(["TIMESTAMP", "FILENAME", "MESSAGE"], snapshots.snapshots.iter().map(row))
}

/// What a user should know of the snapshots: files beside them that are none, and other heads.
pub fn snapshot_notes(snapshots: &Snapshots) -> Vec<String> {
    notes(&snapshots.foreign, &snapshots.heads)
}

fn notes(foreign: &[ForeignFile], heads: &[String]) -> Vec<String> {
    let stranger =
        |file: &ForeignFile| format!("{} is {}", visible(&file.file_name), visible(&file.what));
    foreign.iter().map(stranger).chain(other_heads(heads)).collect()
}

/// What a check found, line by line.
pub fn checked(checked: &CheckedVault) -> Vec<String> {
    let mut lines = Vec::new();
    for snapshot in &checked.snapshots {
        let name = visible(&snapshot.file_name);
        let (signed, decrypted) = (count(snapshot.signed, "key"), count(snapshot.decrypted, "key"));
        let problem = |problem: &String| format!("BAD   {name}: {}", visible(problem));
        if let Some(why) = &snapshot.skipped {
            lines.push(format!("skip  {name}: {}", visible(why)));
            continue;
        }
        match (snapshot.problems.as_slice(), &snapshot.master_fp) {
            ([], Some(_)) => {
                lines.push(format!("good  {name}: {signed} signed, {decrypted} decrypted"));
            }
            ([], None) => lines.push(format!("good  {name}: no master key yet")),
            (problems, _) => lines.extend(problems.iter().map(problem)),
        }
    }
    lines.extend(checked.problems.iter().map(|problem| format!("BAD   {}", visible(problem))));
    lines
}

/// What a user who has checked a vault should know besides.
pub fn check_notes(checked: &CheckedVault) -> Vec<String> {
    notes(&checked.foreign, &checked.heads)
}

/// What a user should know of vaults with more than one head.
pub fn forks(forked: &[Forked]) -> Vec<String> {
    let fork = |forked: &Forked| {
        let heads = other_heads(&forked.heads)?;
        Some(format!("{}: {heads}", visible(&forked.vault)))
    };
    forked.iter().filter_map(fork).collect()
}

fn other_heads(heads: &[String]) -> Option<String> {
    let names: Vec<_> = heads.iter().map(|name| visible(name)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the newest snapshot does not hold the work in {}, sealed beside it",
            names.join(", ")
        )
    })
}

/// What is said when a vault is open: how, what was trusted, what else there is to know.
pub fn opened(opened: &Opened) -> Vec<String> {
    let session = &opened.session;
    let vault = visible(&session.vault);
    let mut lines = vec![match opened.how {
        OpenedHow::Created => {
            format!("Created {vault} (initial snapshot: {})", visible(&session.snapshot))
        }
        OpenedHow::Opened => format!("opened {vault} at {}", visible(&session.snapshot)),
        OpenedHow::Resumed => format!(
            "resumed {vault}: {} since it was opened at {}",
            count(session.generation, "step"),
            visible(&session.snapshot)
        ),
        OpenedHow::Attached => format!("{vault} is open already; joined its session"),
    }];
    if let Some(why) = &session.read_only {
        lines.push(format!("read-only: {}", visible(why)));
    }
    if let Some(fingerprint) = &opened.first_use {
        lines.push(format!("first use: the master key {fingerprint} is now trusted"));
    }
    lines.extend(noted(&opened.notes));
    lines
}

/// A snapshot was sealed.
pub fn sealed(sealed: &Sealed) -> Vec<String> {
    let mut lines = vec![format!("sealed: {}", visible(&sealed.snapshot.file_name))];
    lines.extend(noted(&sealed.notes));
    lines
}

/// An old state is the newest again.
pub fn reverted(reverted: &Reverted) -> String {
    let (to, new) = (visible(&reverted.to), visible(&reverted.snapshot.file_name));
    format!("went back to {to}; sealed: {new}")
}

/// A session was thrown away; what a checkpoint sealed stays.
pub fn discarded(discarded: &Discarded) -> String {
    let (vault, snapshot) = (visible(&discarded.vault), visible(&discarded.snapshot));
    match discarded.steps {
        0 => format!("discarded: nothing was lost; {vault} stands at {snapshot}"),
        steps => format!("discarded: {} gone; {vault} stands at {snapshot}", count(steps, "step")),
    }
}

/// What a user who leaves a session open should know.
pub fn left_open(session: &OpenSession) -> String {
    let vault = visible(&session.vault);
    match session.unsealed {
        0 => format!("the session on {vault} is still open"),
        steps => {
            format!(
                "the session on {vault} is still open, with {} not sealed",
                count(steps, "step")
            )
        }
    }
}

#[cfg(test)]
mod tests;
