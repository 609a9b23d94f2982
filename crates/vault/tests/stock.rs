//! Everything can be recovered, and written, with stock age and tar.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use gpgsmith_vault::{SealOptions, SnapshotName, Tree};

use crate::{Bench, PASSPHRASE, age_identity, at, cheap, fixture, identity, slug};

fn name() -> SnapshotName {
    SnapshotName::new(at("2026-01-01T00:00:00Z"), slug("x"))
}

fn shell(script: &str, arguments: &[&Path]) {
    let mut bash = Command::new("bash");
    bash.args(["-ec", &format!("set -o pipefail; {script}"), "bash"]).args(arguments);
    let output = bash.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn long_and_odd(bench: &Bench) -> Tree {
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    let longer = format!("{}/{}", "e".repeat(200), "g".repeat(250));
    let files = [("a", "1"), ("Zoë/日本", "2"), (&long, "3"), (&longer, "4"), ("empty/", "")];
    let tree = bench.tree("home", &files);
    std::os::unix::fs::symlink("a", tree.main().join("link")).unwrap();
    std::os::unix::fs::symlink("ü".repeat(80), tree.main().join("long link")).unwrap();
    tree
}

#[test]
fn stock_tools_restore_an_identity_snapshot() {
    let bench = Bench::new();
    let tree = long_and_odd(&bench);
    let sealed = bench.store.seal(&name(), &tree, &identity(), &SealOptions::default()).unwrap();
    fs::create_dir(bench.path("out")).unwrap();
    shell(
        r#"age -d -i "$1" "$2" | tar x -C "$3""#,
        &[&fixture("identity.txt"), &sealed.snapshot.path, &bench.path("out")],
    );
    assert_eq!(Tree::plain(bench.path("out")).contents().unwrap(), sealed.contents);
}

#[test]
fn stock_tools_restore_a_compressed_snapshot() {
    let bench = Bench::new();
    let tree = long_and_odd(&bench);
    let options = SealOptions { gzip: true, ..SealOptions::default() };
    let sealed = bench.store.seal(&name(), &tree, &identity(), &options).unwrap();
    fs::create_dir(bench.path("out")).unwrap();
    shell(
        r#"age -d -i "$1" "$2" | tar xz -C "$3""#,
        &[&fixture("identity.txt"), &sealed.snapshot.path, &bench.path("out")],
    );
    assert_eq!(Tree::plain(bench.path("out")).contents().unwrap(), sealed.contents);
}

/// age reads a passphrase from a terminal only; `script` is one.
#[test]
fn stock_tools_restore_a_passphrase_snapshot() {
    let bench = Bench::new();
    let tree = long_and_odd(&bench);
    let sealed = bench.store.seal(&name(), &tree, &cheap(PASSPHRASE), &SealOptions::default());
    let sealed = sealed.unwrap();
    fs::create_dir(bench.path("out")).unwrap();
    let age = format!(
        "age -d -o '{}' '{}'",
        bench.path("x.tar").display(),
        sealed.snapshot.path.display()
    );
    let mut script = Command::new("script")
        .args(["-qec", &age, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut terminal = script.stdin.take().unwrap();
    writeln!(terminal, "{PASSPHRASE}").unwrap();
    assert!(script.wait().unwrap().success());
    drop(terminal);
    shell(r#"tar xf "$1" -C "$2""#, &[&bench.path("x.tar"), &bench.path("out")]);
    assert_eq!(Tree::plain(bench.path("out")).contents().unwrap(), sealed.contents);
}

#[test]
fn age_crate_opens_our_passphrase_files_and_we_open_its() {
    let bench = Bench::new();
    let tree = bench.tree("home", &[("a", "1")]);
    let sealed = bench.store.seal(&name(), &tree, &cheap(PASSPHRASE), &SealOptions::default());
    let bytes = fs::read(sealed.unwrap().snapshot.path).unwrap();
    let theirs = age::scrypt::Identity::new(PASSPHRASE.into());
    let plain = age::decrypt(&theirs, &bytes).unwrap();

    let mut recipient = age::scrypt::Recipient::new(PASSPHRASE.into());
    recipient.set_work_factor(12);
    bench.put("theirs.age", &age::encrypt(&recipient, &plain).unwrap());
    let again = Tree::plain(bench.path("again"));
    let opened = bench.open("theirs.age", &cheap(PASSPHRASE), &again).unwrap();
    assert_eq!((opened.contents, opened.work_factor), (tree.contents().unwrap(), Some(12)));
}

#[test]
fn what_stock_tools_seal_opens_in_every_tar_format() {
    let bench = Bench::new();
    let tree = long_and_odd(&bench);
    fs::write(bench.path("recipient"), age_identity().to_public().to_string()).unwrap();
    for format in ["gnu", "pax"] {
        let script = format!(r#"tar c --format={format} -C "$1" . | age -R "$2" -o "$3""#);
        let file = bench.store.dir().join("x.age");
        shell(&script, &[tree.main(), &bench.path("recipient"), &file]);
        let again = Tree::plain(bench.path(format));
        let opened = bench.open("x.age", &identity(), &again).unwrap();
        assert_eq!(opened.contents, tree.contents().unwrap(), "{format}");
        fs::remove_file(file).unwrap();
    }
}
