//! A registry, or settings, of garbage: named, and never overwritten.

use gpgsmith_tests::sandbox::Sandbox;
use insta::assert_snapshot;

const REGISTRY: &str = "config/locksmith/config.yaml";

#[test]
fn the_registry_does_not_parse() {
    let sandbox = Sandbox::new();
    let garbage = "vaults:\n    - name: work\n      path: [/v\n";
    sandbox.write(REGISTRY, garbage);
    let path = sandbox.text("vaults/new");
    assert_snapshot!("vault_list__garbage", sandbox.gpgsmith(&["vault", "list"]).fails(1).shown());
    for line in [
        &["vault", "open", "work", "--no-shell"][..],
        &["vault", "create", "new", "--path", &path],
        &["vault", "trust", "work", "--none", "--yes"],
        &["vault", "snapshots"],
        &["vault", "status"],
    ] {
        let run = sandbox.unlocked(line).fails(1);
        assert!(run.stderr.contains(REGISTRY), "it is named: {run}");
    }
    assert_eq!(sandbox.read(REGISTRY), garbage);
    assert!(!sandbox.path("vaults/new").exists());
}

#[test]
fn the_registry_is_no_text() {
    let sandbox = Sandbox::new();
    sandbox.write(REGISTRY, "\0\u{1}vaults");
    assert_snapshot!("vault_list__no_text", sandbox.gpgsmith(&["vault", "list"]).fails(1).shown());
    assert_eq!(sandbox.read(REGISTRY), "\0\u{1}vaults");
}

#[test]
fn a_setting_of_the_machine_is_misspelt() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.settings("hostnam: desk\n");
    let run = sandbox.unlocked(&["vault", "open", "--no-shell"]).fails(1);
    assert_snapshot!("vault_open__misspelt_setting", run.shown());
}
