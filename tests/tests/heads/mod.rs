//! Where a vault stands, on machines that share its directory as a sync service would have them:
//! what was taken away, put back, sealed beside, taken over and gone back from.

mod attach;
mod check;
mod forks;
mod joining;
mod passphrase;
mod revert;
mod rollback;
mod strangers;
mod takeover;

use std::fs;

use gpgsmith_tests::{run::Run, sandbox::Sandbox};

pub(crate) const DIR: &str = "vaults/identity";

/// Two machines, each with a state and a daemon of its own, and one vault directory.
pub(crate) struct Machines {
    pub(crate) laptop: Sandbox,
    pub(crate) desk: Sandbox,
}

impl Machines {
    pub(crate) fn new() -> Self {
        let [laptop, desk] = ["laptop", "desk"].map(|name| {
            let sandbox = Sandbox::new();
            sandbox.settings(&format!("hostname: {name}\n"));
            sandbox
        });
        laptop.register(&["identity"]);
        let registry = "config/locksmith/config.yaml";
        desk.write(registry, &laptop.read(registry));
        Self { laptop, desk }
    }

    pub(crate) fn both(&self) -> [&Sandbox; 2] {
        [&self.laptop, &self.desk]
    }

    /// What lies in the vault directory.
    pub(crate) fn names(&self) -> Vec<String> {
        self.laptop.names(DIR)
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.laptop.path(DIR).join(name)).unwrap()
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.laptop.path(DIR).join(name), bytes).unwrap();
    }

    pub(crate) fn take_away(&self, name: &str) -> Vec<u8> {
        let bytes = self.file(name);
        fs::remove_file(self.laptop.path(DIR).join(name)).unwrap();
        bytes
    }

    /// The name of a snapshot of the moment that `date` understands: `+2 years`.
    pub(crate) fn name_at(&self, when: &str, slug: &str) -> String {
        let line = ["-u", "-d", when, "+%Y%m%dT%H%M%SZ"];
        format!("{}_{slug}.tar.age", self.laptop.tool("date", &line).ok().stdout.trim())
    }
}

pub(crate) fn open(machine: &Sandbox, flags: &[&str]) -> Run {
    machine.unlocked(&[&["vault", "open", "--no-shell"], flags].concat())
}

/// A step.
pub(crate) fn add(machine: &Sandbox, identity: &str) -> Run {
    let passphrase = machine.passphrase();
    let line = ["keys", "identity", "add", identity, "--no-input"];
    machine.gpgsmith(&[&line[..], &["--key-passphrase-file", &passphrase]].concat())
}

/// Seals; the name of the snapshot.
pub(crate) fn seal(machine: &Sandbox, flags: &[&str]) -> String {
    let sealed = machine.unlocked(&[&["vault", "seal", "--json"], flags].concat()).ok().json();
    sealed["snapshot"]["file_name"].as_str().unwrap().to_owned()
}

/// Opens, does a step, seals it; the name of the snapshot.
pub(crate) fn seal_another(machine: &Sandbox, name: &str) -> String {
    open(machine, &[]).ok();
    add(machine, &identity(name)).ok();
    seal(machine, &["-m", name])
}

pub(crate) fn identity(name: &str) -> String {
    format!("{name} <{name}@example.org>")
}

/// Whether the open session has the step of that name.
pub(crate) fn has(machine: &Sandbox, name: &str) -> bool {
    let listed = machine.gpgsmith(&["keys", "identity", "list"]).ok().stdout;
    listed.contains(&identity(name))
}

pub(crate) fn discard(machine: &Sandbox) {
    machine.gpgsmith(&["vault", "discard", "--yes"]).ok();
}

/// Opens without any flag, and ends that again; what was said.
pub(crate) fn look(machine: &Sandbox) -> String {
    let said = open(machine, &[]).ok().stderr;
    discard(machine);
    said
}

/// The heads besides the one that opens, as `vault status` and `vault snapshots` list them.
pub(crate) fn heads(machine: &Sandbox) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let names = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().map_or_else(Vec::new, |all| all.iter().map(text).collect())
    };
    let status = machine.gpgsmith(&["vault", "status", "--json"]).ok().json();
    let listed = machine.gpgsmith(&["vault", "snapshots", "--json"]).ok().json();
    let heads = names(&listed["heads"]);
    assert_eq!(names(&status["forked"][0]["heads"]), heads);
    heads
}
