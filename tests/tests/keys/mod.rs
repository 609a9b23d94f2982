//! What a key needs in its life, as the user sees it: each command with its questions and errors.

mod certify;
mod export;
mod families;
mod generate;
mod lint;
mod master;
mod renew;
mod revocation;
mod revoke;
mod ssh;

pub(crate) use self::{
    certify::with_bob,
    families::{empty, new_keys},
};

use gpgsmith_tests::{fixture::MASTER as FINGERPRINT, run::Run, sandbox::Sandbox};
use serde_json::Value;

use crate::life::{story, words};

/// A vault of the Go program, open: a master key, rsa subkeys that live, and older curve ones of
/// which the signing one is revoked.
fn rotated() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox
}

/// The key ids in it.
const MASTER: &str = "1BAD42B9D3EB840E";
const OLD_SIGN: &str = "33DC8F1EEE57B934";
const OLD_AUTH: &str = "5104605F3DEFDA24";
const SIGN: &str = "7DDEA0A9B2C81248";

/// A vault of the Go program whose newest snapshot has lost the revocation certificate that gpg made
/// along with the key; not open.
pub(crate) fn without_revocation() -> Sandbox {
    resealed("rm -r open/openpgp-revocs.d")
}

/// The same vault, with identities and a subkey that were signed over SHA-1, and one that does not
/// expire.
pub(crate) fn flawed() -> Sandbox {
    let old = "gpg --homedir open --batch --pinentry-mode loopback --passphrase-file passphrase \
               --cert-digest-algo SHA1";
    resealed(&format!(
        "exec >out 2>&1 </dev/null
{old} --quick-add-uid {FINGERPRINT} 'Alice of Old'
{old} --quick-add-key {FINGERPRINT} cv25519 encr 0
gpgconf --homedir open --kill all"
    ))
}

/// A vault with an identity file, whose newest snapshot was made by stock programs: the one before,
/// opened at `open`, after `change`.
fn resealed(change: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    let newest = sandbox.snapshots("vaults/identity").pop().unwrap();
    let recipe = format!(
        r#"cd "$1"
mkdir -m 700 open
age -d -i identity.txt "vaults/identity/$2" | tar -x -C open
{change}
recipient=$(age-keygen -y identity.txt)
tar -c --format=ustar -C open . | age -r "$recipient" -o vaults/identity/20261124T000000Z_changed.tar.age
rm -r open"#
    );
    let done = sandbox.tool("sh", &["-ec", &recipe, "sh", &sandbox.text(""), &newest]);
    assert_eq!(done.code, Some(0), "{done}");
    sandbox
}

/// Runs each line, with the exit code that it must have, and tells all of it.
fn told(sandbox: &Sandbox, lines: &[(i32, &str)]) -> String {
    let run = |line: &str, code: i32| -> Run {
        let run = sandbox.unlocked(&words(line));
        assert_eq!(run.code, Some(code), "{run}");
        run
    };
    let runs: Vec<_> = lines.iter().map(|&(code, line)| (line, run(line, code))).collect();
    story(&runs)
}

/// The rows of `keys list`, by their columns of that name.
pub(crate) fn column(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let certificate = &keys["certificates"][0];
    let subkeys = certificate["subkeys"].as_array().unwrap();
    let text = |key: &Value| key[name].as_str().unwrap_or("-").to_owned();
    std::iter::once(&certificate["primary"]).chain(subkeys).map(text).collect()
}
