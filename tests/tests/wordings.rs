//! What users are told where nothing else happens: each error and question of the commands that
//! change keys and vaults, word by word. The stories of those commands show the rest.

use gpgsmith_tests::{
    run::Run,
    sandbox::{PASSPHRASE, Sandbox},
};
use insta::assert_snapshot;

use crate::{
    keys::{empty, with_bob},
    life::{story, words},
};

/// Somebody who can open vaults with an identity file; no secret of theirs is needed.
const SOMEBODY: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// The same who is sealed to already.
const OWN: &str = "[this machine's recipient]";

/// Runs each line with the exit code that it must have, and tells all of it.
fn told(sandbox: &Sandbox, lines: &[(i32, &str)]) -> String {
    let run = |line: &str, code: i32| -> Run { sandbox.unlocked(&words(line)).fails(code) };
    let runs: Vec<_> = lines.iter().map(|&(code, line)| (line, run(line, code))).collect();
    story(&runs)
}

/// A vault with an identity file and no keys, open.
fn without_keys() -> Sandbox {
    let sandbox = empty();
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    sandbox
}

/// The same with keys.
fn with_keys() -> Sandbox {
    let sandbox = without_keys();
    let create = "keys create --name Ann --email ann@example.org";
    sandbox.unlocked(&words(&format!("{create} --key-passphrase-file ../passphrase"))).ok();
    sandbox
}

#[test]
fn a_vault_without_a_master_key() {
    let sandbox = without_keys();
    with_bob(&sandbox);
    let lines = [
        (2, "keys renew"),
        (2, "keys revoke 1BAD42B9D3EB840E"),
        (2, "keys generate"),
        (2, "keys revocation-cert"),
        (2, "keys ssh-pubkey"),
        (2, "keys export --stdout"),
        (2, "keys export --secret-subkeys new.asc"),
        (2, "keys certify bob.asc"),
        (2, "keys master revoke --reason none"),
        (2, "keys lint"),
        (2, "keys identity add Ann"),
        (0, "keys list"),
        (0, "keys status"),
        (0, "keys identity list"),
        (6, "keys create --name Ann --email ann@example.org"),
        (2, "vault passwd --new-passphrase-file ../passphrase"),
    ];
    assert_snapshot!("wordings__no_master_key", told(&sandbox, &lines));
}

#[test]
fn keys_with_a_passphrase_of_their_own() {
    let sandbox = with_keys();
    sandbox.write("wrong", "not it\n");
    sandbox.write("new", "a new passphrase\n");
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    let lines = [
        (6, "keys renew --yes"),
        (5, "keys renew --yes --key-passphrase-file ../wrong"),
        (6, "vault passwd --new-passphrase-file ../new"),
        (6, "vault passwd --key-passphrase-file ../passphrase"),
        (2, "vault passwd --key-passphrase-file ../passphrase --new-passphrase-file ../passphrase"),
        (0, "vault passwd --key-passphrase-file ../passphrase --new-passphrase-file ../new"),
    ];
    assert_snapshot!("wordings__own_passphrase", told(&sandbox, &lines));
    let another = "exec -- gpg --batch --pinentry-mode loopback --passphrase other \
                   --quick-gen-key Another ed25519 cert 0";
    let passwd = "vault passwd --key-passphrase-file ../new --new-passphrase-file ../passphrase";
    sandbox.gpgsmith(&words(another)).ok();
    assert_snapshot!("wordings__several_passphrases", told(&sandbox, &[(5, passwd)]));
}

#[test]
fn a_passphrase_that_is_not_typed() {
    let sandbox = with_keys();
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    let mut terminal = sandbox.terminal(&["keys", "renew", "--yes"]);
    terminal.expect("Passphrase for the keys in the vault new:");
    terminal.press("\x03");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    let last = screen.trim_end().lines().next_back().unwrap_or_default().to_owned();
    assert_snapshot!(last, @"error: no passphrase was given; nothing has changed");
}

#[test]
fn recipients() {
    let sandbox = without_keys();
    let own = sandbox.gpgsmith(&["vault", "recipients", "list"]).ok().stdout;
    let own = own.split(' ').next().unwrap();
    let remove = |who: &str| format!("vault recipients remove {who}");
    let (add_own, remove_own) = (format!("vault recipients add {own}"), remove(own));
    let (remove, removed) = (remove(SOMEBODY), format!("{} --yes", remove(SOMEBODY)));
    let add = format!("vault recipients add {SOMEBODY}");
    let lines = [
        (2, "vault recipients add age1nonsense"),
        (2, "vault recipients add ann@example.org"),
        (1, &*add_own),
        (4, &*remove_own),
        (2, &*remove),
        (0, &*add),
        (0, "vault recipients list"),
        (6, &*remove),
        (0, &*removed),
    ];
    assert_snapshot!("wordings__recipients", told(&sandbox, &lines).replace(own, OWN));
}

/// Homes and files of somebody's that have no passphrase: `one`, `two` (with two master keys),
/// `stub.asc` (without the master key's secret part), `none` and `public.asc` (without secret keys).
fn with_sources(sandbox: &Sandbox) {
    let recipe = "exec >out 2>&1 </dev/null
gpg='gpg --batch --pinentry-mode loopback --passphrase='
mkdir -m 700 one two none
for name in Ann Bea; do
    $gpg'' --homedir two --quick-gen-key $name@example.org ed25519 cert 0
done
$gpg'' --homedir one --quick-gen-key Ann@example.org ed25519 cert 0
key=$(gpg --homedir one --with-colons -K | awk -F: '$1 == \"fpr\" { print $10; exit }')
$gpg'' --homedir one --quick-add-key $key cv25519 encr 1y
$gpg'' --homedir one --armor --export-secret-subkeys >stub.asc
gpg --homedir one --armor --export >public.asc
for home in one two; do gpgconf --homedir $home --kill all; done
rm -f */pubring.kbx~ */tofu.db";
    let done = sandbox.tool("sh", &["-ec", recipe]);
    assert_eq!(done.code, Some(0), "{}", sandbox.read("home/out"));
}

#[test]
fn importing() {
    let sandbox = Sandbox::new();
    sandbox.tool("age-keygen", &["-o", &sandbox.text("identity.txt")]).ok();
    with_sources(&sandbox);
    let new = |source: &str, name: &str| {
        format!("vault import {source} --name {name} --path {name} --identity ../identity.txt")
    };
    let (two, stub) = (new("two", "new"), new("stub.asc", "stub"));
    let other = format!("{two} --master 203E92AA7E59B62AFB0632831BAD42B9D3EB840E");
    let lines = [
        (2, "vault import nowhere --name new --path new"),
        (2, "vault import /dev/null --name new --path new"),
        (2, "vault import one --path new"),
        (1, "vault import one --name new"),
        (2, &*new("none", "new")),
        (2, &*new("public.asc", "new")),
        (6, &*two),
        (2, &*other),
        (0, &*new("one", "one")),
        (0, &*stub),
    ];
    assert_snapshot!("wordings__import", told(&sandbox, &lines));
    let mut left = String::new();
    for answer in ["\n", "3\n"] {
        let run = sandbox.gpgsmith_reading(&words(&two), answer);
        left = format!("{left}{answer}{}\n", run.shown());
    }
    assert_snapshot!("wordings__import_answers", left);
}

#[test]
fn importing_what_is_not_trusted() {
    let sandbox = without_keys();
    with_sources(&sandbox);
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    let trust = ["vault", "trust", "new", "203E92AA7E59B62AFB0632831BAD42B9D3EB840E", "--yes"];
    sandbox.gpgsmith(&trust).ok();
    for name in sandbox.snapshots("vaults/new") {
        std::fs::remove_file(sandbox.path("vaults/new").join(name)).unwrap();
    }
    let refused = told(&sandbox, &[(4, "vault import one --name new")]);
    assert_snapshot!("wordings__import_not_trusted", refused);
}

#[test]
fn taking_a_vault_out() {
    let sandbox = with_keys();
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.write("home/file", "");
    let snapshot = sandbox.snapshots("vaults/new").pop().unwrap();
    let restore = format!("vault restore {snapshot} out");
    let lines = [
        (2, "vault restore 2020 out"),
        (2, "vault restore 20 out"),
        (1, "vault export new file"),
        (1, "vault export nowhere out"),
        (6, "vault export new out"),
        (6, &*restore),
        (0, "vault export new out --yes"),
    ];
    let story = told(&sandbox, &lines).replace(&snapshot, "[snapshot]");
    assert_snapshot!("wordings__export", story);
}

#[test]
fn a_no_changes_nothing() {
    let sandbox = with_keys();
    let passphrase = format!("{PASSPHRASE}\n");
    let before = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let subkey = keys["certificates"][0]["subkeys"][0]["key_id"].as_str().unwrap();
    let revoke = format!("keys revoke {subkey}");
    let mut runs = Vec::new();
    for line in [
        "keys renew",
        &revoke,
        "keys generate",
        "keys export --secret-subkeys new.asc",
        "keys identity revoke 1",
    ] {
        let run = sandbox.gpgsmith_reading(&words(line), &format!("n\n{passphrase}"));
        runs.push((line, run.fails(8)));
    }
    assert_snapshot!("wordings__declined", story(&runs).replace(subkey, "[subkey]"));
    assert_eq!(sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout, before);
}

#[test]
fn identities() {
    let sandbox = with_keys();
    let lines = [
        (2, "keys identity revoke 9 --yes"),
        (2, "keys identity primary nobody"),
        (1, "keys identity add 'Ann <ann@example.org>'"),
        (2, "keys identity add ''"),
    ];
    assert_snapshot!("wordings__identity", told(&sandbox, &lines));
}
