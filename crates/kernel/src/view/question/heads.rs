//! Questions about where a vault stands: what counts as its newest state.

use jiff::Timestamp;

use super::{Prompt, describe, yes_or_no};
use crate::{
    api::vault::Unfinished,
    view::{count, rfc3339, visible},
};

pub(super) fn accept_rollback(vault: &str, why: &str) -> Prompt {
    let text = vec![
        format!("On the vault {}: {}.", visible(vault), visible(why)),
        "If you go on, what opens now is the newest state for this machine.".to_owned(),
    ];
    yes_or_no(text, "Go on from it?")
}

pub(super) fn accept_future(vault: &str, snapshot: &str, dated: Timestamp) -> Prompt {
    let (vault, snapshot, dated) = (visible(vault), visible(snapshot), rfc3339(dated));
    let text = vec![
        format!("The newest snapshot of the vault {vault} is dated {dated}: {snapshot}"),
        "Every snapshot that follows will be dated after it.".to_owned(),
    ];
    yes_or_no(text, "Work on it?")
}

pub(super) fn take_over(vault: &str, work: &Unfinished) -> Prompt {
    let text = vec![
        format!("This work on the vault {} seems to be going on:", visible(vault)),
        describe(work),
        "What is done there from now on will not be in it.".to_owned(),
    ];
    yes_or_no(text, "Go on with it here?")
}

pub(super) fn revert(
    (vault, snapshot): (&str, &str),
    heads: &[String],
    undone: Option<&[String]>,
    (secrets, recipients): (u64, bool),
) -> Prompt {
    let mut text = vec![
        format!("The vault {} goes back to {}.", visible(vault), visible(snapshot)),
        format!("That undoes what is in {}:", visible(&heads.join(", "))),
    ];
    text.extend(undoes(undone, secrets));
    if recipients {
        text.push("Whom the vault is sealed to stays as it is now.".to_owned());
    }
    text.push("No snapshot is removed; what was published stays published.".to_owned());
    yes_or_no(text, "Go back?")
}

/// What going back undoes, the newest of many.
fn undoes(undone: Option<&[String]>, secrets: u64) -> Vec<String> {
    const SHOWN: usize = 12;
    let mut lines = Vec::new();
    match undone {
        None => {
            lines.push("  the audit logs differ, so what was done since is not known".to_owned());
        }
        Some([]) => lines.push("  nothing that the audit log tells of".to_owned()),
        Some(undone) => {
            let hidden = undone.len().saturating_sub(SHOWN);
            if hidden > 0 {
                lines.push(format!("  {}, and then", count(hidden as u64, "older step")));
            }
            lines.extend(undone.iter().skip(hidden).map(|step| format!("  {}", visible(step))));
        }
    }
    if secrets > 0 {
        let keys = count(secrets, "secret key");
        lines.push(format!("{keys} will be in older snapshots only."));
    }
    lines
}
