//! A vault's life: made, filled, sealed, opened again.

use std::time::Duration;

use gpgsmith_kernel::{
    home::lineage::{self, FileKind},
    session::{ReadOnly, Session, SessionError, SessionOpts, trust::is_master_key_mismatch},
};
use gpgsmith_vault::{OpenOptions, Tree};

use super::*;

#[tokio::test]
async fn a_new_vault_has_a_first_snapshot_with_a_lineage() {
    let machine = Machine::new();
    let session = machine.create().await;
    assert_eq!(session.canonical_base(), "20261123T120000Z_initial-import.tar.age");
    session.discard().await.unwrap();
    assert_eq!(machine.files(), ["20261123T120000Z_initial-import.tar.age"]);

    let dir = tempfile::tempdir().unwrap();
    let vault = machine.vault();
    let tree = Tree::plain(dir.path());
    vault.store.open(&machine.files()[0], &vault.key, &tree, &OpenOptions::default()).unwrap();
    let lineage = lineage::read(dir.path()).unwrap().unwrap();
    assert_eq!((lineage.this.seq, lineage.this.kind), (1, FileKind::Canonical));
    assert_eq!(lineage.this.name, machine.files()[0]);
    assert!(lineage.parents.is_empty() && lineage.secrets.len() == 1);
}

#[tokio::test]
async fn what_is_sealed_is_there_when_it_is_opened_again() {
    let machine = Machine::new();
    let session = machine.create().await;
    let master = make_keys(&session).await;
    assert_eq!(session.configured_master_fp(), Some(master), "W-66");
    let sealed = session.seal("First keys!").await.unwrap();
    assert_eq!(sealed.first_anchor, Some(master));
    assert!(sealed.snapshot.name.file_name().ends_with("_first-keys.tar.age"));
    assert!(session.is_closed());
    assert!(matches!(session.seal("again").await, Err(SessionError::Closed)));
    assert_eq!(machine.files().len(), 2);

    let opened = machine.open().await.unwrap();
    assert_eq!(opened.tofu_fingerprint, Some(master));
    assert_eq!(identities(&opened.session).await, ["Ann Example <ann@example.org>"]);
    let entries = opened.session.with_audit_log(gpgsmith_audit::Log::load).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].action, "create-key");
    opened.session.discard().await.unwrap();
    assert_eq!(machine.files().len(), 2);
}

#[tokio::test]
async fn the_lineage_goes_on_from_snapshot_to_snapshot() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let second = session.checkpoint("keys").await.unwrap();
    add_identity(&session, "Ann at Work <ann@work.example>").await.unwrap();
    let third = session.seal("identity").await.unwrap();
    assert!(third.snapshot.name > second.snapshot.name);

    let opened = machine.open().await.unwrap().session;
    let lineage = lineage::read(&opened.workdir().join("home")).unwrap().unwrap();
    assert_eq!(lineage.this.seq, 3);
    assert_eq!(lineage.parents[0].name, second.snapshot.name.file_name());
    assert_eq!(lineage.ancestors.len(), 1);
    assert_eq!(lineage.audit.count, 2);
    assert_eq!(lineage.local_secrets.len(), 2);
    opened.discard().await.unwrap();
}

#[tokio::test]
async fn an_anchor_that_matches_is_no_first_use() {
    let mut machine = Machine::new();
    let session = machine.create().await;
    let master = make_keys(&session).await;
    session.seal("keys").await.unwrap();
    machine.anchor = Some(master.to_string());
    let opened = machine.open().await.unwrap();
    assert_eq!(opened.tofu_fingerprint, None);
    assert!(opened.session.read_only().is_none());
    opened.session.discard().await.unwrap();
}

#[tokio::test]
async fn a_mismatch_leaves_nothing_behind() {
    let mut machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.seal("keys").await.unwrap();
    let before = machine.files();
    machine.anchor = Some("A".repeat(40));
    let mut opts = machine.opts();
    let ram = tempfile::tempdir_in("/dev/shm").unwrap();
    opts.workdir.parent = Some(ram.path().to_owned());
    let error = Session::open(&machine.vault(), &machine.entry(), opts).await.unwrap_err();
    assert!(is_master_key_mismatch(&error));
    assert_eq!(machine.files(), before);
    assert_eq!(std::fs::read_dir(ram.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn w13_a_snapshot_without_a_key_does_not_pass_the_anchor() {
    let mut machine = Machine::new();
    machine.create().await.discard().await.unwrap();
    machine.anchor = Some("A".repeat(40));
    assert!(is_master_key_mismatch(&machine.open().await.unwrap_err()));
}

#[tokio::test]
async fn a_wrong_passphrase_changes_nothing() {
    let machine = Machine::new();
    machine.create().await.discard().await.unwrap();
    let before = machine.files();
    let wrong = machine.vault_with("correct horse battery stable");
    let error = Session::open(&wrong, &machine.entry(), machine.opts()).await.unwrap_err();
    assert!(matches!(error, SessionError::Open { .. }), "{error:?}");
    assert_eq!(machine.files(), before);
}

#[tokio::test]
async fn one_vault_has_one_session_on_a_machine() {
    let machine = Machine::new();
    let session = machine.create().await;
    assert!(matches!(machine.open().await, Err(SessionError::Busy { .. })), "W-07, W-14");
    session.discard().await.unwrap();
    machine.open().await.unwrap().session.discard().await.unwrap();
}

#[tokio::test]
async fn a_read_only_session_refuses_every_step_and_seal_and_leaves_no_trace() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.seal("keys").await.unwrap();
    let before = machine.files();
    let opts = SessionOpts { read_only: true, ..machine.opts() };
    let session = Session::open(&machine.vault(), &machine.entry(), opts).await.unwrap().session;
    assert_eq!(machine.files(), before);
    assert_eq!(identities(&session).await.len(), 1);
    let error = add_identity(&session, "Eve <eve@example.org>").await.unwrap_err();
    assert!(matches!(error, SessionError::ReadOnly { why: ReadOnly::Asked, .. }));
    assert!(matches!(session.seal("x").await, Err(SessionError::ReadOnly { .. })));
    assert!(matches!(session.checkpoint("x").await, Err(SessionError::ReadOnly { .. })));
    drop(session);
    assert_eq!(machine.files(), before);
}

#[tokio::test]
async fn discarding_a_read_only_session_leaves_unfinished_work_alone() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.auto_seal_and_drop().await.unwrap();
    let before = machine.files();
    let opts = SessionOpts { read_only: true, ..machine.opts() };
    let session = Session::open(&machine.vault(), &machine.entry(), opts).await.unwrap().session;
    session.discard().await.unwrap();
    assert_eq!(machine.files(), before);
}

#[tokio::test]
async fn a_clock_that_is_behind_does_not_break_the_order() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    machine.clock.set("2026-11-20T00:00:00Z".parse().unwrap());
    let sealed = session.seal("!!!").await.unwrap();
    assert_eq!(sealed.snapshot.name.file_name(), "20261123T120001Z_snapshot.tar.age", "W-19, W-20");
}

#[tokio::test]
async fn a_snapshot_from_the_future_opens_for_reading_only() {
    let machine = Machine::new();
    machine.clock.set("2027-06-01T00:00:00Z".parse().unwrap());
    machine.create().await.discard().await.unwrap();
    machine.clock.set("2026-11-23T00:00:00Z".parse().unwrap());
    let session = machine.open().await.unwrap().session;
    assert!(matches!(session.read_only(), Some(ReadOnly::Future(_))));
    session.discard().await.unwrap();
}

#[tokio::test]
async fn the_heartbeat_refreshes_the_sidecar() {
    let machine = Machine::new();
    machine.create().await.discard().await.unwrap();
    let opts =
        SessionOpts { heartbeat_interval: Some(Duration::from_millis(20)), ..machine.opts() };
    let session = Session::open(&machine.vault(), &machine.entry(), opts).await.unwrap().session;
    let info = || machine.files().into_iter().find(|name| name.contains(".session-")).unwrap();
    let read = || {
        let path = machine.vault_dir.join(info());
        gpgsmith_kernel::session::ephemeral::EphemeralInfo::read(&path).unwrap()
    };
    let first = read();
    machine.clock.advance(Duration::from_secs(30));
    for _ in 0..500 {
        if read().last_heartbeat > first.last_heartbeat {
            session.discard().await.unwrap();
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no heartbeat came");
}
