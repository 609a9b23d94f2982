use std::fs;

use insta::assert_snapshot;

use crate::sandbox::Sandbox;

/// Dates are today's.
fn without_dates(table: &str) -> String {
    let date =
        |word: &str| word.len() == 10 && word.as_bytes()[4] == b'-' && word.as_bytes()[7] == b'-';
    let lines = table.lines().map(|line| {
        line.split_whitespace()
            .map(|word| if date(word) { "[date]" } else { word })
            .collect::<Vec<_>>()
            .join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn setup_leaves_nothing_unsealed() {
    let sandbox = Sandbox::new();
    let setup = sandbox
        .answer(&["setup", "--passphrase-file", "../pw"], "~/v\nAnn Example\nann@example.org\n")
        .ok();
    assert_eq!(setup.stdout, "");
    assert_snapshot!(
        setup
            .stderr
            .replace("]: ", "]:\n")
            .replace("name: ", "name:\n")
            .replace("Email: ", "Email:\n")
    );
    assert_eq!(sandbox.snapshots("v").len(), 2);
    let status = sandbox.run(&["vault", "status", "--json"]).ok().stdout;
    assert!(status.contains("\"unsealed\":0"), "{status}");
}

#[test]
fn keys_are_made_listed_and_told_of() {
    let sandbox = Sandbox::with_keys();
    let list = sandbox.run(&["keys", "list"]).ok();
    assert_snapshot!(without_dates(&list.stdout), @"
    KEY ID ALGO USAGE VALIDITY CREATED EXPIRES CARD
    [key id] ed25519 C u [date] - -
    [key id] ed25519 s u [date] [date] -
    [key id] cv25519 e u [date] [date] -
    [key id] ed25519 a u [date] [date] -
    ");
    let status = sandbox.run(&["keys", "status"]).ok();
    assert_snapshot!(status.stdout, @"
    === Keys ===
      [key id]  ed25519  C  does not expire
      [key id]  ed25519  s  expires in 2 years
      [key id]  cv25519  e  expires in 2 years
      [key id]  ed25519  a  expires in 2 years
    ");
    let again = sandbox.run(&["keys", "generate", "--yes"]).ok();
    assert_eq!(again.stderr.lines().filter(|line| line.starts_with("  subkey ")).count(), 3);
}

#[test]
fn w50_a_second_master_key_needs_force_and_a_yes() {
    let sandbox = Sandbox::with_keys();
    let create = ["keys", "create", "--name", "Ann", "--email", "a@example.org"];
    let refused = sandbox.run(&create).fails(4);
    assert_snapshot!(refused.stderr);
    sandbox.run(&[&create[..], &["--force", "--no-input"]].concat()).fails(6);
}

#[test]
fn identities_come_go_and_lead() {
    let sandbox = Sandbox::with_keys();
    let add = sandbox.run(&["keys", "identity", "add", "Zoë <zoe@example.org>"]).ok();
    let (added, note) = add.stderr.split_once('\n').unwrap();
    assert_eq!(added, "added \"Zoë <zoe@example.org>\"");
    let line = "for \"Ann Example <ann@example.org>\": `gpgsmith keys identity primary 2`\n";
    assert!(note.ends_with(line), "{note}");
    let primary = sandbox.run(&["keys", "uid", "primary", "Zoë <zoe@example.org>"]).ok();
    assert_eq!(primary.stderr, "primary: Zoë <zoe@example.org>\n");
    let third = sandbox.run(&["keys", "identity", "add", "Third <third@example.org>"]).ok();
    assert_eq!(third.stderr, "added \"Third <third@example.org>\"\n", "another is the primary one");
    let revoke = ["keys", "identity", "revoke", "Ann Example <ann@example.org>"];
    sandbox.answer(&revoke, "\n").fails(8);
    let revoked = sandbox.run(&[&revoke[..], &["--yes"]].concat()).ok();
    assert_eq!(revoked.stderr, "revoke: Ann Example <ann@example.org>\n");
    let list = without_dates(&sandbox.run(&["keys", "identity", "list"]).ok().stdout);
    assert!(list.contains("revoked [date] [date] Ann Example <ann@example.org>"), "{list}");
    let audit = sandbox.run(&["audit", "show", "--last", "3"]).ok().stdout;
    assert_snapshot!(
        without_dates(&audit)
            .lines()
            .map(|l| l.split_once(':').map_or(l, |(_, r)| r.split_once(' ').unwrap().1))
            .collect::<Vec<_>>()
            .join("\n")
    );
    let report = sandbox.run(&["audit", "verify"]).ok().stdout;
    assert!(report.starts_with("work: 5 entries, 5 linked: the chain fits\n"), "{report}");
}

#[test]
fn w37_an_export_says_where_it_went() {
    let sandbox = Sandbox::with_keys();
    let printed = sandbox.run(&["keys", "export", "--stdout"]).ok();
    assert!(printed.stdout.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    assert_eq!(printed.stderr, "");
    let written = sandbox.run(&["keys", "export", "--output", "ann.asc"]).ok();
    assert_eq!(written.stderr, "exported [fingerprint] to ann.asc\n");
    assert_eq!(fs::read_to_string(sandbox.home().join("ann.asc")).unwrap(), printed.stdout);
    let again = sandbox.run(&["keys", "export", "--output", "ann.asc"]).fails(1);
    assert!(again.stderr.contains("hint: Remove it, or name another file."), "{}", again.stderr);
}
