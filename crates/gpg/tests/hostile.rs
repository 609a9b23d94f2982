//! W-27 and worse: what a home brings along may lie there, and does nothing.

use std::fs;
use std::os::unix::net::UnixListener;

use crate::sandbox::{Sandbox, full_set, passphrase};

/// Leaves a trace beside the home (where the wall keeps it from), and one in it.
fn trap(sandbox: &Sandbox) -> String {
    let (beside, inside) = (sandbox.path().join("sprung"), sandbox.home().join("sprung"));
    let script = format!(
        "#!/bin/sh\necho \"$0\" >> {}\necho \"$0\" >> {}\n",
        beside.display(),
        inside.display()
    );
    sandbox.put_program("trap", &script).display().to_string()
}

fn assert_not_sprung(sandbox: &Sandbox) {
    for place in [sandbox.path().join("sprung"), sandbox.home().join("sprung")] {
        assert_eq!(
            fs::read_to_string(place).unwrap_or_default(),
            "",
            "a program of the home was run"
        );
    }
}

#[tokio::test]
async fn w27_option_files_that_name_programs_are_inert() {
    let sandbox = Sandbox::new();
    let trap = trap(&sandbox);
    for name in ["gpg.conf", "gpg.conf-2", "gpg.conf-2.2", "gpg.conf-2.2.40", "options"] {
        let text = format!(
            "agent-program {trap}\ndirmngr-program {trap}\nphoto-viewer {trap}\nexec-path {trap}\n"
        );
        sandbox.put(
            name,
            format!("{text}list-options show-photos\nrecipient nobody\nno-such-option\n"),
        );
    }
    let agent = format!("scdaemon-program {trap}\npinentry-program {trap}\nallow-emacs-pinentry\n");
    sandbox.put("gpg-agent.conf", format!("{agent}default-cache-ttl 3600\nno-such-option\n"));
    sandbox.put("scdaemon.conf", "no-such-option\n");
    sandbox.put("dirmngr.conf", "no-such-option\n");
    sandbox.put("sshcontrol", "garbage\n");
    sandbox.put_program("scd-event", &fs::read_to_string(&trap).unwrap());
    sandbox.put_program("gpg-agent", &fs::read_to_string(&trap).unwrap());
    let client = sandbox.open().await;
    let fingerprint = full_set(&client).await;
    client.prove(&fingerprint, &passphrase()).await.unwrap();
    client.check_self_signatures().await.unwrap();
    client.close().await.unwrap();
    assert_not_sprung(&sandbox);
    assert!(
        sandbox.home().join("gpg-agent.conf").exists(),
        "not obeyed, but not thrown away either"
    );
}

#[tokio::test]
async fn w27_a_common_conf_is_inert_or_refused() {
    let sandbox = Sandbox::new();
    let trap = trap(&sandbox);
    sandbox.put("common.conf", format!("use-keyboxd\nkeyboxd-program {trap}\nno-autostart\n"));
    let program = gpgsmith_gpg::Program::find(None).await.unwrap();
    let reads_it = program.version() >= "2.3.0".parse().unwrap();
    let opened =
        gpgsmith_gpg::Client::open(gpgsmith_gpg::ClientOptions::new(sandbox.home(), program)).await;
    match opened {
        Ok(client) => {
            assert!(!reads_it);
            full_set(&client).await;
        }
        Err(error) => {
            assert!(reads_it);
            assert!(matches!(error, gpgsmith_gpg::Error::OptionFile { .. }), "{error:?}");
        }
    }
    assert_not_sprung(&sandbox);
}

#[tokio::test]
async fn w27_a_redirected_agent_socket_leads_nowhere() {
    let sandbox = Sandbox::new();
    let elsewhere = sandbox.path().join("theirs");
    let theirs = UnixListener::bind(&elsewhere).unwrap();
    theirs.set_nonblocking(true).unwrap();
    fs::write(sandbox.socket(), format!("%Assuan%\nsocket={}\n", elsewhere.display())).unwrap();
    let client = sandbox.open().await;
    full_set(&client).await;
    client.close().await.unwrap();
    assert_eq!(
        theirs.accept().unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "somebody called there"
    );
}

#[tokio::test]
async fn w27_a_link_in_the_sockets_place_is_not_followed() {
    let sandbox = Sandbox::new();
    let precious = sandbox.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, sandbox.socket()).unwrap();
    let client = sandbox.open().await;
    full_set(&client).await;
    client.close().await.unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

#[tokio::test]
async fn w27_a_lock_of_a_process_that_lives_elsewhere_hangs_nothing() {
    let sandbox = Sandbox::new();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    sandbox.put(".#lk-1-0/ring.gpg", "left by a crash");
    for name in ["pubring.kbx.lock", "trustdb.gpg.lock", ".#lk0x0000.vm.1", "pubring.db.lock"] {
        sandbox.put(name, format!("         1\n{host}\n"));
    }
    let client = sandbox.open().await;
    assert!(!sandbox.home().join(".#lk-1-0").exists());
    full_set(&client).await;
}

#[tokio::test]
async fn w27_a_broken_key_ring_is_an_error_and_no_crash() {
    let sandbox = Sandbox::new();
    sandbox.put("pubring.kbx", vec![0xff; 4096]);
    sandbox.put("trustdb.gpg", "garbage");
    let client = sandbox.open().await;
    let listed = client.list().await;
    assert!(listed.as_ref().is_err() || listed.is_ok_and(|all| all.is_empty()));
}
