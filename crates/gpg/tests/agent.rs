//! The agent lives exactly as long as its client, however that ends.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gpgsmith_gpg::Confinement;

use crate::sandbox::{Sandbox, master, passphrase, running};

fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test]
async fn close_and_drop_end_the_agent_and_remove_its_socket() {
    let sandbox = Sandbox::new();
    let socket = sandbox.socket();
    let client = sandbox.open().await;
    let agent = client.agent_pid().unwrap();
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    client.close().await.unwrap();
    assert!(!lives(agent) && !socket.exists());
    assert!(socket.parent() == Some(&sandbox.home()) || !socket.parent().unwrap().exists());

    let client = sandbox.open().await; // the same home again
    let agent = client.agent_pid().unwrap();
    client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    drop(client);
    assert!(!lives(agent) && !socket.exists());
    assert!(running(&sandbox.home()).is_empty());
}

#[tokio::test]
async fn the_agent_is_confined_and_opens_no_other_socket() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    assert_eq!(client.confinement(), Confinement::Landlock);
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", client.agent_pid().unwrap())).unwrap();
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let dir = sandbox.socket().parent().unwrap().to_owned();
    let names = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.file_name());
    let sockets: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("S.")).collect();
    assert_eq!(sockets, ["S.gpg-agent"]);
}

#[tokio::test]
async fn the_agent_forgets_every_passphrase() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let fingerprint = client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    client.prove(&fingerprint, &passphrase()).await.unwrap();
    let wrong = secrecy::SecretString::from("wrong");
    assert!(client.prove(&fingerprint, &wrong).await.is_err());
}

#[tokio::test]
async fn steps_fail_and_do_not_hang_when_the_agent_is_gone() {
    let sandbox = Sandbox::new();
    let client = sandbox.open().await;
    let pid = nix::unistd::Pid::from_raw(client.agent_pid().unwrap().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    let made = client.generate_master(&master("ed25519"), &passphrase()).await;
    assert!(made.is_err());
    assert!(running(&sandbox.home()).len() <= 1, "gpg started no agent of its own");
    client.close().await.unwrap();
}

/// In the process that is to be killed: the home that it holds.
const HELD: &str = "GPGSMITH_GPG_TEST_HELD_HOME";

#[tokio::test]
async fn an_owner_that_is_killed_takes_its_agent_along() {
    if let Some(home) = std::env::var_os(HELD) {
        return hold(home.into()).await;
    }
    let sandbox = Sandbox::new();
    let this = "agent::an_owner_that_is_killed_takes_its_agent_along";
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", this])
        .env(HELD, sandbox.home())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let agent = within(Duration::from_mins(1), || {
        std::fs::read_to_string(sandbox.home().join("held")).ok()?.strip_suffix('\n')?.parse().ok()
    });
    assert!(lives(agent));
    owner.kill().unwrap();
    owner.wait().unwrap();
    within(Duration::from_secs(2), || (!is_running(agent)).then_some(()));
    let client = sandbox.open().await; // what was left lying does not keep the next one out
    client.close().await.unwrap();
}

/// What `look` finds, as soon as it does.
fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < limit, "nothing happened within {limit:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that ended, and that nobody has waited for, is a zombie without a command line.
fn is_running(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

async fn hold(home: std::path::PathBuf) {
    let program = gpgsmith_gpg::Program::find(None).await.unwrap();
    let options = gpgsmith_gpg::ClientOptions::new(home.clone(), program);
    let client = gpgsmith_gpg::Client::open(options).await.unwrap();
    std::fs::write(home.join("held"), format!("{}\n", client.agent_pid().unwrap())).unwrap();
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).unwrap(); // until the owner is killed
    drop(client);
}
