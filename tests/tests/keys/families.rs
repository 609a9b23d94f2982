//! The same life for keys of each family that gpg makes.

use gpgsmith_tests::sandbox::Sandbox;
use serde_json::Value;

use super::column;

/// A vault with an identity file and new keys of this algorithm, open.
pub(crate) fn new_keys(algo: &str) -> Sandbox {
    let sandbox = empty();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let create = ["keys", "create", "--name", "Ann Example", "--email", "ann@example.org"];
    sandbox.unlocked(&[&create[..], &KEY, &["--algo", algo]].concat()).ok();
    sandbox
}

/// What the keys in a vault without passphrase are opened by.
const KEY: [&str; 2] = ["--key-passphrase-file", "../passphrase"];

/// A vault with an identity file and no keys, not open.
pub(crate) fn empty() -> Sandbox {
    let sandbox = Sandbox::new();
    let identity = sandbox.text("identity.txt");
    sandbox.tool("age-keygen", &["-o", &identity]).ok();
    let vault = sandbox.text("vaults/new");
    let create = ["vault", "create", "new", "--path", &vault, "--identity", &identity];
    sandbox.unlocked(&create).ok();
    sandbox.unlocked(&["vault", "discard"]).ok();
    sandbox
}

fn whole_life(algo: &str) {
    let sandbox = new_keys(algo);
    let keys = |sandbox: &Sandbox| column(sandbox, "key_id");
    let [master, sign, encrypt, auth] = keys(&sandbox).try_into().unwrap();
    let run = |line: &[&str]| sandbox.unlocked(&[line, &KEY].concat()).ok();
    run(&["keys", "renew", "--yes", "--until", "2031-02-03", &master, &sign, &encrypt, &auth]);
    assert_eq!(column(&sandbox, "expires"), ["2031-02-03T12:00:00Z"; 4], "{algo}");
    run(&["keys", "revoke", "--yes", "--reason", "superseded", &sign]);
    assert_eq!(column(&sandbox, "validity"), ["u", "r", "u", "u"], "{algo}");
    run(&["keys", "generate", "--usage", "sign"]);
    assert_eq!(keys(&sandbox).len(), 5);
    let lint = sandbox.gpgsmith(&["keys", "lint", "--json"]).ok().json();
    assert_eq!(lint["findings"], Value::Array(Vec::new()), "{algo}");
    let paper = run(&["keys", "revocation-cert", "--json"]).json();
    assert_eq!(paper["made"], false, "{algo}: gpg has made one along with the key");
    run(&["keys", "export", "--secret-subkeys", "subkeys.asc", "--yes"]);
    let ssh = sandbox.gpgsmith(&["keys", "ssh-pubkey", "--stdout"]);
    let known = ssh.code == Some(0) && ssh.stdout.ends_with(&format!("0x{}\n", &auth[8..]));
    assert_eq!(known, !algo.starts_with("brainpool"), "ssh knows no such curve: {ssh}");
    run(&["vault", "seal"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    assert_eq!(column(&sandbox, "validity"), ["u", "r", "u", "u", "u"], "{algo}");
    sandbox.gpgsmith(&["audit", "verify"]).ok();
    moved(&sandbox, algo);
}

/// The same keys under another passphrase, sealed to a second recipient, out of the vault as a
/// GnuPG home, and from there into another vault.
fn moved(sandbox: &Sandbox, algo: &str) {
    let validity = column(sandbox, "validity");
    let keys = column(sandbox, "key_id");
    sandbox.write("new", "another passphrase\n");
    let (new, second) = (sandbox.text("new"), sandbox.text("second.txt"));
    let passwd = ["vault", "passwd", "--new-passphrase-file", &new];
    let changed = sandbox.unlocked(&[&passwd[..], &KEY, &["--json"]].concat()).ok().json();
    assert_eq!(changed["secret_keys"], keys.len(), "{algo}");
    sandbox.tool("age-keygen", &["-o", &second]).ok();
    let recipient = sandbox.tool("age-keygen", &["-y", &second]).ok().stdout;
    sandbox.unlocked(&["vault", "recipients", "add", recipient.trim()]).ok();
    sandbox.unlocked(&["vault", "seal"]).ok();
    let home = sandbox.text("home/out");
    sandbox.unlocked(&["vault", "export", "new", &home, "--yes"]).ok();
    let (path, key) = (sandbox.text("vaults/again"), ["--key-passphrase-file", &new]);
    let to = ["--name", "again", "--path", &path, "--identity", &second, "--keep-passphrase"];
    sandbox.unlocked(&[&["vault", "import", &home], &to[..], &key].concat()).ok();
    sandbox.unlocked(&["vault", "open", "again", "--no-shell"]).ok();
    assert_eq!(column(sandbox, "key_id"), keys, "{algo}");
    assert_eq!(column(sandbox, "validity"), validity, "{algo}: what was revoked stays so");
    let old = sandbox.unlocked(&[&["keys", "generate", "--usage", "sign"], &KEY[..]].concat());
    old.fails(5);
    sandbox.unlocked(&[&["keys", "generate", "--usage", "sign"], &key[..]].concat()).ok();
}

#[test]
fn ed25519() {
    whole_life("ed25519");
}

#[test]
fn nistp384() {
    whole_life("nistp384");
}

#[test]
fn brainpool() {
    whole_life("brainpoolP256r1");
}

/// Short keys stand for long ones unless everything is tested: gpg takes its time for these.
#[test]
fn rsa() {
    let all = std::env::var_os("GPGSMITH_TESTS").is_some_and(|tests| tests == "all");
    whole_life(if all { "rsa4096" } else { "rsa2048" });
}
