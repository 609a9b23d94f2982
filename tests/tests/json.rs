//! What programs read: one object for each command.

use gpgsmith_tests::sandbox::Sandbox;

use crate::{keys::with_bob, life::words};

/// Every command, in an order in which each succeeds.
const LINES: [&str; 47] = [
    "version",
    "daemon start",
    "daemon status",
    "vault list",
    "vault open",
    "vault status",
    "vault snapshots",
    "vault check",
    "keys list",
    "keys status",
    "keys lint",
    "keys export --stdout",
    "keys identity list",
    "keys identity add 'Ann <ann@example.org>'",
    "keys identity primary 2",
    "keys identity revoke 'Ann <ann@example.org>' --yes",
    "keys renew --yes",
    "keys generate --usage auth --algo ed25519",
    "keys ssh-pubkey",
    "keys revoke 5104605F3DEFDA24 --yes",
    "keys revocation-cert",
    "keys certify bob.asc --yes",
    "keys master revoke --reason none --confirm 1BAD42B9D3EB840E",
    "audit show",
    "audit verify",
    "vault seal",
    "vault revert [snapshot] --yes",
    "vault export identity files --yes",
    "vault restore [snapshot] older --yes",
    "vault trust identity --none --yes",
    "vault passwd --new-passphrase-file ../new",
    "setup --vault-name ann --vault-path ann --identity ../identity.txt --name Ann \
     --email ann@example.org",
    "vault recipients list --vault ann",
    "vault recipients add [recipient] --vault ann",
    "vault recipients remove [recipient] --vault ann --yes",
    "keys renew --vault ann --yes",
    "vault discard --vault ann --yes",
    "vault create new --path new --identity ../identity.txt",
    "keys create --vault new --name Ann --email ann@example.org",
    "vault seal --vault new",
    "vault import older --name old --path old --identity ../identity.txt --keep-passphrase",
    "vault add copy --path ../copy --identity ../identity.txt",
    "vault discard --vault copy --yes",
    "vault status",
    "daemon restart",
    "daemon stop",
    "daemon stop",
];

/// They refuse JSON, or print for something else than a program that reads it.
const WITHOUT: [&str; 2] = ["completions", "exec"];

/// All commands by the program's own word: those of the groups, too.
fn commands(sandbox: &Sandbox, group: &str) -> Vec<String> {
    let help = sandbox.gpgsmith(&[words(group), vec!["--help"]].concat()).ok().stdout;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter_map(|line| {
        let name = line.strip_prefix("  ")?.split(' ').next()?;
        (!name.is_empty() && name != "help").then(|| format!("{group} {name}").trim().to_owned())
    });
    let inside = names.flat_map(|name| match commands(sandbox, &name) {
        none if none.is_empty() => vec![name],
        some => some,
    });
    inside.collect()
}

/// Somebody who can open vaults with an identity file.
fn recipient(sandbox: &Sandbox, file: &str) -> String {
    sandbox.tool("age-keygen", &["-o", &sandbox.text(file)]).ok();
    sandbox.tool("age-keygen", &["-y", &sandbox.text(file)]).ok().stdout.trim().to_owned()
}

#[test]
fn every_command_speaks_json() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    with_bob(&sandbox);
    sandbox.write("new", "a new passphrase\n");
    let other = recipient(&sandbox, "other.txt");
    let snapshot = sandbox.snapshots("vaults/identity").pop().unwrap();
    let copy = sandbox.path("copy");
    std::fs::create_dir(&copy).unwrap();
    std::fs::copy(sandbox.path("vaults/identity").join(&snapshot), copy.join(&snapshot)).unwrap();
    for line in LINES {
        let line = line.replace("[snapshot]", &snapshot).replace("[recipient]", &other);
        let flags = ["--json", "--key-passphrase-file", "../passphrase"];
        let run = sandbox.unlocked(&[words(&line), flags.to_vec()].concat());
        let run = run.fails(if line == "keys lint" { 9 } else { 0 });
        assert!(run.json().is_object(), "{run}");
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        assert_eq!(run.stderr, "", "{line}: {run}");
    }
}

#[test]
fn no_command_is_forgotten() {
    let sandbox = Sandbox::new();
    let all = commands(&sandbox, "");
    assert!(all.len() > 40, "the help lists commands in another way: {all:?}");
    let is = |line: &&str, command: &str| {
        line.strip_prefix(command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    for command in &all {
        let tried = LINES.iter().chain(&WITHOUT).any(|line| is(line, command));
        assert!(tried, "{command} has no line in this file");
    }
}
