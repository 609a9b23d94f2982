//! Endings: seal, discard, rest and resume, crash.

use gpgsmith_kernel::{
    home::lineage,
    session::{
        OnUnfinished, Session, SessionError, SessionOpts,
        ephemeral::{EphemeralStatus, find_ephemeral_for},
    },
};

use super::*;

#[tokio::test]
async fn an_untouched_session_leaves_no_pair_when_it_rests() {
    let machine = Machine::new();
    machine.create().await.discard().await.unwrap();
    let session = machine.open().await.unwrap().session;
    session.auto_seal_and_drop().await.unwrap();
    assert!(session.is_closed() && !session.workdir().exists());
    assert_eq!(machine.files().len(), 1);
}

#[tokio::test]
async fn rest_keeps_the_work_for_a_resume_that_counts_on() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let id = session.id().to_owned();
    session.auto_seal_and_drop().await.unwrap();
    assert!(!session.workdir().exists());
    let pair = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    assert_eq!(pair.info.status, EphemeralStatus::IdleSealed);

    let error = machine.open().await.unwrap_err();
    assert!(
        matches!(&error, SessionError::Unfinished { found, .. } if found == std::slice::from_ref(&pair))
    );
    let resumed = Session::resume(&machine.vault(), &machine.entry(), &pair, machine.opts()).await;
    let session = resumed.unwrap().session;
    assert_eq!((session.id(), session.generation()), (id.as_str(), 1));
    assert!(pair.session_path.as_ref().unwrap().exists(), "W-10: the state stays");
    assert_eq!(identities(&session).await.len(), 1);
    add_identity(&session, "Ann at Work <ann@work.example>").await.unwrap();
    assert_eq!(session.generation(), 2);
    session.seal("done").await.unwrap();
    assert_eq!(machine.files().len(), 2, "{:?}", machine.files());
}

#[tokio::test]
async fn a_crash_leaves_the_last_finished_step() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    drop(session);
    assert!(matches!(machine.open().await, Err(SessionError::Unfinished { .. })));
    let pair = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    assert_eq!(pair.info.status, EphemeralStatus::Active);
    let resumed = Session::resume(&machine.vault(), &machine.entry(), &pair, machine.opts()).await;
    assert_eq!(identities(&resumed.unwrap().session).await.len(), 1);
}

#[tokio::test]
async fn w09_a_fresh_start_deletes_nothing_before_the_passphrase_is_proven() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    drop(session);
    let before = machine.files();
    let confirmed = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().into_iter();
    let unfinished = OnUnfinished::Discard(confirmed.collect());
    let opts = || SessionOpts { unfinished: unfinished.clone(), ..machine.opts() };
    let wrong = machine.vault_with("a typo");
    Session::open(&wrong, &machine.entry(), opts()).await.unwrap_err();
    assert_eq!(machine.files(), before);
    let fresh = Session::open(&machine.vault(), &machine.entry(), opts()).await.unwrap().session;
    assert!(fresh.certificates().await.unwrap().is_empty());
    fresh.discard().await.unwrap();
    assert_eq!(machine.files().len(), 1);
}

#[tokio::test]
async fn a_fresh_start_discards_only_what_the_user_was_told_of() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    drop(session);
    let told = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    let base = &told.canonical_base;
    // A second state whose sidecar a sync service has lost.
    let second = machine.vault_dir.join(format!("{base}.session-laptop-2"));
    std::fs::copy(told.session_path.as_ref().unwrap(), second).unwrap();
    let open = async |confirmed: Vec<_>| {
        let unfinished = OnUnfinished::Discard(confirmed);
        let opts = SessionOpts { unfinished, ..machine.opts() };
        Session::open(&machine.vault(), &machine.entry(), opts).await
    };
    let Err(SessionError::Unfinished { found, .. }) = open(vec![told.clone()]).await else {
        panic!("what nobody was told of is discarded");
    };
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|pair| pair.session_path.as_ref().unwrap().exists()));
    open(found).await.unwrap().session.discard().await.unwrap();
    assert_eq!(machine.files().len(), 1);
}

#[tokio::test]
async fn w10_a_resume_that_fails_touches_no_file() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    drop(session);
    let read = |name: &String| std::fs::read(machine.vault_dir.join(name)).unwrap();
    let before: Vec<_> = machine.files().iter().map(read).collect();
    let pair = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    let wrong = machine.vault_with("a typo");
    Session::resume(&wrong, &machine.entry(), &pair, machine.opts()).await.unwrap_err();
    let after: Vec<_> = machine.files().iter().map(read).collect();
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_finished_pair_is_removed_without_asking() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let names = machine.files();
    let keep: Vec<_> = names
        .iter()
        .filter(|name| name.contains(".session-"))
        .map(|name| (name.clone(), std::fs::read(machine.vault_dir.join(name)).unwrap()))
        .collect();
    session.seal("keys").await.unwrap();
    for (name, bytes) in keep {
        gpgsmith_vault::atomic::replace(&machine.vault_dir.join(name), &bytes, 0o600).unwrap();
    }
    let session = machine.open().await.unwrap().session;
    assert_eq!(identities(&session).await.len(), 1);
    session.discard().await.unwrap();
    assert_eq!(machine.files().len(), 2);
}

#[tokio::test]
async fn w12_a_failed_seal_keeps_the_session() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let moved = machine.dir.path().join("moved");
    std::fs::rename(&machine.vault_dir, &moved).unwrap();
    session.seal("nowhere").await.unwrap_err();
    assert!(!session.is_closed());
    std::fs::rename(&moved, &machine.vault_dir).unwrap();
    assert_eq!(identities(&session).await.len(), 1);
    session.seal("here").await.unwrap();
}

#[tokio::test]
async fn w06_a_failed_rest_keeps_the_session() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.mark_changed();
    let moved = machine.dir.path().join("moved");
    std::fs::rename(&machine.vault_dir, &moved).unwrap();
    session.auto_seal_and_drop().await.unwrap_err();
    assert!(!session.is_closed() && session.workdir().exists());
    std::fs::rename(&moved, &machine.vault_dir).unwrap();
    session.auto_seal_and_drop().await.unwrap();
    assert!(session.is_closed() && !session.workdir().exists());
}

#[tokio::test]
async fn discard_keeps_what_a_checkpoint_sealed() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.checkpoint("keys").await.unwrap();
    add_identity(&session, "Gone <gone@example.org>").await.unwrap();
    assert_eq!(session.unsealed(), 1);
    session.discard().await.unwrap();
    let session = machine.open().await.unwrap().session;
    assert_eq!(identities(&session).await, ["Ann Example <ann@example.org>"]);
    session.discard().await.unwrap();
}

#[tokio::test]
async fn a_home_that_has_vanished_is_not_sealed() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let state = machine.files().into_iter().find(|name| name.ends_with("-laptop")).unwrap();
    let before = std::fs::read(machine.vault_dir.join(&state)).unwrap();
    std::fs::remove_file(session.workdir().join("home/pubring.kbx")).unwrap();
    assert!(matches!(session.seal("x").await, Err(SessionError::HomeGone { .. })));
    session.mark_changed();
    assert!(matches!(session.auto_seal_and_drop().await, Err(SessionError::HomeGone { .. })));
    assert_eq!(std::fs::read(machine.vault_dir.join(&state)).unwrap(), before);
}

#[tokio::test]
async fn another_machine_s_snapshot_stops_a_seal_and_loses_nothing() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    session.seal("keys").await.unwrap();
    let session = machine.open().await.unwrap().session;
    let other = Machine::beside(&machine, "desk");
    machine.clock.advance(Duration::from_secs(10));
    let theirs = other.open().await.unwrap();
    assert!(theirs.notes.iter().any(|note| note.contains("laptop is working")));
    add_identity(&theirs.session, "Theirs <t@example.org>").await.unwrap();
    let arrived = theirs.session.seal("theirs").await.unwrap().snapshot.name.file_name();

    add_identity(&session, "Ours <o@example.org>").await.unwrap();
    let error = session.seal("ours").await.unwrap_err();
    assert!(matches!(&error, SessionError::Diverged { arrived: names, .. } if *names == [arrived]));
    assert_eq!(identities(&session).await.len(), 2);
    let forked = session.seal_fork("ours").await.unwrap();
    assert_eq!(machine.files().len(), 4, "{:?}", machine.files());
    let newest = machine.open().await.unwrap().session;
    assert_eq!(newest.canonical_base(), forked.snapshot.name.file_name());
    assert!(identities(&newest).await.contains(&"Ours <o@example.org>".to_owned()));
    newest.discard().await.unwrap();
}

#[tokio::test]
async fn two_machines_of_one_name_do_not_overwrite_each_other() {
    let machine = Machine::new();
    machine.create().await.discard().await.unwrap();
    let session = machine.open().await.unwrap().session;
    make_keys(&session).await;
    let twin = Machine::beside(&machine, "laptop");
    let theirs = twin.open().await.unwrap().session;
    assert_ne!(theirs.hostname(), "laptop");
    make_keys(&theirs).await;
    let states = machine.files().into_iter().filter(|n| n.contains(".session-laptop"));
    assert_eq!(states.count(), 4);
    session.discard().await.unwrap();
    theirs.discard().await.unwrap();
}

#[tokio::test]
async fn a_state_file_carries_its_lineage() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let lineage = lineage::read(&session.workdir().join("home")).unwrap().unwrap();
    assert_eq!(lineage.this.name, format!("{}.session-laptop", session.canonical_base()));
    assert_eq!((lineage.this.generation, lineage.this.session.as_str()), (1, session.id()));
    assert_eq!(lineage.parents[0].name, session.canonical_base());
    session.discard().await.unwrap();
}
