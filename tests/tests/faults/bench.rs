//! A vault with work in it, whose disk is about to fail.

use gpgsmith_tests::{extent::some, run::Run, sandbox::Sandbox};
use nix::errno::Errno;

pub(crate) const VAULT: &str = "vaults/identity";
pub(crate) const REGISTRY: &str = "config/locksmith/config.yaml";

/// How a disk fails, and a call that a signal interrupts.
pub(crate) const ERRORS: [Errno; 4] = [Errno::EIO, Errno::ENOSPC, Errno::EINTR, Errno::EDQUOT];

/// A vault that is opened with an identity file, so that no passphrase takes its time.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
}

impl Bench {
    /// One that is registered, and not open.
    pub(crate) fn new() -> Self {
        Self::of(Sandbox::new())
    }

    /// One in a sandbox that was prepared for it.
    pub(crate) fn of(sandbox: Sandbox) -> Self {
        sandbox.register(&["identity"]);
        Self { sandbox }
    }

    /// One that is open, with a step that no snapshot holds.
    pub(crate) fn with_work() -> Self {
        let bench = Self::new();
        bench.work();
        bench
    }

    /// Opens it and does a step.
    pub(crate) fn work(&self) {
        self.open();
        self.add("Zero <zero@example.org>").ok();
    }

    pub(crate) fn open(&self) {
        self.sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    }

    pub(crate) fn resume(&self) {
        self.sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    }

    /// Opens it after a crash: what is sealed is finished, and raises no question; what is not,
    /// does.
    pub(crate) fn reopen(&self, sealed: bool) {
        if sealed {
            self.open();
        } else {
            self.resume();
        }
    }

    /// A step.
    pub(crate) fn add(&self, identity: &str) -> Run {
        let passphrase = self.sandbox.passphrase();
        let line = ["keys", "identity", "add", identity, "--key-passphrase-file", &passphrase];
        self.sandbox.unlocked(&line)
    }

    pub(crate) fn seal(&self, message: &str) -> Run {
        self.sandbox.unlocked(&["vault", "seal", "-m", message])
    }

    /// Whether the open session has this identity.
    pub(crate) fn has(&self, identity: &str) -> bool {
        self.sandbox.gpgsmith(&["keys", "identity", "list"]).ok().stdout.contains(identity)
    }

    /// What was done, by the audit log that would be there after a crash: that of the unfinished
    /// work on the disk, else of the newest snapshot. Stock tools say so.
    pub(crate) fn on_disk(&self) -> Vec<String> {
        let names = self.sandbox.names(VAULT);
        let state_of = |name: &String| {
            let state = name.strip_suffix(".info")?;
            names.iter().find(|there| *there == state)
        };
        let newest = names.iter().rev().find_map(state_of).or(names.last()).unwrap();
        let (file, identity) =
            (self.sandbox.text(&format!("{VAULT}/{newest}")), self.sandbox.text("identity.txt"));
        let recipe = r#"age --decrypt --identity "$1" "$2" | tar -x -O gpgsmith-audit.yaml"#;
        let log = self.sandbox.tool("sh", &["-ec", recipe, "sh", &identity, &file]).ok().stdout;
        log.lines().filter(|line| line.contains(" details: ")).map(str::to_owned).collect()
    }

    /// There are only snapshots, and the pair of one session.
    pub(crate) fn assert_tidy(&self) {
        let names = self.sandbox.names(VAULT);
        let (pair, others): (Vec<_>, Vec<_>) =
            names.iter().partition(|name| name.contains(".session-"));
        assert!(others.iter().all(|name| name.ends_with(".tar.age")), "{names:?}");
        assert!(pair.len() <= 2, "{names:?}");
    }
}

/// Whether this identity was added.
pub(crate) fn added(identity: &str, done: &[String]) -> bool {
    done.iter().any(|line| line.contains("added identity") && line.contains(identity))
}

/// What was being written lies there still, but no more than `most` files; the user hears of it. The
/// next opening removes it.
pub(crate) fn assert_unfinished_is_named(bench: &Bench, most: usize) {
    let names = bench.sandbox.names(VAULT);
    let unfinished: Vec<_> = names.iter().filter(|name| name.starts_with(".gpgsmith-")).collect();
    assert!(unfinished.len() <= most, "{names:?}");
    let listed = bench.sandbox.gpgsmith(&["vault", "snapshots"]).ok();
    for name in unfinished {
        assert!(listed.stderr.contains(&format!("note: {name} is an unfinished file")), "{listed}");
    }
}

/// It says what failed, and what to do.
pub(crate) fn assert_advises(run: &Run) {
    assert!(run.stderr.starts_with("error: "), "{run}");
    assert!(run.stderr.contains("\nhint: ") || run.stderr.contains("\ntry: "), "{run}");
}

/// Each of so many calls with each of the errors; in the short form, one in `stride` of these, and
/// each of the errors.
pub(crate) fn faults(calls: usize, stride: usize) -> Vec<(usize, Errno)> {
    let all = (1..=calls).flat_map(|at| ERRORS.map(|error| (at, error)));
    some(all, stride, 0)
}
