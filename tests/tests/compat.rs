//! Vaults that the Go program wrote: read, gone on with, and sealed again in its formats.

use std::{fs, path::Path};

use gpgsmith_tests::{
    fixture::{self, HOST, MASTER},
    sandbox::Sandbox,
    source::read,
    tar::{self, Entry},
};

/// The newest snapshot of `pass`.
const NEWEST: &str = "20261123T171124Z_rotate-subkeys-2026.tar.age";

/// The cells of a table, row by row.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let split = table.lines().map(|line| {
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    });
    split.filter(|row| !row.is_empty()).collect()
}

/// What the Go program printed.
fn expected(name: &str) -> String {
    read(&fixture::path("expected").join(name))
}

fn open(sandbox: &Sandbox, vault: &str) {
    sandbox.unlocked(&["vault", "open", vault, "--no-shell"]).ok();
}

fn stdout(sandbox: &Sandbox, line: &[&str]) -> String {
    sandbox.gpgsmith(line).ok().stdout
}

#[test]
fn listings_are_those_of_the_go_program() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass"]);
    open(&sandbox, "pass");
    let identities = stdout(&sandbox, &["keys", "identity", "list"]);
    assert_eq!(identities, expected("cli-keys-identity-list.txt"));
    assert_eq!(stdout(&sandbox, &["audit", "show"]), expected("cli-audit-show.txt"));
    assert_eq!(stdout(&sandbox, &["vault", "snapshots"]), expected("cli-snapshots.txt"));
    let list = stdout(&sandbox, &["vault", "list"]);
    let root = sandbox.path("");
    let templated = list.replace(root.to_str().unwrap().trim_end_matches('/'), "{{ROOT}}");
    assert_eq!(cells(&templated), cells(&expected("cli-vault-list.txt")));
    // Ours says the curve and the size.
    let keys = stdout(&sandbox, &["keys", "list"]);
    let coarse = keys.replace("cv25519", "ecdh").replace("rsa1024", "rsa");
    assert_eq!(cells(&coarse), cells(&expected("cli-keys-list.txt")));
    sandbox.gpgsmith(&["audit", "verify"]).ok();
}

#[test]
fn stranded_work_is_listed_as_by_the_go_program() {
    let sandbox = Sandbox::new();
    let stranded = ["stranded-clean", "stranded-divergent", "stranded-crash", "stranded-infoonly"];
    sandbox.register(&stranded);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    let ours = stdout(&sandbox, &["vault", "status"]);
    let mut ours = cells(&ours);
    for (row, vault) in
        ours.iter_mut().skip(1).zip(["VAULT", stranded[0], stranded[1], stranded[2]])
    {
        let age = row.pop();
        assert_eq!(row.pop(), Some(vault), "a column of ours, so that one can be opened");
        assert!(age.is_some_and(|age| age == "HEARD OF" || age.ends_with("ago")), "{age:?}");
    }
    let theirs = expected("vault-status.txt");
    let mut theirs = cells(&theirs);
    *theirs[3].last_mut().unwrap() = "true"; // W-11: the Go program never saw the newer snapshot
    assert_eq!(ours, theirs);
}

#[test]
fn w17_an_identity_vault_works_in_every_command() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    for line in [
        &["vault", "snapshots"][..],
        &["vault", "open", "--no-shell"],
        &["keys", "list"],
        &["keys", "status"],
        &["keys", "identity", "list"],
        &["keys", "export", "--stdout"],
        &["audit", "show"],
        &["audit", "verify"],
        &["vault", "seal"],
    ] {
        sandbox.gpgsmith(&[line, &["--no-input"]].concat()).ok();
    }
}

/// Decrypts a snapshot of the identity vault with stock age.
fn archive(sandbox: &Sandbox, snapshot: &Path) -> Vec<Entry> {
    let (key, target) = (sandbox.text("identity.txt"), sandbox.text("archive.tar"));
    let snapshot = snapshot.to_str().unwrap();
    sandbox.tool("age", &["--decrypt", "-i", &key, "-o", &target, snapshot]).ok();
    tar::entries(&fs::read(target).unwrap())
}

#[test]
fn what_was_not_changed_is_sealed_byte_by_byte() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    sandbox.gpgsmith(&["vault", "seal", "-m", "Fête 日本"]).ok();
    let dir = sandbox.path("vaults/identity");
    let names = sandbox.snapshots("vaults/identity");
    assert!(names[2].ends_with("Z_fête-日本.tar.age"), "{names:?}");
    let theirs = archive(&sandbox, &dir.join(&names[1]));
    let mut ours = archive(&sandbox, &dir.join(&names[2]));
    let added: Vec<Entry> =
        ours.extract_if(.., |entry| theirs.iter().all(|there| there.name != entry.name)).collect();
    assert_eq!(ours, theirs);
    let added: Vec<(&str, &str, char)> =
        added.iter().map(|entry| (&*entry.name, &*entry.mode, entry.kind)).collect();
    assert_eq!(added, [("gpgsmith-lineage.yaml", "0000600", '0')]);
}

#[test]
fn the_age_header_is_as_the_go_program_writes_it() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast", "identity"]);
    for (vault, stanza, end) in [("pass-fast", "-> scrypt ", " 18"), ("identity", "-> X25519 ", "")]
    {
        open(&sandbox, vault);
        sandbox.gpgsmith(&["vault", "seal", "--vault", vault]).ok();
        let newest = sandbox.snapshots(&format!("vaults/{vault}")).pop().unwrap();
        let bytes = fs::read(sandbox.path("vaults").join(vault).join(newest)).unwrap();
        let header = String::from_utf8_lossy(&bytes[..300]).into_owned();
        let lines: Vec<&str> = header.lines().collect();
        assert_eq!(lines[0], "age-encryption.org/v1");
        assert!(lines[1].starts_with(stanza) && lines[1].ends_with(end), "{}", lines[1]);
        // Beside it there is at most a stanza that every reader has to pass over.
        let others = lines.iter().skip(2).filter(|line| line.starts_with("-> "));
        assert!(others.clone().all(|line| line.contains("-grease")), "{header}");
    }
}

/// A change by us leaves the Go program's files readable to it: what it wrote stays, what we add
/// stands behind it.
#[test]
fn files_of_the_go_program_grow_only_where_something_changed() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    let keys = ["--key-passphrase-file", &sandbox.passphrase()];
    let add = ["keys", "identity", "add", "New <new@example.org>"];
    sandbox.gpgsmith(&[&add[..], &keys].concat()).ok();
    let info = sandbox.names("vaults/identity").into_iter().find(|name| name.contains(".info"));
    let info = sandbox.read(&format!("vaults/identity/{}", info.unwrap()));
    let keys: Vec<&str> = info.lines().filter_map(|line| line.split(':').next()).collect();
    let go = ["hostname", "source", "started_at", "last_heartbeat", "generation", "status"];
    assert_eq!(keys[..6], go, "{info}");
    assert!(info.contains("\nsource: cli\n") && info.contains("\nstatus: active\n"), "{info}");
    assert!(info.contains("\ngeneration: 1\n"), "{info}");
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    let names = sandbox.snapshots("vaults/identity");
    let dir = sandbox.path("vaults/identity");
    let theirs = archive(&sandbox, &dir.join(&names[1]));
    let ours = archive(&sandbox, &dir.join(&names[2]));
    let content = |archive: &[Entry], name: &str| {
        let entry = archive.iter().find(|entry| entry.name == name).unwrap();
        String::from_utf8(entry.content.clone()).unwrap()
    };
    for name in ["gpgsmith.yaml", "gpgsmith-inventory.yaml", "gpgsmith-servers.yaml"] {
        assert_eq!(content(&ours, name), content(&theirs, name), "{name}");
    }
    let (old, new) =
        (content(&theirs, "gpgsmith-audit.yaml"), content(&ours, "gpgsmith-audit.yaml"));
    let added = new.strip_prefix(&old).unwrap();
    let lines: Vec<&str> = added.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "    - timestamp",
            "      action",
            "      metadata:",
            "        chain",
            "        identity",
            "      details",
        ],
        "{added}"
    );
}

#[test]
fn work_stranded_on_this_host_is_resumed_and_sealed() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-clean", "stranded-crash"]);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    for vault in ["stranded-clean", "stranded-crash"] {
        let refused = sandbox.unlocked(&["vault", "open", vault, "--no-shell"]).fails(6);
        assert!(refused.stderr.contains("--resume"), "{refused}");
        sandbox.unlocked(&["vault", "open", vault, "--no-shell", "--resume"]).ok();
        let identities = stdout(&sandbox, &["keys", "identity", "list"]);
        assert!(identities.contains(&format!("Stranded {vault} <{vault}@example.org>")));
        sandbox.gpgsmith(&["vault", "seal", "-m", "resumed"]).ok();
        let names = sandbox.names(&format!("vaults/{vault}"));
        assert_eq!(names.len(), 4, "no pair is left: {names:?}");
        assert!(names[3].ends_with("_resumed.tar.age"));
    }
}

#[test]
fn work_stranded_on_another_host_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-clean"]);
    sandbox.settings("hostname: elsewhere\n");
    let before = sandbox.names("vaults/stranded-clean");
    let opened = sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    assert!(opened.stderr.contains(HOST), "it is shown: {opened}");
    sandbox.gpgsmith(&["vault", "discard"]).ok();
    assert_eq!(sandbox.names("vaults/stranded-clean"), before);
}

#[test]
fn diverged_work_is_not_sealed_over_what_came_later() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-divergent"]);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    let before = sandbox.snapshots("vaults/stranded-divergent");
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    let refused = sandbox.gpgsmith(&["vault", "seal"]).fails(4);
    insta::assert_snapshot!("vault_seal__diverged", refused.shown());
    assert_eq!(sandbox.snapshots("vaults/stranded-divergent"), before);
    let identities = stdout(&sandbox, &["keys", "identity", "list"]);
    assert!(identities.contains("stranded-divergent@example.org"), "the session is whole");
}

#[test]
fn w08_a_sidecar_alone_is_nothing_to_resume() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-infoonly"]);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    open(&sandbox, "stranded-infoonly");
    let opened = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(opened["open"][0]["snapshot"], NEWEST);
}

#[test]
fn w18_the_registry_keeps_what_the_user_wrote() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let file = "config/locksmith/config.yaml";
    let written = format!("# mine\n{}unknown: kept # too\n", sandbox.read(file));
    let home = format!("path: {}", sandbox.text("vaults/pass-fast"));
    let written = written.replace(&home, "path: ~/link");
    std::os::unix::fs::symlink(sandbox.path("vaults/pass-fast"), sandbox.path("home/link"))
        .unwrap();
    sandbox.write(file, &written);
    open(&sandbox, "pass-fast");
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    assert_eq!(sandbox.read(file), written, "nothing was to be recorded");
    sandbox.gpgsmith(&["vault", "trust", "pass-fast", "--none", "--yes"]).ok();
    let without = written.replace(&format!("      trusted_master_fp: {MASTER}\n"), "");
    assert_eq!(sandbox.read(file), without);
    open(&sandbox, "pass-fast");
    assert_eq!(sandbox.read(file), written, "first use is recorded where it was");
}

#[test]
fn the_registry_of_an_older_go_program_is_understood() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let legacy = format!("vault_dir: {}\ngpg_binary: gpg\n", sandbox.text("vaults/pass-fast"));
    sandbox.write("config/locksmith/config.yaml", &legacy);
    open(&sandbox, "default");
    assert!(stdout(&sandbox, &["keys", "list"]).contains("1BAD42B9D3EB840E"));
    let registry = sandbox.read("config/locksmith/config.yaml");
    assert!(registry.starts_with(&legacy), "{registry}");
    assert!(registry.contains(&format!("trusted_master_fp: {MASTER}")), "{registry}");
}
