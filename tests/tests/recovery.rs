//! Everything can be recovered with stock age, tar and gpg.

use gpgsmith_tests::{
    program::tool,
    sandbox::{PASSPHRASE, Sandbox},
    terminal::Terminal,
};

use crate::life::setup_in;

/// What a user without gpgsmith types, after the snapshot was decrypted to `vault.tar`. gpg
/// starts an agent, which must not hold our pipes.
const RECIPE: &str = r#"
exec >"$1/out" 2>&1 </dev/null
mkdir -m 700 "$1/recovered"
tar -x -f "$1/vault.tar" -C "$1/recovered"
gpg --homedir "$1/recovered" --list-secret-keys --with-colons
echo hello >"$1/hello"
gpg --homedir "$1/recovered" --batch --pinentry-mode loopback --passphrase-file "$1/passphrase" \
    --output "$1/hello.sig" --detach-sign "$1/hello"
gpg --homedir "$1/recovered" --status-fd 1 --verify "$1/hello.sig" "$1/hello"
gpgconf --homedir "$1/recovered" --kill all
"#;

#[test]
fn a_vault_of_ours_is_recovered_without_us() {
    let sandbox = Sandbox::new();
    sandbox.unlocked(&setup_in(&sandbox.text("vaults/ann"))).ok();
    let created = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let master = created["master_fp"].as_str().unwrap();
    sandbox.unlocked(&["vault", "seal"]).ok();
    let newest = sandbox.snapshots("vaults/ann").pop().unwrap();
    let (snapshot, archive) =
        (sandbox.text(&format!("vaults/ann/{newest}")), sandbox.text("vault.tar"));
    let age = ["--decrypt", "--output", &archive, &snapshot];
    // age reads a passphrase from a terminal only.
    let mut terminal = Terminal::start(&sandbox.command(&tool("age"), &age));
    terminal.expect("passphrase");
    terminal.enter(PASSPHRASE);
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    let recipe = sandbox.tool("sh", &["-ec", RECIPE, "sh", &sandbox.text("")]);
    let said = sandbox.read("out");
    assert_eq!(recipe.code, Some(0), "{said}");
    assert!(said.lines().any(|line| line.starts_with("sec:")), "{said}");
    assert!(said.contains(&format!("fpr:::::::::{master}:")), "{said}");
    assert!(said.lines().any(|line| line.starts_with("[GNUPG:] VALIDSIG ")), "{said}");
}
