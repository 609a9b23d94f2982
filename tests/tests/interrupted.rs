//! Each change of the keys, interrupted at each of its calls of gpg: before or after, never half.

use gpgsmith_tests::{extent::all, fixture::MASTER, gate::Story, sandbox::Sandbox};

use crate::keys::{column, new_keys};

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
fn revoking_the_master_key() {
    interrupt(&pass, "keys master revoke --reason superseded --confirm 1BAD42B9D3EB840E");
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
fn running_a_command() {
    let gpg = "gpg --batch --passphrase-file ../passphrase --quick-add-uid";
    interrupt(&pass, &format!("exec -- {gpg} {MASTER} Ann_Example"));
}

#[test]
fn signing_anew() {
    let fix = "keys lint --fix --key-passphrase-file ../passphrase";
    let words: Vec<String> = fix.split(' ').map(str::to_owned).collect();
    let story = Story { fresh: &crate::keys::flawed, command: &|_| words.clone() };
    story.is_whole_ending_with(9);
}

/// The key that each of `lines` has an effect on may be of any family: each line on new keys of
/// `algo`, or in short the one of this number.
fn on_new_keys(algo: &str, number: usize) {
    let made = new_keys(algo);
    let [master, sign, encrypt, auth] = column(&made, "key_id").try_into().unwrap();
    made.unlocked(&["vault", "seal"]).ok();
    let fresh = || {
        let sandbox = made.copied();
        sandbox.write("new", "another passphrase\n");
        crate::keys::with_bob(&sandbox);
        sandbox
    };
    let lines = [
        format!("keys renew --for 5y {master} {sign} {encrypt} {auth} --yes"),
        format!("keys revoke {sign} {auth} --reason compromised --yes"),
        "vault passwd --new-passphrase-file ../new".to_owned(),
        format!("keys generate --usage sign --algo {algo}"),
        "keys identity add Ann".to_owned(),
        "keys certify bob.asc --yes".to_owned(),
    ];
    for (_, line) in lines.iter().enumerate().filter(|(at, _)| all() || *at == number) {
        interrupt(&fresh, &format!("{line} --key-passphrase-file ../passphrase"));
    }
}

#[test]
fn on_keys_of_ed25519() {
    on_new_keys("ed25519", 3);
}

#[test]
fn on_keys_of_rsa() {
    on_new_keys(if all() { "rsa4096" } else { "rsa2048" }, 0);
}

#[test]
fn on_keys_of_a_nist_curve() {
    on_new_keys("nistp384", 2);
}

#[test]
fn on_keys_of_brainpool() {
    on_new_keys("brainpoolP256r1", 1);
}

#[test]
fn adding_a_recipient() {
    let with_keys = || {
        let sandbox = Sandbox::new();
        sandbox.register(&["identity"]);
        sandbox
    };
    interrupt(&with_keys, &format!("vault recipients add {STRANGER}"));
}

/// A recipient whose identity nobody has.
const STRANGER: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

#[test]
fn removing_a_recipient() {
    let with_two = || {
        let sandbox = Sandbox::new();
        sandbox.register(&["identity"]);
        sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
        sandbox.unlocked(&["vault", "recipients", "add", STRANGER]).ok();
        sandbox.unlocked(&["vault", "seal"]).ok();
        sandbox
    };
    interrupt(&with_two, &format!("vault recipients remove {STRANGER} --yes"));
}
