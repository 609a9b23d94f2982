//! Going back to an older state.

use gpgsmith_kernel::session::{
    Session, SessionError, heads::Refusal, revert::Revert, trust::is_master_key_mismatch,
};

use super::{heads::describe, *};

impl Machine {
    async fn revert(&self, to: &str) -> Result<Revert, SessionError> {
        Session::revert(&self.vault(), &self.entry(), self.opts(), &to.parse().unwrap()).await
    }
}

#[tokio::test]
async fn an_old_state_becomes_the_newest_and_the_log_goes_on() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    let newest = machine.seal_another("Ann Elsewhere <ann@else.example>").await;
    let before = machine.files();
    machine.clock.advance(Duration::from_secs(10));
    let revert = machine.revert(&keys).await.unwrap();
    let undone = revert.undone().clone();
    assert_eq!((undone.heads.as_slice(), undone.secrets), ([newest].as_slice(), 0));
    let actions: Vec<_> = undone.entries.unwrap().into_iter().map(|entry| entry.action).collect();
    assert_eq!(actions, ["add-identity", "add-identity"]);
    assert_eq!(machine.files(), before, "nothing has changed yet");
    let sealed = revert.seal("back").await.unwrap().snapshot.name.file_name();
    assert_eq!(machine.files().len(), before.len() + 1, "{:?}", machine.files());

    let opened = machine.open().await.unwrap();
    assert_eq!((opened.session.canonical_base(), opened.notes.len()), (sealed, 0));
    assert_eq!(identities(&opened.session).await, ["Ann Example <ann@example.org>"]);
    let log = opened.session.with_audit_log(gpgsmith_audit::Log::load).await.unwrap();
    let actions: Vec<_> = log.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["create-key", "add-identity", "add-identity", "revert"]);
    let report = opened.session.with_audit_log(gpgsmith_audit::Log::verify).await.unwrap();
    assert!(report.is_intact());
    opened.session.discard().await.unwrap();
    // Another machine takes it for the head's successor.
    let desk = Machine::beside(&machine, "desk");
    desk.open().await.unwrap().session.discard().await.unwrap();
}

#[tokio::test]
async fn a_revert_that_is_not_sealed_changes_nothing() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    machine.seal_another("Ann at Work <ann@work.example>").await;
    let before = (machine.files(), machine.seen());
    drop(machine.revert(&keys).await.unwrap());
    assert_eq!((machine.files(), machine.seen()), before);
    let newest = machine.files().pop().unwrap();
    let error = machine.revert(&newest).await.unwrap_err();
    assert!(matches!(error, SessionError::AlreadyNewest(name) if name == newest));
    machine.open().await.unwrap().session.discard().await.unwrap();
}

#[tokio::test]
async fn going_back_ends_a_fork_for_every_machine() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    let session = machine.open().await.unwrap().session;
    desk.seal_another("Theirs <t@example.org>").await;
    let theirs = desk.seal_another("Theirs again <ta@example.org>").await;
    add_identity(&session, "Ours <o@example.org>").await.unwrap();
    machine.clock.advance(Duration::from_secs(10));
    let ours = session.seal_fork("ours").await.unwrap().snapshot.name.file_name();
    machine.open().await.unwrap().session.discard().await.unwrap();
    assert_eq!(machine.seen().other_heads().len(), 1);
    machine.clock.advance(Duration::from_secs(10));
    // Theirs was right.
    let revert = machine.revert(&theirs).await.unwrap();
    assert_eq!(revert.undone().heads, [ours, theirs]);
    let sealed = revert.seal("theirs").await.unwrap().snapshot.name.file_name();
    for machine in [&machine, &desk] {
        let opened = machine.open().await.unwrap();
        assert_eq!(
            (opened.session.canonical_base(), opened.notes.join("\n")),
            (sealed.clone(), String::new())
        );
        assert_eq!(identities(&opened.session).await.len(), 3);
        opened.session.discard().await.unwrap();
        assert_eq!(machine.seen().heads.len(), 1);
    }
}

#[tokio::test]
async fn going_back_from_a_damaged_newest_snapshot() {
    let machine = Machine::new();
    let keys = machine.with_keys().await;
    let newest = machine.seal_another("Ann at Work <ann@work.example>").await;
    machine.cut_short(&newest);
    machine.clock.advance(Duration::from_secs(10));
    let revert = machine.revert(&keys).await.unwrap();
    let sealed = revert.seal("back").await.unwrap().snapshot.name.file_name();
    let session = machine.open().await.unwrap().session;
    assert_eq!(session.canonical_base(), sealed);
    session.discard().await.unwrap();
}

#[tokio::test]
async fn a_vault_does_not_go_back_past_its_trusted_key_nor_to_a_stranger_s_snapshot() {
    let mut machine = Machine::new();
    machine.with_keys().await;
    machine.anchor = machine.open().await.unwrap().tofu_fingerprint.map(|key| key.to_string());
    let first = machine.files().remove(0);
    let before = machine.files();
    let error = machine.revert(&first).await.unwrap().seal("back").await.unwrap_err();
    assert!(is_master_key_mismatch(&error), "{error:?}");
    assert_eq!(machine.files(), before);
    let forged = "20261123T110000Z_old.tar.age";
    machine
        .seal_foreign(forged, |home| {
            describe(home, forged, |lineage| lineage.secrets = vec!["00".repeat(32)]);
        })
        .await;
    let error = machine.revert(forged).await.unwrap_err();
    assert!(matches!(error, SessionError::Refused { why: Refusal::Forged { .. }, .. }));
}
