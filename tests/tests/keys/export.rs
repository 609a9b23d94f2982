use std::{fs, os::unix::fs::PermissionsExt as _};

use gpgsmith_tests::{
    fixture::MASTER,
    run::Run,
    sandbox::{PASSPHRASE, Sandbox},
};
use insta::assert_snapshot;

use super::{rotated, told};

fn gnupg(sandbox: &Sandbox, dir: &str) {
    let home = sandbox.path(dir);
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
}

fn gpg(sandbox: &Sandbox, dir: &str, args: &[&str]) -> Run {
    let home = sandbox.text(dir);
    let fixed = ["--homedir", &home, "--no-autostart", "--batch", "--with-colons"];
    sandbox.tool("gpg", &[&fixed, args].concat())
}

#[test]
fn the_users_own_keyring_knows_the_key_as_the_users_own() {
    let sandbox = rotated();
    gnupg(&sandbox, "home/.gnupg");
    for _again in 0..2 {
        sandbox.gpgsmith(&["keys", "export"]).ok();
    }
    let listed = gpg(&sandbox, "home/.gnupg", &["--list-keys"]).ok().stdout;
    assert!(
        listed.lines().any(|line| line.starts_with("pub:u:") && line.contains(":u:")),
        "{listed}"
    );
    let trust = gpg(&sandbox, "home/.gnupg", &["--export-ownertrust"]).ok().stdout;
    assert!(trust.contains(&format!("{MASTER}:6:")), "{trust}");
    assert!(!sandbox.path("home/.gnupg/private-keys-v1.d").exists(), "nothing is on a card");
}

#[test]
fn a_minimal_key_is_smaller_and_the_same() {
    let sandbox = rotated();
    let whole = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    let minimal = sandbox.gpgsmith(&["keys", "export", "--stdout", "--minimal"]).ok().stdout;
    assert!(minimal.len() < whole.len(), "{minimal}");
    let (a, b) = ("home/a", "home/b");
    let list = |dir: &str, text: &str| {
        gnupg(&sandbox, dir);
        sandbox.write("home/key.asc", text);
        gpg(&sandbox, dir, &["--import", "key.asc"]).ok();
        gpg(&sandbox, dir, &["--list-keys"]).ok().stdout
    };
    let keys = |text: String| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("tru:")).map(str::to_owned).collect()
    };
    let dates = |lines: Vec<String>| lines.into_iter().filter(|line| !line.starts_with("uid:"));
    assert!(dates(keys(list(a, &whole))).eq(dates(keys(list(b, &minimal)))));
}

#[test]
fn secret_subkeys_leave_without_the_master() {
    let sandbox = rotated();
    let story = told(
        &sandbox,
        &[
            (6, "keys export --secret-subkeys laptop.asc"),
            (0, "keys export --secret-subkeys laptop.asc --yes"),
            (1, "keys export --secret-subkeys laptop.asc --yes"),
            (2, "keys export --secret-subkeys laptop.asc --stdout"),
        ],
    );
    assert_snapshot!("export__secret_subkeys", story);
    let file = sandbox.path("home/laptop.asc");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    gnupg(&sandbox, "home/laptop");
    let recipe = r#"exec >out 2>&1 </dev/null
gpg="gpg --homedir laptop --batch --pinentry-mode loopback --passphrase-file ../passphrase"
$gpg --import laptop.asc
gpg --homedir laptop --with-colons -K
echo hello | $gpg --local-user 7DDEA0A9B2C81248 --clearsign >signed
gpg --homedir laptop --status-fd 1 --verify signed
gpgconf --homedir laptop --kill all"#;
    let done = sandbox.tool("sh", &["-ec", recipe]);
    let said = sandbox.read("home/out");
    assert_eq!(done.code, Some(0), "{said}");
    assert!(said.lines().any(|line| line.starts_with("sec:") && line.contains(":#:")), "{said}");
    assert!(said.contains("[GNUPG:] VALIDSIG "), "{said}");
    assert!(!said.contains(PASSPHRASE));
}

/// What gpg-agent leaves of keys that were moved to a card, where the vault's signing subkey was.
const ON_A_CARD: &str = r#"
grip=$(gpg --homedir open --no-autostart --with-colons --with-keygrip -k |
    awk -F: '$5 == "7DDEA0A9B2C81248" { found = 1 } found && $1 == "grp" { print $10; exit }')
perl -0pi -e 's/\(protected-private-key/(shadowed-private-key/;
    s/\(protected openpgp.*/(shadowed t1-v1 (#D2760001240103040006098765430000# OPENPGP.1))))\n/s' \
    open/private-keys-v1.d/$grip.key
"#;

#[test]
fn the_users_own_keyring_knows_on_which_card_a_key_is() {
    let sandbox = super::resealed(ON_A_CARD);
    gnupg(&sandbox, "home/.gnupg");
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let exported = sandbox.gpgsmith(&["keys", "export"]).ok();
    assert_snapshot!("export__on_a_card", exported.shown());
    let stubs = sandbox.names("home/.gnupg/private-keys-v1.d");
    assert_eq!(stubs.len(), 1, "nothing of what is in the vault: {stubs:?}");
    let stub = sandbox.path("home/.gnupg/private-keys-v1.d").join(&stubs[0]);
    assert_eq!(fs::metadata(&stub).unwrap().permissions().mode() & 0o777, 0o600);
    let stub = fs::read_to_string(stub).unwrap();
    assert!(stub.contains("shadowed-private-key") && !stub.contains("protected"), "{stub}");
}
