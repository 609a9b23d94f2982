//! One of two machines with a vault directory each: its programs, and what its files hold.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use gpgsmith_tests::{fixture, run::Run, sandbox::Sandbox, tar, wait::wait_until};
use gpgsmith_vault::SnapshotName;

use super::service::{Change, Files};
use crate::heads::{add, identity, open};

const DIR: &str = "vaults/identity";

pub(super) struct Machine {
    name: &'static str,
    sandbox: Sandbox,
}

impl Machine {
    pub(super) fn new(name: &'static str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.register(&["identity"]);
        sandbox.settings(&format!("hostname: {name}\n"));
        Self { name, sandbox }
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.sandbox.path(DIR)
    }

    pub(super) fn files(&self) -> Files {
        let names = self.sandbox.names(DIR).into_iter();
        names.map(|name| (name.clone(), fs::read(self.dir().join(name)).unwrap())).collect()
    }

    /// Makes files of the vault directory what they should be.
    pub(super) fn place(&self, changes: Vec<Change>) {
        for (name, bytes) in changes {
            let path = self.dir().join(name);
            match bytes {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => drop(fs::remove_file(path)),
            }
        }
    }

    /// The next snapshot is named after now, not after the one before: whatever was sealed
    /// elsewhere within a second would have the same name.
    pub(super) fn wait_until_names_are_later(&self) {
        let newest = self.sandbox.snapshots(DIR).pop().unwrap_or_default();
        let now = || self.sandbox.tool("date", &["-u", "+%Y%m%dT%H%M%SZ"]).ok().stdout;
        wait_until("the next second", || now().trim() > newest.split('_').next().unwrap());
    }

    /// Does what the word of an order says; `None` where that is not done by `gpgsmith`.
    pub(super) fn act(&self, act: &str, step: &str) -> Option<Run> {
        let sandbox = &self.sandbox;
        let seal = |flags: &[&str]| {
            sandbox.unlocked(&[&["vault", "seal", "--message", "seal"], flags].concat())
        };
        Some(match act {
            "open" => open(sandbox, &[]),
            "resume" => open(sandbox, &["--resume"]),
            "fresh" => open(sandbox, &["--fresh", "--yes"]),
            "accept" => open(sandbox, &["--accept-rollback", "--accept-future", "--yes"]),
            "step" => add(sandbox, &identity(step)),
            "seal" => seal(&[]),
            "fork" => seal(&["--fork"]),
            "rest" => sandbox.gpgsmith(&["daemon", "stop"]),
            "discard" => sandbox.gpgsmith(&["vault", "discard", "--yes"]),
            "kill" => {
                sandbox.kill_daemon();
                return None;
            }
            "kill-in-step" => {
                let before = self.own(".info");
                add(sandbox, &identity(step)).ok();
                sandbox.kill_daemon();
                self.restore(".info", before);
                return None;
            }
            other => {
                assert_eq!(other, "kill-in-seal");
                let before = self.own("");
                let sealed = seal(&[]);
                sandbox.kill_daemon();
                if sealed.code == Some(0) {
                    self.restore("", before);
                }
                return None;
            }
        })
    }

    /// The files of this machine's own unfinished work.
    fn own(&self, ending: &str) -> Files {
        let mark = format!(".session-{}", self.name);
        let mut own = self.files();
        own.retain(|name, _| name.contains(&mark) && name.ends_with(ending));
        own
    }

    /// Puts files back, as a crash leaves them that comes before they are written or removed.
    fn restore(&self, ending: &str, before: Files) {
        let gone = self.own(ending).into_keys().filter(|name| !before.contains_key(name));
        self.place(gone.map(|name| (name, None)).collect());
        self.place(before.into_iter().map(|(name, bytes)| (name, Some(bytes))).collect());
    }
}

pub(super) fn is_snapshot(name: &str) -> bool {
    name.parse::<SnapshotName>().is_ok()
}

/// Reads with stock age what files hold, each once.
#[derive(Default)]
pub(super) struct Reader {
    sandbox: Sandbox,
    known: BTreeMap<Vec<u8>, BTreeSet<String>>,
}

impl Reader {
    /// The steps whose identities are on a key ring in one of `files`.
    pub(super) fn steps(&mut self, files: &Files) -> BTreeSet<String> {
        let mut steps = BTreeSet::new();
        for (_, bytes) in files.iter().filter(|(name, _)| !name.contains(".info")) {
            if !self.known.contains_key(bytes) {
                let found = self.look_into(bytes);
                self.known.insert(bytes.clone(), found);
            }
            steps.extend(self.known[bytes].iter().cloned());
        }
        steps
    }

    fn look_into(&self, bytes: &[u8]) -> BTreeSet<String> {
        let [file, archive] = ["file", "archive"].map(|name| self.sandbox.text(name));
        let key = fixture::path("identity.txt").display().to_string();
        fs::write(&file, bytes).unwrap();
        let line = ["--decrypt", "--identity", &key, "--output", &archive, &file];
        if self.sandbox.tool("age", &line).code != Some(0) {
            return BTreeSet::new();
        }
        let entries = tar::entries(&fs::read(&archive).unwrap());
        let ring = entries.iter().find(|entry| entry.name.ends_with("pubring.kbx")).unwrap();
        let ring = String::from_utf8_lossy(&ring.content);
        let steps = ring.match_indices("<step").map(|(at, _)| &ring[at + 1..]);
        steps.map(|step| step.split('@').next().unwrap().to_owned()).collect()
    }
}
