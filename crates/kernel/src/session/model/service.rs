//! The sync service: a copy of the vault directory that every machine's is compared with, file by
//! file. A file that was changed on both sides is kept twice, as services do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    content::{Bytes, Files},
    machine::{Machine, put},
};

/// The service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// What it holds.
    pub(super) cloud: Files,
    /// What it and a machine last agreed on.
    agreed: BTreeMap<usize, Files>,
    conflicts: u32,
}

impl Service {
    /// The names on which the machine and the service differ.
    pub(super) fn pending(&mut self, machine: &Machine) -> Vec<String> {
        let local = machine.files();
        let agreed = self.agreed.entry(machine.who.0).or_default();
        let names: BTreeSet<&String> = local.keys().chain(self.cloud.keys()).collect();
        agreed.retain(|name, _| names.contains(name));
        let mut pending = Vec::new();
        for name in names {
            match (local.get(name), self.cloud.get(name)) {
                (Some(here), Some(there)) if here == there => {
                    agreed.insert(name.clone(), here.clone());
                }
                _ => pending.push(name.clone()),
            }
        }
        pending
    }

    /// Brings one file to the state that both agree on, and says how.
    pub(super) fn deliver(&mut self, machine: &Machine, name: &str) -> &'static str {
        let path = machine.vault_dir().join(name);
        let local = machine.files().get(name).cloned();
        let cloud = self.cloud.get(name).cloned();
        let agreed = self.agreed.entry(machine.who.0).or_default();
        let base = agreed.get(name).cloned();
        let (now, how) = match (&local, &cloud) {
            _ if local == base => (cloud.clone(), "down"),
            _ if cloud == base => (local.clone(), "up"),
            (None, _) => (cloud.clone(), "down, for it was only deleted here"),
            (_, None) => (local.clone(), "up, for it was only deleted there"),
            (Some(here), Some(_)) => {
                self.conflicts += 1;
                let copy = conflict_name(name, self.conflicts);
                put(&machine.vault_dir().join(copy), here);
                (cloud.clone(), "down, and what was here is a conflict copy")
            }
        };
        set(&mut self.cloud, name, now.as_ref());
        set(agreed, name, now.as_ref());
        place(&path, now.as_ref());
        how
    }

    /// All of [`Service::pending`], until nothing is.
    pub(super) fn sync(&mut self, machine: &Machine) -> usize {
        let mut count = 0;
        loop {
            let pending = self.pending(machine);
            if pending.is_empty() {
                return count;
            }
            for name in &pending {
                self.deliver(machine, name);
                count += 1;
            }
        }
    }
}

fn set(files: &mut Files, name: &str, bytes: Option<&Bytes>) {
    match bytes {
        Some(bytes) => files.insert(name.to_owned(), bytes.clone()),
        None => files.remove(name),
    };
}

/// Makes the file at `path` what it should be.
pub(super) fn place(path: &Path, bytes: Option<&Bytes>) {
    match bytes {
        Some(bytes) => put(path, bytes),
        None => drop(fs::remove_file(path)),
    }
}

/// The name of a conflict copy: by turns as Dropbox and as Syncthing give them.
pub(super) fn conflict_name(name: &str, count: u32) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if count.is_multiple_of(2) {
        format!("{stem} (desk's conflicted copy 2026-11-25 {count}).{extension}")
    } else {
        format!("{stem}.sync-conflict-20261125-12000{count}-ABCDEFG.{extension}")
    }
}
