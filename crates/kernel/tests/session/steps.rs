//! Steps: whole or not at all.

use std::panic::AssertUnwindSafe;

use gpgsmith_kernel::session::ephemeral::find_ephemeral_for;

use super::*;

#[tokio::test]
async fn a_step_is_flushed_before_it_is_reported() {
    let machine = Machine::new();
    let session = machine.create().await;
    assert!(machine.files().iter().all(|name| !name.ends_with(".session-laptop")));
    make_keys(&session).await;
    let pair = find_ephemeral_for(&machine.vault_dir, "laptop").unwrap().unwrap();
    assert!(pair.session_path.is_some());
    assert_eq!((pair.info.generation, session.generation()), (1, 1));
    drop(session);
}

#[tokio::test]
async fn w50_a_step_that_fails_leaves_the_home_as_it_was() {
    let machine = Machine::new();
    let session = machine.create().await;
    let failed = session
        .step(async |home: &Home<'_>| {
            first_keys(home).await?;
            Err::<Change<()>, _>(SessionError::NoNameLeft)
        })
        .await;
    assert!(matches!(failed, Err(SessionError::NoNameLeft)));
    assert_eq!(session.generation(), 0);
    assert!(session.certificates().await.unwrap().is_empty());
    let keys = session.workdir().join("home/private-keys-v1.d");
    assert!(!keys.exists() || std::fs::read_dir(keys).unwrap().count() == 0);
    make_keys(&session).await;
    session.seal("keys").await.unwrap();
}

#[tokio::test]
async fn w52_a_step_that_is_dropped_half_way_is_undone() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let (started, wait) = tokio::sync::oneshot::channel();
    let step = session.step(async |home: &Home<'_>| {
        add_subkey(home, &session.configured_master_fp().unwrap()).await?;
        started.send(()).unwrap();
        std::future::pending::<()>().await;
        Ok::<_, SessionError>(change((), "never"))
    });
    tokio::select! {
        _ = step => panic!("it never ends by itself"),
        _ = wait => {}
    }
    assert_eq!(session.generation(), 1);
    session.mark_changed();
    let certificates = session.certificates().await.unwrap();
    assert_eq!(certificates[0].subkeys.len(), 1);
    session.discard().await.unwrap();
}

#[tokio::test]
async fn a_step_that_panics_is_undone() {
    use futures_catch::catch;
    let machine = Machine::new();
    let session = machine.create().await;
    let master = make_keys(&session).await;
    let step = AssertUnwindSafe(session.step(async |home: &Home<'_>| {
        add_subkey(home, &master).await?;
        assert!(!home.dir().exists(), "on purpose");
        Ok::<_, SessionError>(change((), "never"))
    }));
    assert!(catch(step).await.is_err());
    session.mark_changed();
    assert_eq!(session.certificates().await.unwrap()[0].subkeys.len(), 1);
    session.seal("still whole").await.unwrap();
}

#[tokio::test]
async fn a_flush_that_fails_undoes_its_step() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let moved = machine.dir.path().join("moved");
    std::fs::rename(&machine.vault_dir, &moved).unwrap();
    let error = add_identity(&session, "Ann at Work <ann@work.example>").await.unwrap_err();
    assert!(matches!(error, SessionError::Seal { .. }), "{error:?}");
    assert_eq!(identities(&session).await.len(), 1);
    assert_eq!(session.generation(), 1);
    std::fs::rename(&moved, &machine.vault_dir).unwrap();
    add_identity(&session, "Ann at Work <ann@work.example>").await.unwrap();
    session.seal("both").await.unwrap();
}

/// What upstream's gpg 2.3 and later do of their own accord is asked for here; older ones do not know
/// it, and fail.
#[tokio::test]
async fn a_step_that_lets_keys_ask_for_ocb_is_undone() {
    let machine = Machine::new();
    let session = machine.create().await;
    make_keys(&session).await;
    let knows = session.with_gpg(async |gpg| Ok(gpg.program().version())).await.unwrap();
    let error = session
        .step(async |home: &Home<'_>| {
            prefer_ocb(home);
            Ok::<_, SessionError>(change((), "prefer-ocb"))
        })
        .await;
    let asks = session.with_gpg(async |gpg| gpg.asks_for_aead().await).await.unwrap();
    assert!(asks.is_empty(), "{asks:?}");
    if (knows.major, knows.minor) >= (2, 3) {
        assert!(matches!(error, Err(SessionError::AsksForAead { .. })), "{error:?}");
        assert_eq!(session.generation(), 1);
    }
    add_identity(&session, "Ann at Work <ann@work.example>").await.unwrap();
    session.seal("modest keys").await.unwrap();
}

/// As a user who knows what that is would, by hand.
fn prefer_ocb(home: &Home<'_>) {
    let program = home.gpg().program().path();
    let mut command = std::process::Command::new(program);
    command.arg("--homedir").arg(home.dir()).args(["--no-autostart", "--no-tty"]);
    command.args(["--pinentry-mode=loopback", "--command-fd=0", "--edit-key", "Ann"]);
    command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::null());
    let mut gpg = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    let answers = format!("setpref AES256 OCB SHA512\ny\n{PASSPHRASE}\nsave\n");
    std::io::Write::write_all(&mut gpg.stdin.take().unwrap(), answers.as_bytes()).unwrap();
    gpg.wait().unwrap();
}

/// Catches a panic of a future.
mod futures_catch {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        pin::pin,
        task::Poll,
    };

    pub async fn catch<F: Future>(future: AssertUnwindSafe<F>) -> std::thread::Result<F::Output> {
        let mut future = pin!(future.0);
        std::future::poll_fn(|cx| {
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
                Err(panic) => Poll::Ready(Err(panic)),
            }
        })
        .await
    }
}
