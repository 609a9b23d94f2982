//! What a key needs in its life, as the user sees it: each command with its questions and errors.

mod export;
mod generate;
mod renew;
mod revocation;
mod revoke;
mod ssh;

use gpgsmith_tests::{run::Run, sandbox::Sandbox};
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
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    let newest = sandbox.snapshots("vaults/identity").pop().unwrap();
    let recipe = r#"cd "$1"
age -d -i identity.txt "vaults/identity/$2" | (mkdir open && tar -x -C open)
rm -r open/openpgp-revocs.d
recipient=$(age-keygen -y identity.txt)
tar -c --format=ustar -C open . | age -r "$recipient" -o vaults/identity/20261124T000000Z_lost.tar.age
rm -r open"#;
    sandbox.tool("sh", &["-ec", recipe, "sh", &sandbox.text(""), &newest]).ok();
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
fn column(sandbox: &Sandbox, name: &str) -> Vec<String> {
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let certificate = &keys["certificates"][0];
    let subkeys = certificate["subkeys"].as_array().unwrap();
    let text = |key: &Value| key[name].as_str().unwrap_or("-").to_owned();
    std::iter::once(&certificate["primary"]).chain(subkeys).map(text).collect()
}
