//! Checking snapshots: what is well, and each thing that is not.

use std::fs;

use gpgsmith_kernel::session::check::{self, Checked};

use super::*;

const TAMPERED: &str = "20261123T230000Z_tampered.tar.age";

impl Machine {
    /// Every snapshot, compared to the end.
    async fn check(&self) -> Vec<Checked> {
        let (vault, entry, opts) = (self.vault(), self.entry(), self.opts());
        let mut all = Vec::new();
        for snapshot in vault.store.list().unwrap().snapshots {
            let (name, passphrase) = (snapshot.name.file_name(), vault.passphrase.as_ref());
            let check = check::snapshot((&vault, &entry), &opts, &name, passphrase);
            all.push(Box::pin(check).await.unwrap());
        }
        check::compare(&mut all, true);
        all
    }

    async fn check_whole(&self) -> Vec<String> {
        let (vault, entry, opts) = (self.vault(), self.entry(), self.opts());
        let listing = vault.store.list().unwrap();
        let newest = listing.snapshots.last().unwrap();
        let whole = check::whole((&vault, &entry), &opts, &listing, newest);
        Box::pin(whole).await.unwrap()
    }
}

/// What is wrong, by snapshot.
fn problems(checked: &[Checked]) -> Vec<&[String]> {
    checked.iter().map(|checked| checked.problems.as_slice()).collect()
}

#[tokio::test]
async fn a_sound_vault_has_no_problems_and_its_keys_are_proven() {
    let machine = Machine::new();
    machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    let before = (machine.files(), machine.seen());
    let checked = machine.check().await;
    assert_eq!(problems(&checked), [&[] as &[String]; 3]);
    let signed: Vec<_> = checked.iter().map(|checked| checked.signed).collect();
    assert_eq!(signed, [0, 1, 1], "the first is from before there was a key");
    assert!(checked[0].master.is_none() && checked[1].master.is_some());
    assert_eq!(machine.check_whole().await, [""; 0]);
    assert_eq!((machine.files(), machine.seen()), before, "nothing is written");
}

#[tokio::test]
async fn what_does_not_open_or_has_gone_is_found() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    let first = machine.files().remove(0);
    let mut bytes = machine.take_away(&keys);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    machine.put(&keys, &bytes);
    let checked = machine.check().await;
    assert!(checked[1].problems[0].contains("is damaged"), "{:?}", checked[1].problems);
    machine.take_away(&first);
    let whole = machine.check_whole().await;
    assert!(whole.contains(&format!("{first} was seen before, and is gone")), "{whole:?}");
    assert!(whole.contains(&format!("{keys} is not what this machine has seen")), "{whole:?}");
}

#[tokio::test]
async fn a_changed_audit_log_and_a_garbled_key_are_found() {
    let machine = Machine::new();
    machine.with_keys().await;
    machine
        .seal_foreign(TAMPERED, |home| {
            let log = home.join("gpgsmith-audit.yaml");
            let text = fs::read_to_string(&log).unwrap();
            fs::write(&log, text.replace("a test", "a lie")).unwrap();
            for key in fs::read_dir(home.join("private-keys-v1.d")).unwrap() {
                fs::write(key.unwrap().path(), "garbage").unwrap();
            }
        })
        .await;
    let checked = machine.check().await;
    assert_eq!(checked[1].problems, ["its audit log is not how the newest one begins"]);
    assert!(!checked[2].problems.is_empty(), "its keys do not work");
}

#[tokio::test]
async fn a_snapshot_with_another_master_key_is_found() {
    let mut machine = Machine::new();
    machine.with_keys().await;
    machine.anchor = Some("A".repeat(40));
    let checked = machine.check().await;
    assert!(checked[0].problems.is_empty(), "it is from before there was a key");
    assert!(checked[1].problems[0].contains("its master key is"), "{:?}", checked[1].problems);
}
