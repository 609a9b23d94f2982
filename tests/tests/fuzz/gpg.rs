//! What gpg prints: listings, and the status lines that drive a dialogue. A gpg that was given a
//! hostile key ring may print anything.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use gpgsmith_gpg::{Client, ClientOptions, Program, listing};
use gpgsmith_tests::{
    extent::rounds,
    mutate::{Corpus, fuzz},
    sandbox::Sandbox,
};

use super::{fixtures, in_ram};

#[test]
fn no_listing_is_too_strange_to_be_read_or_refused() {
    let words = [
        "pub:",
        "sec:",
        "sub:",
        "ssb:",
        "uid:",
        "uat:",
        "sig:",
        "rev:",
        "fpr:",
        "grp:",
        "pkd:",
        "spk:",
        "tru:",
        "::::::::::",
        "\n",
        ":!:",
        ":-:",
        ":99999999999:",
        ":+:",
        ":#:",
        "\\x3a",
        "\\xff",
        "%3A",
        "13x",
        "ed25519",
        "D2760001240100000006",
    ];
    let corpus = Corpus { inputs: fixtures(".colons"), words: &words };
    let (mut read, mut refused) = (0, 0);
    fuzz(&corpus, rounds(5000, 300_000), |bytes, _| {
        drop(listing::signatures(bytes));
        match listing::parse(bytes) {
            Ok(certificates) => {
                read += 1;
                let lines = bytes.split(|&byte| byte == b'\n').count();
                let parts: usize =
                    certificates.iter().map(|one| one.keys().count() + one.user_ids.len()).sum();
                assert!(parts <= lines, "more was read than was printed");
            }
            Err(_) => refused += 1,
        }
    });
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused: both are to be seen");
}

/// What real gpg says while keys are made, listed, changed, used, and while that fails.
const SPEAK: &str = r#"
exec >/dev/null 2>&1 </dev/null
home="$1/real"
mkdir -m 700 "$home"
gpg="gpg --homedir $home --batch --no-tty --pinentry-mode loopback --passphrase x --status-fd 3"
$gpg --quick-gen-key 'Ann <ann@example.org>' ed25519 cert 2y 3>"$1/1.status"
fpr=$(gpg --homedir "$home" --list-keys --with-colons | sed -n 's/^fpr:::::::::\(.*\):/\1/p' | head -n 1)
$gpg --quick-add-key "$fpr" ed25519 sign 2y 3>"$1/2.status"
$gpg --quick-add-uid "$fpr" 'B <b@example.org>' 3>"$1/3.status"
$gpg --quick-add-uid "$fpr" 'B <b@example.org>' 3>"$1/4.status" || true
echo hello >"$1/hello"
$gpg --output "$1/hello.sig" --detach-sign "$1/hello" 3>"$1/5.status"
$gpg --verify "$1/hello.sig" "$1/hello" 3>"$1/6.status"
printf 'key 1\nexpire\n3y\nsave\n' >"$1/answers"
$gpg --command-file "$1/answers" --edit-key "$fpr" 3>"$1/7.status"
printf 'uid 2\nrevuid\ny\n0\n\ny\nsave\n' >"$1/answers"
$gpg --command-file "$1/answers" --edit-key "$fpr" 3>"$1/8.status"
$gpg --export "$fpr" 3>"$1/9.status" >"$1/ring"
$gpg --import "$1/ring" 3>"$1/10.status"
gpgconf --homedir "$home" --kill all
"#;

/// A gpg that says on both of its channels what lies in its home.
const MUTTERER: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
    --version) exec gpg --version ;;
    --homedir) home="$2" ;;
    --status-fd) status="$2" ;;
    esac
    shift
done
if [ -n "$status" ]; then eval "cat \"\$home/said.status\" >&$status"; fi
cat "$home/said.colons"
"#;

/// What [`SPEAK`] heard.
fn spoken() -> Vec<Vec<u8>> {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("spoken")).unwrap();
    sandbox.tool("sh", &["-ec", SPEAK, "sh", &sandbox.text("spoken")]).ok();
    let names = sandbox.names("spoken").into_iter();
    let spoken: Vec<Vec<u8>> = names
        .filter(|name| name.strip_suffix(".status").is_some())
        .map(|name| fs::read(sandbox.path("spoken").join(name)).unwrap())
        .collect();
    assert_eq!(spoken.len(), 10);
    assert!(spoken.iter().all(|said| said.starts_with(b"[GNUPG:] ")), "{spoken:?}");
    spoken
}

/// A home whose gpg is [`MUTTERER`].
async fn muttering(dir: &Path) -> Client {
    let (home, programs) = (dir.join("home"), dir.join("bin"));
    for dir in [&home, &programs] {
        fs::create_dir(dir).unwrap();
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let gpg = programs.join("gpg");
    fs::write(&gpg, MUTTERER).unwrap();
    fs::set_permissions(&gpg, fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program::find(Some(&gpg)).await.unwrap();
    Client::open(ClientOptions::new(home, program)).await.unwrap()
}

#[test]
fn a_gpg_that_says_anything_is_an_error_at_worst() {
    let words = [
        "[GNUPG:] ",
        "GET_HIDDEN passphrase.enter\n",
        "GET_LINE keyedit.prompt\n",
        "GET_BOOL keyedit.save.okay\n",
        "GOT_IT\n",
        "GET_HIDDEN passphrase.pin.ask\n",
        "KEY_CREATED ",
        "FAILURE ",
        "ERROR ",
        "VALIDSIG ",
        "IMPORT_OK ",
        "\n",
        " ",
    ];
    let said = Corpus { inputs: spoken(), words: &words };
    let colons = fixtures(".colons");
    let dir = in_ram();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(muttering(dir.path()));
    let passphrase = secrecy::SecretString::from("correct horse battery staple");
    fuzz(&said, rounds(150, 5000), |bytes, numbers| {
        let listed = &colons[numbers.below(colons.len())];
        fs::write(client.home().join("said.status"), bytes).unwrap();
        fs::write(client.home().join("said.colons"), listed).unwrap();
        let certificates = listing::parse(listed).unwrap();
        let Some(master) = certificates.first().map(|one| one.primary.fingerprint) else { return };
        let user_id = "C <c@example.org>".parse().unwrap();
        runtime.block_on(async {
            // Whatever each of them answers: it does.
            match numbers.below(4) {
                0 => drop(client.add_user_id(&master, &user_id, &passphrase).await),
                1 => drop(client.revoke_user_id(&master, &user_id, &passphrase).await),
                2 => drop(client.prove(&master, &passphrase).await),
                _ => drop(client.import_public(bytes).await),
            }
        });
    });
    runtime.block_on(client.close()).unwrap();
}
