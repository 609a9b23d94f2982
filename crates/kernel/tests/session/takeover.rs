//! Going on with the work of another host.

use std::fs;

use gpgsmith_kernel::session::ephemeral::find_ephemeral_for;

use super::*;

#[tokio::test]
async fn another_host_s_work_goes_on_here_and_its_files_stay() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    let theirs = desk.open().await.unwrap().session;
    add_identity(&theirs, "Theirs <t@example.org>").await.unwrap();
    drop(theirs);
    let pair = find_ephemeral_for(&machine.vault_dir, "desk").unwrap().unwrap();
    let read = || {
        let files = [pair.session_path.as_ref().unwrap(), &pair.info_path];
        files.map(|path| fs::read(path).unwrap())
    };
    let before = read();
    let resumed =
        Session::resume(&machine.vault(), &machine.entry(), &pair, machine.opts()).await.unwrap();
    let session = resumed.session;
    assert_eq!(identities(&session).await.len(), 2);
    let ours = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    assert!(ours.session_path.is_some(), "it is on the disk under our name at once");
    add_identity(&session, "Ours <o@example.org>").await.unwrap();
    session.seal("both").await.unwrap();
    assert!(find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().is_none());
    assert_eq!(read(), before, "another host's pair is never touched");
    // That host is still offered its work, which may have gone on; never taken for finished.
    assert!(matches!(desk.open().await, Err(SessionError::Unfinished { .. })));
}

#[tokio::test]
async fn another_host_s_work_does_not_take_the_place_of_ours() {
    let machine = Machine::new();
    machine.with_keys().await;
    let desk = Machine::beside(&machine, "desk");
    for (machine, who) in [(&desk, "Theirs <t@example.org>"), (&machine, "Ours <o@example.org>")] {
        let session = machine.open().await.unwrap().session;
        add_identity(&session, who).await.unwrap();
        drop(session);
    }
    let before = machine.files();
    let theirs = find_ephemeral_for(&machine.vault_dir, "desk").unwrap().unwrap();
    let error = Session::resume(&machine.vault(), &machine.entry(), &theirs, machine.opts()).await;
    assert!(matches!(error, Err(SessionError::Unfinished { .. })));
    assert_eq!(machine.files(), before);
}
