//! A machine joins the others: the vault's directory is there already.

use gpgsmith_tests::fixture::MASTER;
use insta::assert_snapshot;

use super::*;

#[test]
fn a_vault_that_another_machine_has_made_is_added_once_it_opens() {
    let (laptop, desk) = (Sandbox::new(), Sandbox::new());
    laptop.register(&["pass-fast"]);
    for name in laptop.snapshots("vaults/pass-fast") {
        desk.write(&format!("vault/{name}"), "");
        fs::copy(laptop.path("vaults/pass-fast").join(&name), desk.path("vault").join(name))
            .unwrap();
    }
    desk.write("right", &laptop.read("passphrase"));
    desk.write("wrong", "something else\n");
    let (dir, right) = (desk.text("vault"), desk.text("right"));
    desk.write("empty/file", "");
    let (empty, wrong) = (desk.text("empty"), desk.text("wrong"));
    let add = |name, dir, passphrase| {
        let line = ["vault", "add", name, "--path", dir, "--no-input"];
        desk.gpgsmith(&[&line[..], &["--passphrase-file", passphrase]].concat())
    };
    let known = || desk.gpgsmith(&["vault", "list"]).ok().stdout;

    assert_snapshot!("vault_add__wrong_passphrase", add("work", &dir, &wrong).fails(5).shown());
    assert_snapshot!("vault_add__no_snapshots", add("work", &empty, &right).fails(1).shown());
    let missing = desk.text("missing");
    assert_snapshot!("vault_add__no_directory", add("work", &missing, &right).fails(1).shown());
    assert!(!known().contains("work"), "{}", known());

    assert_snapshot!("vault_add", add("work", &dir, &right).ok().shown());
    assert!(known().contains(MASTER), "{}", known());
    assert!(desk.gpgsmith(&["keys", "list"]).ok().stdout.contains(&MASTER[24..]));
    for name in ["work", "again"] {
        let run = add(name, &dir, &right).fails(1);
        assert!(run.stderr.contains("there is a vault work already, in"), "{run}");
    }
    discard(&desk);
}
