//! Another user of the machine, while a vault is open: cannot connect, read, trace, or take the
//! socket's place. That its owner can shows that it is the user who makes the difference.

use std::{fs, path::Path};

use gpgsmith_tests::{run::Run, sandbox::Sandbox, wait::wait_until};
use nix::sys::signal::{Signal, kill};

/// Neither root nor nobody, whose sandbox it is.
const SOMEBODY: u32 = 65_533;
const SOCKET: &str = "run/gpgsmith-kernel/daemon.sock";

/// A user without privileges who has work in an open vault, in a directory that all may enter.
struct Owner {
    sandbox: Sandbox,
    uid: u32,
}

impl Owner {
    fn new() -> Self {
        let sandbox = Sandbox::unprivileged();
        sandbox.register(&["pass-fast"]);
        sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
        sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
        let uid = nix::sys::stat::stat(&sandbox.path("home")).unwrap().st_uid;
        assert!(uid != 0, "this test needs another user to be: run it as root");
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(sandbox.path(""), everybody).unwrap();
        Self { sandbox, uid }
    }

    /// What the owner may do, and nobody else.
    fn only_the_owner(&self, script: &str, argument: &str) {
        let run = |uid| self.sandbox.tool_by(uid, "sh", &["-ec", script, "sh", argument]);
        let refused: Run = run(SOMEBODY);
        assert_ne!(refused.code, Some(0), "{refused}");
        run(self.uid).ok();
    }

    /// What neither may do.
    fn nobody(&self, script: &str, argument: &str) {
        for uid in [SOMEBODY, self.uid] {
            let refused = self.sandbox.tool_by(uid, "sh", &["-ec", script, "sh", argument]);
            assert_ne!(refused.code, Some(0), "{refused}");
        }
        self.sandbox.tool_by(0, "sh", &["-ec", script, "sh", argument]).ok();
    }
}

#[test]
fn another_user_can_neither_connect_nor_read() {
    let owner = Owner::new();
    let sandbox = &owner.sandbox;
    let url = "http://localhost/v1/vault/status";
    let curl = format!("curl -sSf -X POST --unix-socket \"$1\" {url}");
    owner.only_the_owner(&curl, &sandbox.text(SOCKET));
    for private in ["run/gpgsmith-kernel", "state/gpgsmith", "state/gpgsmith/logs"] {
        owner.only_the_owner("ls \"$1\"", &sandbox.text(private));
    }
    for name in sandbox.names("vaults/pass-fast") {
        owner.only_the_owner(
            "cat \"$1\" > /dev/null",
            &sandbox.text(&format!("vaults/pass-fast/{name}")),
        );
    }
    let opened = open_in(Path::new("/dev/shm"), owner.uid);
    assert!(!opened.is_empty(), "it is open somewhere");
    for workdir in opened {
        owner.only_the_owner("ls \"$1\"", &workdir);
        owner.only_the_owner("cat \"$1/home/pubring.kbx\" > /dev/null", &workdir);
    }
}

/// The directories there in which this user has something open.
fn open_in(dir: &Path, uid: u32) -> Vec<String> {
    use std::os::unix::fs::MetadataExt as _;
    let entries = fs::read_dir(dir).unwrap().flatten();
    let theirs = entries.filter(|entry| entry.metadata().is_ok_and(|meta| meta.uid() == uid));
    let paths = theirs.map(|entry| entry.path()).filter(|path| path.join("home").is_dir());
    paths.map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The daemon and the agent refuse their own user, too: any program runs as that.
#[test]
fn no_user_can_trace_the_daemon_or_read_its_memory() {
    let owner = Owner::new();
    let pid = owner.sandbox.daemon_pid().to_string();
    owner.nobody("timeout 2 strace -qq -o /dev/null -p \"$1\" || [ $? = 124 ]", &pid);
    for secret in ["mem", "environ", "maps", "fd/0"] {
        owner.nobody(&format!("head -c 0 \"/proc/$1/{secret}\""), &pid);
    }
}

#[test]
fn another_user_cannot_take_the_sockets_place() {
    let owner = Owner::new();
    let sandbox = &owner.sandbox;
    let socket = sandbox.text(SOCKET);
    let attempts = || {
        for attempt in ["rm -f", "mv -t /tmp", "ln -sf /dev/null", "touch"] {
            let line = format!("{attempt} \"$1\"");
            let run = sandbox.tool_by(SOMEBODY, "sh", &["-ec", &line, "sh", &socket]);
            assert_ne!(run.code, Some(0), "{run}");
        }
        let dir = sandbox.text("run/gpgsmith-kernel");
        let run = sandbox.tool_by(SOMEBODY, "mv", &["-T", &dir, "/tmp/gpgsmith-kernel-taken"]);
        assert_ne!(run.code, Some(0), "{run}");
    };
    attempts();
    kill(sandbox.daemon_pid(), Signal::SIGKILL).unwrap();
    wait_until("nobody listens", || sandbox.processes().is_empty());
    attempts();
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
}
