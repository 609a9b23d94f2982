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
    if let [first, ..] = ran.unnamed.as_slice() {
        let name = visible(&ran.vault);
        lines.push(format!(
            "note: nothing says yet which key is your master key: {}",
            ran.unnamed.join(", ")
        ));
        lines.push(format!(
            "to say so, before you open it again: gpgsmith vault trust {name} {first}"
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn what_was_run_and_what_it_left() {
        let run = |left_out: &[&str]| {
            let left_out = left_out.iter().map(|&name| name.to_owned()).collect();
            let (vault, line) = ("work".to_owned(), "gpg -K".to_owned());
            Ran { vault, line, left_out, unnamed: Vec::new() }
        };
        let done = |left_out: &[&str]| ran(&run(left_out)).join("\n");
        assert_snapshot!(done(&[]), @"recorded in work: gpg -K");
        assert_snapshot!(done(&["gpg.conf", "a\nb"]), @r"
        recorded in work: gpg -K
        note: these files do not enter the vault: gpg.conf, a\nb
        ");
        let unnamed = vec!["A".repeat(40), "B".repeat(40)];
        assert_snapshot!(ran(&Ran { unnamed, ..run(&[]) }).join("\n"), @r"
        recorded in work: gpg -K
        note: nothing says yet which key is your master key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
        to say so, before you open it again: gpgsmith vault trust work AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
        ");
    }
}
