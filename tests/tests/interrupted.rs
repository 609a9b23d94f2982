//! Each change of the keys, interrupted at each of its calls of gpg: before or after, never half.

use gpgsmith_tests::{gate::Story, sandbox::Sandbox};

/// A vault of the Go program with a master key and a live subkey of each kind.
fn pass() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.step_back("pass-fast");
    sandbox
}

/// Interrupts `line` in the vault of `fresh`.
fn interrupt(fresh: &dyn Fn() -> Sandbox, line: &str) {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    Story { fresh, command: &|_| words.clone() }.is_whole_or_not_at_all();
}

#[test]
fn adding_an_identity() {
    interrupt(&pass, "keys identity add Ann");
}

#[test]
fn making_the_first_keys() {
    let create = "keys create --name Ann --email ann@example.org --algo nistp256";
    interrupt(&crate::keys::empty, &format!("{create} --key-passphrase-file ../passphrase"));
}

#[test]
fn generating_subkeys() {
    interrupt(&pass, "keys generate --usage sign,encrypt --algo ed25519 --yes");
}

#[test]
fn renewing_keys() {
    interrupt(&pass, "keys renew --for 5y 1BAD42B9D3EB840E 5104605F3DEFDA24 --yes");
}

#[test]
fn revoking_subkeys() {
    interrupt(&pass, "keys revoke 33DC8F1EEE57B934 5104605F3DEFDA24 --reason superseded --yes");
}

#[test]
fn certifying_a_key() {
    let with_bob = || {
        let sandbox = pass();
        crate::keys::with_bob(&sandbox);
        sandbox
    };
    interrupt(&with_bob, "keys certify bob.asc --yes");
}

#[test]
fn making_a_revocation_certificate() {
    interrupt(
        &crate::keys::without_revocation,
        "keys revocation-cert --key-passphrase-file ../passphrase",
    );
}

#[test]
fn signing_anew() {
    let fix = "keys lint --fix --key-passphrase-file ../passphrase";
    let words: Vec<String> = fix.split(' ').map(str::to_owned).collect();
    let story = Story { fresh: &crate::keys::flawed, command: &|_| words.clone() };
    story.is_whole_ending_with(9);
}
