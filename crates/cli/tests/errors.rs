use insta::assert_snapshot;

use crate::sandbox::Sandbox;

#[test]
fn w34_a_fresh_machine_has_empty_lists() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.run(&["vault", "list"]).ok().stdout, "No vaults.\n");
    assert_eq!(sandbox.run(&["vault", "status"]).ok().stdout, "No vaults open.\n");
    let json = sandbox.run(&["vault", "list", "--json"]).ok().stdout;
    assert_eq!(json, "{\"schema_version\":1,\"vaults\":[]}\n");
}

#[test]
fn an_unknown_vault_is_told_before_a_passphrase_is_asked_for() {
    let sandbox = Sandbox::with_vault();
    let unknown = sandbox.answer(&["vault", "open", "wrok"], "secret\n").fails(1);
    assert_snapshot!(unknown.stderr);
}

#[test]
fn a_taken_name_is_told_before_a_passphrase_is_asked_for() {
    let sandbox = Sandbox::with_vault();
    let taken = sandbox.answer(&["vault", "create", "work", "--path", "other"], "a\na\n").fails(1);
    assert!(!taken.stderr.contains("passphrase"), "{}", taken.stderr);
    assert_snapshot!(taken.stderr);
}

#[test]
fn w69_each_kind_of_failure_has_its_exit_code() {
    let sandbox = Sandbox::new();
    sandbox.run(&["keys", "list"]).fails(7);
    let unasked = sandbox.answer(&["keys", "create"], "Ann\nann@example.org\n").fails(7);
    assert!(unasked.stderr.starts_with("error: no session is open\n"), "{}", unasked.stderr);
    let sandbox = Sandbox::with_passphrase();
    sandbox.run(&["vault", "discard"]).ok();
    let open = ["vault", "open", "work", "--no-shell", "--passphrase-file", "-"];
    let wrong = sandbox.answer(&open, "wrong\n").fails(5);
    assert_snapshot!(wrong.stderr);
    let unasked = sandbox.run(&["vault", "open", "work", "--no-shell", "--no-input"]).fails(6);
    assert_snapshot!(unasked.stderr);
    sandbox.run(&["vault", "trust", "work", "not a fingerprint", "--yes"]).fails(2);
}

#[test]
fn w30_several_sessions_are_told_apart_by_vault() {
    let sandbox = Sandbox::with_vault();
    sandbox.create("home");
    let several = sandbox.run(&["keys", "list"]).fails(7);
    assert_snapshot!(several.stderr);
    assert_eq!(sandbox.run(&["keys", "list", "--vault", "home"]).ok().stdout, "No keys.\n");
}

#[test]
fn errors_are_json_where_results_are() {
    let sandbox = Sandbox::new();
    let error = sandbox.run(&["--json", "vault", "snapshots", "nope"]).fails(1);
    assert_eq!(error.stdout, "");
    let json: serde_json::Value = serde_json::from_str(&error.stderr).unwrap();
    assert_eq!(json["error"]["code"], "unknown_vault");
    assert_eq!(json["error"]["hint"]["action"], "vault list");
}

#[test]
fn w67_the_anchor_changes_only_after_a_yes() {
    let sandbox = Sandbox::with_vault();
    let fingerprint = "203e92aa7e59b62afb0632831bad42b9d3eb840e";
    let trust = ["vault", "trust", "work", fingerprint];
    let unasked = sandbox.run(&[&trust[..], &["--no-input"]].concat()).fails(6);
    assert!(unasked.stderr.contains("--yes"), "{}", unasked.stderr);
    sandbox.answer(&trust, "n\n").fails(8);
    sandbox.answer(&trust, "").fails(6);
    let anchor = || sandbox.run(&["vault", "list", "--json"]).ok().stdout;
    assert!(!anchor().contains("trusted_master_fp"), "{}", anchor());
    assert_eq!(
        sandbox.answer(&trust, "y\n").ok().stderr.lines().last().unwrap(),
        "Change the trusted key? [y/N]: trust anchor updated for work"
    );
    assert!(anchor().contains("trusted_master_fp"));
    sandbox.run(&["vault", "trust", "work", "--none", "--yes"]).ok();
    assert!(!anchor().contains("trusted_master_fp"));
}

#[test]
fn w35_a_fingerprint_may_be_written_in_small_letters() {
    let sandbox = Sandbox::with_keys();
    let list = sandbox.command(&["vault", "list", "--json"]).output().unwrap().stdout;
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    let recorded = list["vaults"][0]["trusted_master_fp"].as_str().unwrap();
    sandbox.run(&["vault", "seal"]).ok();
    sandbox.run(&["vault", "trust", "work", "--none", "--yes"]).ok();
    sandbox.run(&["vault", "trust", "work", &recorded.to_lowercase(), "--yes"]).ok();
    sandbox.run(&["vault", "open", "work", "--no-shell"]).ok();
}
