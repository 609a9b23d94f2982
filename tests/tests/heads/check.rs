//! `vault check`: a sound vault is found sound, and each damage is found and named.

use std::path::Path;

use gpgsmith_kernel::home::{
    lineage::{self, Lineage, manifest},
    policy,
};
use gpgsmith_tests::{
    fixture::MASTER,
    forge::{archive, copy, file},
    tar::Entry,
    target::Target,
};
use gpgsmith_vault::Tree;
use insta::assert_snapshot;

use super::*;

/// Younger than the snapshots of the Go program, and older than ours.
const BETWEEN: &str = "20261123T190000Z_between.tar.age";

/// A vault with four snapshots, two of them the Go program's, without lineage.
struct Vault {
    target: Target,
    snapshots: Vec<String>,
}

impl Vault {
    fn new() -> Self {
        let target = Target::new();
        seal_another(&target.sandbox, "one");
        seal_another(&target.sandbox, "two");
        let snapshots = target.sandbox.snapshots(DIR);
        assert_eq!(snapshots.len(), 4);
        Self { target, snapshots }
    }

    fn check(&self, flags: &[&str]) -> Run {
        let sandbox = &self.target.sandbox;
        let line = ["vault", "check", "--no-input", "--key-passphrase-file", &sandbox.passphrase()];
        sandbox.gpgsmith(&[&line, flags].concat())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.target.sandbox.path(DIR).join(name)
    }

    /// A name younger than all.
    fn next(&self) -> String {
        let line = ["-u", "-d", "+1 minute", "+%Y%m%dT%H%M%SZ"];
        let stamp = self.target.sandbox.tool("date", &line).ok().stdout;
        format!("{}_tampered.tar.age", stamp.trim())
    }

    fn deliver(&self, name: &str, entries: &[Entry]) {
        let parts: Vec<Vec<u8>> = entries.iter().map(copy).collect();
        self.target.deliver(name, &archive(&parts));
    }

    /// After `damage`, the check fails and says `expected`, of the snapshot `name` or of the vault as
    /// a whole, and has changed nothing. Then the damage is undone.
    #[track_caller]
    fn finds(&self, flags: &[&str], (name, expected): (&str, &str), damage: impl FnOnce()) {
        let whole: Vec<_> = self.files();
        damage();
        let before = self.target.look();
        let run = self.check(flags).fails(1);
        let said = |line: &str| {
            line.starts_with("BAD   ") && line.contains(name) && line.contains(expected)
        };
        assert!(run.stdout.lines().any(said), "{name}: {expected:?}: {run}");
        before.unchanged(&self.target, expected);
        for (name, _) in self.files() {
            fs::remove_file(self.path(&name)).unwrap();
        }
        for (name, bytes) in whole {
            fs::write(self.path(&name), bytes).unwrap();
        }
    }

    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let names = self.target.sandbox.names(DIR).into_iter();
        names.map(|name| (name.clone(), fs::read(self.path(&name)).unwrap())).collect()
    }

    fn alter(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(self.path(name)).unwrap();
        change(&mut bytes);
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The entries of a snapshot with the lineage changed so that it describes them as `name`.
    fn described(
        &self,
        entries: &[Entry],
        name: &str,
        change: impl FnOnce(&mut Lineage),
    ) -> Vec<Entry> {
        let home = self.target.sandbox.path("tmp/home");
        for entry in entries.iter().filter(|entry| entry.kind == '0') {
            let path = home.join(&entry.name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &entry.content).unwrap();
        }
        let mut lineage = lineage::read(&home).unwrap().unwrap();
        lineage.this.manifest = manifest(&contents(&home));
        name.clone_into(&mut lineage.this.name);
        change(&mut lineage);
        lineage.write(&home).unwrap();
        let text = fs::read(home.join(lineage::FILE_NAME)).unwrap();
        fs::remove_dir_all(&home).unwrap();
        with(entries, lineage::FILE_NAME, |content| *content = text)
    }
}

fn contents(home: &Path) -> gpgsmith_vault::Contents {
    Tree::new(home, home.join("nothing"), policy::gnupg_home()).contents().unwrap()
}

fn with(entries: &[Entry], name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    let entry = entries.iter_mut().find(|entry| entry.name == name);
    change(&mut entry.unwrap().content);
    entries
}

/// The entries with one word of the audit log changed.
fn with_a_lie(entries: &[Entry]) -> Vec<Entry> {
    with(entries, "gpgsmith-audit.yaml", |log| {
        let text = String::from_utf8(log.clone()).unwrap();
        let lie = text.replacen("one@example.org", "lie@example.org", 1);
        assert_ne!(lie, text);
        *log = lie.into_bytes();
    })
}

#[test]
fn a_sound_vault_is_found_sound_and_nothing_is_written() {
    let vault = Vault::new();
    let before = vault.target.look();
    assert_snapshot!("vault_check", vault.check(&[]).ok().shown());
    assert_snapshot!("vault_check__all", vault.check(&["--all"]).ok().shown());
    let deep = vault.check(&["--deep", "--json"]).ok().json();
    let checked = deep["snapshots"].as_array().unwrap();
    assert_eq!(checked.len(), 4);
    let proven: Vec<_> = checked.iter().map(|c| (&c["signed"], &c["decrypted"])).collect();
    for (snapshot, (signed, decrypted)) in checked.iter().zip(proven).skip(1) {
        assert_eq!(snapshot["master_fp"], MASTER, "{snapshot}");
        assert!(signed.as_u64() > Some(0) && decrypted.as_u64() > Some(0), "{snapshot}");
    }
    before.unchanged(&vault.target, "a check");
    // Not without the passphrase that the keys need, nor with another.
    let line = ["vault", "check", "--no-input"];
    assert_snapshot!("vault_check__asks", vault.target.sandbox.gpgsmith(&line).fails(6).shown());
    vault.target.sandbox.write("wrong", "not it\n");
    let wrong = vault.target.sandbox.text("wrong");
    let wrong =
        vault.target.sandbox.gpgsmith(&[&line[..], &["--key-passphrase-file", &wrong]].concat());
    assert_snapshot!("vault_check__wrong_passphrase", wrong.fails(1).shown());
}

#[test]
fn a_snapshot_that_does_not_open_or_unpack_is_found() {
    let vault = Vault::new();
    let [_, _, one, two] = [0, 1, 2, 3].map(|at| vault.snapshots[at].as_str());
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 100);
    vault.finds(&[], (two, "is damaged"), || vault.alter(two, cut));
    let flip = |bytes: &mut Vec<u8>| bytes[300] ^= 1;
    vault.finds(&["--all"], (one, "is damaged"), || vault.alter(one, flip));
    let outside = archive(&[file("../outside", "x")]);
    let next = vault.next();
    vault.finds(&[], (&next, "../outside"), || vault.target.deliver(&next, &outside));
    // What has gone, or is not what it was.
    let gone = || fs::remove_file(vault.path(one)).unwrap();
    vault.finds(&[], (one, "was seen before, and is gone"), gone);
    vault.finds(&[], (one, "is behind the newest, and not there"), gone);
    let entries = vault.target.entries(one);
    vault.finds(&[], (one, "is not what this machine has seen"), || {
        fs::remove_file(vault.path(one)).unwrap();
        vault.deliver(one, &entries);
    });
    vault.finds(&[], (two, "which this machine saw last, is gone"), || {
        fs::remove_file(vault.path(two)).unwrap();
    });
}

#[test]
fn keys_that_are_not_the_trusted_ones_or_do_not_work_are_found() {
    let vault = Vault::new();
    let two = vault.snapshots[3].as_str();
    let ours = vault.target.entries(two);
    let nothing = "it holds no master key, as those before it do";
    vault.finds(&["--all"], (BETWEEN, nothing), || vault.deliver(BETWEEN, &[]));
    let next = vault.next();
    vault.finds(&["--all"], (&next, nothing), || vault.deliver(&next, &[]));
    let keys: Vec<_> = ours.iter().filter(|e| e.name.starts_with("private-keys-v1.d/")).collect();
    let (mut lost, mut useless) = (0, 0);
    for key in keys.iter().filter(|key| key.kind == '0') {
        let next = vault.next();
        vault.deliver(&next, &with(&ours, &key.name, |key| *key = b"garbage".to_vec()));
        let run = vault.check(&[]).fails(1);
        let bad = format!("BAD   {next}: ");
        assert!(run.stdout.contains(&bad), "{run}");
        let masters = run.stdout.contains(&format!("the secret part of {MASTER} is lost"));
        *(if masters { &mut lost } else { &mut useless }) += 1;
        fs::remove_file(vault.path(&next)).unwrap();
    }
    assert!(lost == 1 && useless > 1, "{lost} {useless}");
    let registry = "config/locksmith/config.yaml";
    let other = "A".repeat(40);
    let text = vault.target.sandbox.read(registry).replace(MASTER, &other);
    let expected = format!("its master key is {MASTER}, not {other}");
    vault.target.sandbox.write(registry, &text);
    vault.finds(&[], (two, &expected), || {});
}

#[test]
fn an_audit_log_or_a_lineage_that_does_not_fit_is_found() {
    let vault = Vault::new();
    let two = vault.snapshots[3].as_str();
    let ours = vault.target.entries(two);
    let next = vault.next();
    let lie = with_a_lie(&ours);
    vault.finds(&[], (&next, "does not fit its chain"), || vault.deliver(&next, &lie));
    let older = "its audit log is not how the newest one begins";
    vault.finds(&["--deep"], (two, older), || vault.deliver(&next, &lie));
    let count = |lineage: &mut Lineage| lineage.audit.count += 1;
    let miscounted = vault.described(&ours, &next, count);
    let named = "its audit log is not the one that its lineage names";
    vault.finds(&[], (&next, named), || vault.deliver(&next, &miscounted));
    let moved = vault.described(&ours, BETWEEN, |lineage| lineage.vault = "ab".repeat(16));
    let another = "it belongs to another vault";
    vault.finds(&["--all"], (BETWEEN, another), || vault.deliver(BETWEEN, &moved));
    let secrets = |lineage: &mut Lineage| lineage.secrets = vec!["00".repeat(32)];
    let forged = vault.described(&ours, BETWEEN, secrets);
    let unread = "its maker has not read this vault";
    vault.finds(&["--all"], (BETWEEN, unread), || vault.deliver(BETWEEN, &forged));
    let garbled = with(&ours, lineage::FILE_NAME, |text| *text = b"- what\n".to_vec());
    vault.finds(&[], (&next, lineage::FILE_NAME), || vault.deliver(&next, &garbled));
}
