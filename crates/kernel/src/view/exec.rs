//! Commands of the user's own.

use super::visible;
use crate::api::exec::Ran;

/// One was run.
pub fn ran(ran: &Ran) -> Vec<String> {
    let mut lines = vec![format!("recorded in {}: {}", visible(&ran.vault), visible(&ran.line))];
    if !ran.left_out.is_empty() {
        let names: Vec<_> = ran.left_out.iter().map(|name| visible(name)).collect();
        lines.push(format!("note: these files do not enter the vault: {}", names.join(", ")));
    }
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_was_run_and_what_it_left() {
        let done = |left_out: &[&str]| {
            let left_out = left_out.iter().map(|&name| name.to_owned()).collect();
            ran(&Ran { vault: "work".to_owned(), line: "gpg -K".to_owned(), left_out }).join("\n")
        };
        assert_snapshot!(done(&[]), @"recorded in work: gpg -K");
        assert_snapshot!(done(&["gpg.conf", "a\nb"]), @r"
        recorded in work: gpg -K
        note: these files do not enter the vault: gpg.conf, a\nb
        ");
    }
}
