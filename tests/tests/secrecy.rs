//! Where no secret may ever be: on the disk in the clear, in argv, in an environment.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gpgsmith_tests::{
    sandbox::{PASSPHRASE, Sandbox},
    tmpfs::Tmpfs,
};

/// What every secret key file of gpg's holds, whichever kind it is.
const KEY_FILE: &str = "protected-private-key";

/// The regular files below `dir`, but for those in `except`.
fn files(dir: &Path, except: &[PathBuf]) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !except.contains(path));
    let below =
        entries.flat_map(|path| if path.is_dir() { files(&path, except) } else { vec![path] });
    below.filter(|path| path.is_file()).collect()
}

fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

#[test]
fn no_secret_is_on_the_disk_or_to_be_seen_in_a_process() {
    let sandbox = Sandbox::new();
    let ram = Tmpfs::mount(&sandbox.path("ram"), "size=64m");
    sandbox.register(&["pass-fast"]);
    sandbox.settings(&format!("workdir: {}\n", ram.path().display()));
    let except = [sandbox.path("passphrase"), ram.path().to_owned()];
    let check = || {
        for path in files(&sandbox.path(""), &except) {
            assert!(!holds(&path, PASSPHRASE), "{}", path.display());
            assert!(!holds(&path, KEY_FILE), "{}", path.display());
        }
        for process in fs::read_dir("/proc").unwrap().flatten() {
            for what in ["cmdline", "environ"] {
                assert!(!holds(&process.path().join(what), PASSPHRASE), "{process:?}");
            }
        }
    };
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let opened = files(ram.path(), &[]);
    assert!(opened.iter().any(|path| holds(path, KEY_FILE)), "the probe finds keys in RAM");
    check();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    check();
    sandbox.unlocked(&["vault", "seal"]).ok();
    assert!(files(ram.path(), &[]).is_empty());
    check();
}

#[test]
fn a_token_is_given_once_and_kept_nowhere() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let opened = sandbox.unlocked(&["vault", "open", "--json"]).ok().json();
    let token = opened["token"].as_str().unwrap();
    for path in files(&sandbox.path(""), &[]) {
        assert!(!holds(&path, token), "{}", path.display());
    }
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok();
    assert!(!status.stdout.contains(token), "{status}");
}
