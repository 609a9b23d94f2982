//! Secrets in files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gpgsmith_tests::memory::Secret;

use super::{Canary, run::Locking};

/// The regular files below `dir`, but for those in `except`.
fn files(dir: &Path, except: &[PathBuf]) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let entries = entries.filter(|path| !except.contains(path));
    let below =
        entries.flat_map(|path| if path.is_dir() { files(&path, except) } else { vec![path] });
    below.filter(|path| path.is_file()).collect()
}

fn holding<'a>(files: &'a [PathBuf], secrets: &[Secret]) -> Vec<&'a PathBuf> {
    let holds = |path: &&PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        secrets.iter().any(|secret| secret.is_in(&bytes))
    };
    files.iter().filter(holds).collect()
}

#[test]
fn no_file_of_a_run_holds_a_secret() {
    let canary = Canary::new();
    let given = canary.given.clone();
    assert_eq!(holding(&given, &canary.secrets).len(), given.len(), "they are found there");
    let check = |when: &str| {
        let all = files(&canary.sandbox.path(""), &given);
        assert!(all.iter().any(|path| path.ends_with("logs/daemon.log")), "{all:?}");
        assert_eq!(holding(&all, &canary.secrets), [""; 0].map(PathBuf::from).each_ref(), "{when}");
    };
    canary.work();
    check("while it is open");
    canary.lock(Locking::Park);
    check("at rest");
    canary.sandbox.gpgsmith(&["daemon", "stop"]).ok();
    check("in the end");
}

/// Nor do those inside of a snapshot: a log or a setting is encrypted there, but not for ever.
#[test]
fn no_file_in_a_snapshot_holds_a_secret_in_the_clear() {
    let canary = Canary::new();
    canary.work();
    canary.lock(Locking::Seal);
    let inside = canary.unpacked();
    let all = files(&inside, &[]);
    assert!(all.iter().any(|path| path.ends_with("gpgsmith-audit.yaml")), "{all:?}");
    assert!(all.iter().any(|path| path.parent().unwrap().ends_with("private-keys-v1.d")));
    assert!(holding(&all, &canary.secrets).is_empty(), "{:?}", holding(&all, &canary.secrets));
}
