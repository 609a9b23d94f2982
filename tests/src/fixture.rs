//! Vaults that the Go program wrote, copied into a sandbox; see `tests/fixtures/README.md`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use crate::{sandbox::Sandbox, source::read};

/// The master key of all of them.
pub const MASTER: &str = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";

/// The host whose work is stranded in some of them.
pub const HOST: &str = "otherhost";

/// Where a fixture lies.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

impl Sandbox {
    /// Copies the vaults of these names to `vaults/<name>` and registers them, the first as the
    /// default. A stranded one comes with the snapshots of `pass`, on which it stands.
    ///
    /// # Panics
    /// There is no such fixture.
    pub fn register(&self, names: &[&str]) {
        let mut registry = "vaults:\n".to_owned();
        for name in names {
            if name.starts_with("stranded-") {
                self.copy("pass", name);
            }
            self.copy(name, name);
            let path = self.text(&format!("vaults/{name}"));
            let mut entry = vec![format!("    - name: {name}"), format!("path: {path}")];
            if *name == "identity" {
                self.write("identity.txt", &read(&self::path("identity.txt")));
                entry.push(format!("identity: {}", self.text("identity.txt")));
            }
            entry.push(format!("trusted_master_fp: {MASTER}\n"));
            registry += &entry.join("\n      ");
        }
        let default = names.first().expect("at least one vault");
        self.write("config/locksmith/config.yaml", &format!("{registry}default: {default}\n"));
        self.give_away();
    }

    /// Another machine with copies of all vaults of this one, none of them open.
    ///
    /// # Panics
    /// They cannot be copied.
    #[must_use]
    pub fn copied(&self) -> Self {
        let copy = Self::new();
        for vault in self.names("vaults") {
            let dir = format!("vaults/{vault}");
            fs::create_dir_all(copy.path(&dir)).expect("a directory in the sandbox");
            for name in self.snapshots(&dir) {
                let name = format!("{dir}/{name}");
                fs::copy(self.path(&name), copy.path(&name)).expect("a snapshot");
            }
        }
        for name in ["identity.txt", "config/locksmith/config.yaml"] {
            copy.write(name, &self.read(name).replace(&self.text(""), &copy.text("")));
        }
        copy
    }

    /// Makes a new identity file; its recipient.
    ///
    /// # Panics
    /// `age-keygen` does not work.
    pub fn make_identity(&self, name: &str) -> String {
        let made = self.tool("age-keygen", &["-o", &self.text(name)]).ok();
        let said = format!("{}{}", made.stdout, made.stderr);
        let recipient = said.split_whitespace().find(|word| word.starts_with("age1"));
        recipient.expect("it says the recipient").to_owned()
    }

    /// Takes the newest snapshot of a registered vault away, so that it stands at the one before.
    ///
    /// # Panics
    /// It has none.
    pub fn step_back(&self, vault: &str) {
        let dir = format!("vaults/{vault}");
        let newest = self.snapshots(&dir).pop().expect("a snapshot");
        fs::remove_file(self.path(&dir).join(newest)).expect("it is ours");
    }

    fn copy(&self, fixture: &str, vault: &str) {
        let target = self.path("vaults").join(vault);
        fs::create_dir_all(&target).expect("a directory in the sandbox");
        let entries = fs::read_dir(path("vaults").join(fixture)).expect("a fixture");
        for entry in entries.map(|entry| entry.expect("it can be read")) {
            let copy = target.join(entry.file_name());
            fs::copy(entry.path(), &copy).expect("a fixture");
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o600)).expect("it is ours");
        }
    }
}
