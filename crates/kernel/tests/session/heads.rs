//! What a machine has seen: rollback, replay, forgery, forks, other vaults, the future.

use std::{fs, path::Path};

use gpgsmith_kernel::{
    home::{lineage, policy},
    session::{
        Accept, ReadOnly, Session, SessionError, SessionOpts,
        ephemeral::find_ephemeral_for,
        heads::{Lost, Refusal},
        seen::{Seen, SeenFiles},
    },
};
use gpgsmith_vault::{Contents, SealOptions, Tree};

use super::*;

const ACCEPT_ROLLBACK: Accept = Accept { rollback: true, future: false };

impl Machine {
    /// Opens, adds a user ID and seals; the name of the snapshot.
    pub async fn seal_another(&self, identity: &str) -> String {
        self.clock.advance(Duration::from_secs(10));
        let session = self.open().await.unwrap().session;
        add_identity(&session, identity).await.unwrap();
        session.seal(identity).await.unwrap().snapshot.name.file_name()
    }

    /// A vault with a master key in its second snapshot.
    pub async fn with_keys(&self) -> String {
        let session = self.create().await;
        make_keys(&session).await;
        session.seal("keys").await.unwrap().snapshot.name.file_name()
    }

    async fn open_with(&self, accept: Accept) -> Result<OpenSessionResult, SessionError> {
        let opts = SessionOpts { accept, ..self.opts() };
        Session::open(&self.vault(), &self.entry(), opts).await
    }

    /// Why it does not open. No file of the vault has changed then, nor what was seen.
    async fn refused(&self) -> Refusal {
        let before = (self.files(), self.seen());
        let error = self.open().await.unwrap_err();
        assert_eq!((self.files(), self.seen()), before);
        let why = match error {
            SessionError::Refused { why, .. } => Ok(why),
            other => Err(other),
        };
        why.unwrap()
    }

    pub fn seen(&self) -> Seen {
        SeenFiles::new(&self.opts().state).in_dir(&self.vault_dir).unwrap().unwrap()
    }

    pub fn take_away(&self, name: &str) -> Vec<u8> {
        let bytes = fs::read(self.vault_dir.join(name)).unwrap();
        fs::remove_file(self.vault_dir.join(name)).unwrap();
        bytes
    }

    /// As a sync service leaves a file that it has not brought whole.
    pub fn cut_short(&self, name: &str) {
        let mut bytes = self.take_away(name);
        bytes.truncate(bytes.len() - 100);
        self.put(name, &bytes);
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.vault_dir.join(name), bytes).unwrap();
    }

    /// Seals what the newest snapshot holds once more as `name`, after `change`: as someone does
    /// who has the passphrase or the recipient, and another program.
    pub async fn seal_foreign(&self, name: &str, change: impl FnOnce(&Path)) {
        let opts = SessionOpts { read_only: true, ..self.opts() };
        let session = Session::open(&self.vault(), &self.entry(), opts).await.unwrap().session;
        let aside = self.dir.path().join("foreign");
        fs::create_dir_all(aside.join("private-keys-v1.d")).unwrap();
        let home = session.workdir().join("home");
        for file in ["pubring.kbx", "gpgsmith.yaml", "gpgsmith-lineage.yaml", "gpgsmith-audit.yaml"]
        {
            fs::copy(home.join(file), aside.join(file)).unwrap();
        }
        for key in fs::read_dir(home.join("private-keys-v1.d")).unwrap() {
            let key = key.unwrap();
            let into = aside.join("private-keys-v1.d").join(key.file_name());
            fs::copy(key.path(), into).unwrap();
        }
        drop(session);
        change(&aside);
        let tree = Tree::new(&aside, self.dir.path().join("carried"), policy::gnupg_home());
        let vault = self.vault();
        let options = SealOptions::default();
        vault.store.seal(&name.parse().unwrap(), &tree, &vault.key, &options).unwrap();
        fs::remove_dir_all(&aside).unwrap();
    }
}

fn lines(notes: &[String]) -> String {
    notes.join("\n")
}

/// Makes the lineage in `home` describe the snapshot `name` with the content that is there.
pub fn describe(home: &Path, name: &str, change: impl FnOnce(&mut lineage::Lineage)) {
    let mut lineage = lineage::read(home).unwrap().unwrap();
    let contents: Contents =
        Tree::new(home, home.join("nothing"), policy::gnupg_home()).contents().unwrap();
    lineage.this.manifest = lineage::manifest(&contents);
    name.clone_into(&mut lineage.this.name);
    change(&mut lineage);
    lineage.write(home).unwrap();
}

#[tokio::test]
async fn a_newest_snapshot_that_is_gone_is_noticed_and_can_be_brought_back() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    let bytes = machine.take_away(&newest);
    let gone =
        Refusal::Rollback { head: newest.clone(), how: Lost::Gone, kept: None, newest: keys };
    assert_eq!(machine.refused().await, gone);
    machine.put(&newest, &bytes);
    let session = machine.open().await.unwrap().session;
    assert_eq!(identities(&session).await.len(), 2);
    session.discard().await.unwrap();
}

#[tokio::test]
async fn a_rollback_that_is_accepted_is_the_head_from_then_on() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    let bytes = machine.take_away(&newest);
    let session = machine.open_with(ACCEPT_ROLLBACK).await.unwrap().session;
    assert_eq!(session.canonical_base(), keys);
    session.discard().await.unwrap();
    machine.open().await.unwrap().session.discard().await.unwrap();
    let next = machine.seal_another("Ann Elsewhere <ann@else.example>").await;
    // What was given up comes back after all: it is a fork, and says so.
    machine.put(&newest, &bytes);
    let opened = machine.open().await.unwrap();
    assert_eq!(opened.session.canonical_base(), next);
    assert!(lines(&opened.notes).contains(&format!("does not hold the work in {newest}")));
    opened.session.discard().await.unwrap();
}

#[tokio::test]
async fn a_newest_snapshot_that_was_replaced_is_noticed() {
    let machine = Machine::new();
    machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    machine.take_away(&newest);
    let desk = Machine::beside(&machine, "desk");
    let there = desk.open().await.unwrap().session;
    add_identity(&there, "Eve <eve@example.org>").await.unwrap();
    let sealed = there.seal("evil").await.unwrap().snapshot;
    fs::rename(sealed.path, machine.vault_dir.join(&newest)).unwrap();
    let replaced = Refusal::Rollback {
        head: newest.clone(),
        how: Lost::Replaced,
        kept: None,
        newest: newest.clone(),
    };
    assert_eq!(machine.refused().await, replaced);
}

#[tokio::test]
async fn a_damaged_newest_names_the_one_before_and_a_damaged_head_is_noticed() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    machine.cut_short(&newest);
    let error = machine.open().await.unwrap_err();
    assert!(
        matches!(&error, SessionError::Damaged { before: Some(before), .. } if *before == keys)
    );
    // Another machine, which has not seen it, goes on from the one before.
    let desk = Machine::beside(&machine, "desk");
    let whole = fs::read(machine.vault_dir.join(&newest)).unwrap();
    machine.take_away(&newest);
    let later = desk.seal_another("Desk <desk@example.org>").await;
    machine.put(&newest, &whole);
    let damaged = Refusal::Rollback { head: newest, how: Lost::Damaged, kept: None, newest: later };
    assert_eq!(machine.refused().await, damaged);
}

#[tokio::test]
async fn an_old_snapshot_under_a_newer_name_is_a_replay() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    let newer = "20261123T230000Z_trust-me.tar.age";
    let bytes = fs::read(machine.vault_dir.join(&keys)).unwrap();
    machine.put(newer, &bytes);
    let replay = Refusal::Replay { newest: newer.to_owned(), of: keys, head: newest.clone() };
    assert_eq!(machine.refused().await, replay);
    // The same of the newest is only a copy.
    let bytes = fs::read(machine.vault_dir.join(&newest)).unwrap();
    machine.put(newer, &bytes);
    let opened = machine.open().await.unwrap();
    assert!(lines(&opened.notes).contains(&format!("{newer} is a copy of {newest}")));
    opened.session.discard().await.unwrap();
}

#[tokio::test]
async fn whoever_has_not_read_the_vault_cannot_forge_a_snapshot() {
    let machine = Machine::new();
    machine.with_keys().await;
    let forged = "20261123T230000Z_trust-me.tar.age";
    machine
        .seal_foreign(forged, |home| {
            describe(home, forged, |lineage| lineage.secrets = vec!["00".repeat(32)]);
        })
        .await;
    assert!(matches!(machine.refused().await, Refusal::Forged { newest, .. } if newest == forged));
    let accepted = machine.open_with(ACCEPT_ROLLBACK).await.unwrap_err();
    assert!(matches!(accepted, SessionError::Refused { why: Refusal::Forged { .. }, .. }));
}

#[tokio::test]
async fn a_new_secret_before_the_pinned_one_is_fine() {
    let machine = Machine::new();
    machine.with_keys().await;
    let name = "20261123T230000Z_recipient-removed.tar.age";
    machine
        .seal_foreign(name, |home| {
            describe(home, name, |lineage| {
                lineage.secrets.insert(0, "11".repeat(32));
                lineage.parents.clear();
            });
        })
        .await;
    machine.open().await.unwrap().session.discard().await.unwrap();
    assert_eq!(machine.seen().earlier.len(), 1, "the new one is pinned");
}

#[tokio::test]
async fn a_snapshot_of_another_vault_or_without_lineage_is_refused() {
    let machine = Machine::new();
    machine.with_keys().await;
    let lost = "20261123T230000Z_old-program.tar.age";
    machine
        .seal_foreign(lost, |home| fs::remove_file(home.join("gpgsmith-lineage.yaml")).unwrap())
        .await;
    assert_eq!(machine.refused().await, Refusal::LineageLost { newest: lost.to_owned() });
    machine.take_away(lost);
    let other = Machine::new();
    other.with_keys().await;
    let foreign = "20261123T230000Z_another.tar.age";
    let bytes = fs::read(other.vault_dir.join(other.files().last().unwrap())).unwrap();
    machine.put(foreign, &bytes);
    assert_eq!(machine.refused().await, Refusal::OtherVault { newest: foreign.to_owned() });
    let session = machine.open_with(ACCEPT_ROLLBACK).await.unwrap().session;
    session.discard().await.unwrap();
    machine.open().await.unwrap().session.discard().await.unwrap();
}

#[tokio::test]
async fn a_seal_of_a_program_without_lineage_takes_its_place_and_is_named() {
    let machine = Machine::new();
    machine.with_keys().await;
    let theirs = "20261123T230000Z_go.tar.age";
    let add = |home: &Path| fs::write(home.join("gpgsmith-servers.yaml"), "a: b\n").unwrap();
    machine.seal_foreign(theirs, add).await;
    let opened = machine.open().await.unwrap();
    assert!(lines(&opened.notes).contains("sealed by a program that keeps no lineage"));
    opened.session.discard().await.unwrap();
    assert_eq!(machine.seen().head().unwrap().name, theirs);
    machine.clock.set("2026-11-24T12:00:00Z".parse().unwrap());
    machine.seal_another("Ann at Work <ann@work.example>").await;
    assert_eq!(machine.seen().other_heads().len(), 0);
}

#[tokio::test]
async fn an_older_snapshot_that_is_gone_is_named() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    machine.take_away(&keys);
    let opened = machine.open().await.unwrap();
    assert!(lines(&opened.notes).contains(&format!("seen before, and gone: {keys}")));
    opened.session.discard().await.unwrap();
    let desk = Machine::beside(&machine, "desk");
    let opened = desk.open().await.unwrap();
    assert!(lines(&opened.notes).contains(&format!("was made from {keys}, not in the directory")));
    opened.session.discard().await.unwrap();
}

#[tokio::test]
async fn an_older_snapshot_of_another_content_and_the_same_size_is_named() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    let whole = machine.take_away(&keys);
    machine.put(&keys, &whole); // brought anew, as it was
    let look = || async {
        let opened = machine.open().await.unwrap();
        opened.session.discard().await.unwrap();
        lines(&opened.notes)
    };
    assert_eq!(look().await, "");
    let stamp = |name: &str| machine.seen().by_name(name).unwrap().stamp.clone();
    let before = stamp(&keys).unwrap();
    assert_eq!(
        (look().await, stamp(&keys)),
        (String::new(), Some(before)),
        "it was not read again"
    );
    let mut other = whole.clone();
    other[whole.len() / 2] ^= 1;
    machine.put(&keys, &other);
    for _ in 0..2 {
        assert_eq!(look().await, format!("not what this machine has seen: {keys}"));
    }
    machine.put(&keys, &whole);
    assert_eq!(look().await, "");
}

#[tokio::test]
async fn a_fork_is_named_by_both_machines_until_it_is_gone() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    let session = machine.open().await.unwrap().session;
    let theirs = desk.seal_another("Theirs <t@example.org>").await;
    add_identity(&session, "Ours <o@example.org>").await.unwrap();
    machine.clock.advance(Duration::from_secs(10));
    let ours = session.seal_fork("ours").await.unwrap().snapshot.name.file_name();
    for machine in [&machine, &desk, &machine, &desk] {
        let opened = machine.open().await.unwrap();
        assert_eq!(opened.session.canonical_base(), ours);
        let notes = lines(&opened.notes);
        assert!(notes.contains(&format!("does not hold the work in {theirs}")), "{notes}");
        opened.session.discard().await.unwrap();
        let heads: Vec<_> = machine.seen().other_heads().iter().map(|h| h.name.clone()).collect();
        assert_eq!(heads, std::slice::from_ref(&theirs));
    }
}

#[tokio::test]
async fn a_snapshot_that_arrives_late_below_the_newest_is_found_to_be_a_fork() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    let late = desk.seal_another("Theirs <t@example.org>").await;
    let bytes = machine.take_away(&late);
    let ours = machine.seal_another("Ours <o@example.org>").await;
    assert!(late < ours);
    machine.put(&late, &bytes);
    let opened = machine.open().await.unwrap();
    assert!(lines(&opened.notes).contains(&format!("does not hold the work in {late}")));
    opened.session.discard().await.unwrap();
}

#[tokio::test]
async fn unfinished_work_is_not_resumed_on_a_vault_that_was_rolled_back() {
    let machine = Machine::new();
    machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    let session = machine.open().await.unwrap().session;
    add_identity(&session, "Unfinished <u@example.org>").await.unwrap();
    drop(session);
    let pair = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    let bytes = machine.take_away(&newest);
    let resume = || async {
        Session::resume(&machine.vault(), &machine.entry(), &pair, machine.opts()).await
    };
    let error = resume().await.unwrap_err();
    assert!(matches!(error, SessionError::Refused { why: Refusal::Rollback { .. }, .. }));
    machine.put(&newest, &bytes);
    assert_eq!(identities(&resume().await.unwrap().session).await.len(), 3);
}

#[tokio::test]
async fn a_snapshot_of_the_future_is_worked_on_once_that_is_accepted() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    machine.clock.set("2027-06-01T00:00:00Z".parse().unwrap());
    let future = desk.seal_another("Desk <desk@example.org>").await;
    machine.clock.set("2026-11-24T00:00:00Z".parse().unwrap());
    let head = machine.seen().head().cloned();
    let session = machine.open().await.unwrap().session;
    assert!(matches!(session.read_only(), Some(ReadOnly::Future(_))));
    assert_eq!(machine.seen().head().cloned(), head, "nothing is taken for the head yet");
    session.discard().await.unwrap();
    let accept = Accept { rollback: false, future: true };
    let session = machine.open_with(accept).await.unwrap().session;
    assert_eq!((session.read_only(), session.canonical_base()), (None, future));
    add_identity(&session, "Ours <o@example.org>").await.unwrap();
    session.seal("ours").await.unwrap();
    let session = machine.open().await.unwrap().session;
    assert_eq!(session.read_only(), None, "it was accepted");
    session.discard().await.unwrap();
}
