//! The sync service: a copy of the vault directory that every machine's is compared with, file by
//! file. A file that was changed on both sides is kept twice, as services do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    act::Who,
    content::{Bytes, Files},
    machine::{Machine, put},
};

/// What becomes of files: their new bytes, or none.
pub(super) type Changes = Vec<(String, Option<Bytes>)>;

/// The service.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    /// What it holds.
    pub(super) cloud: Files,
    /// What it and a machine last agreed on.
    pub(super) agreed: BTreeMap<Who, Files>,
    pub(super) conflicts: u32,
}

impl Service {
    /// The names on which a machine, whose directory holds `local`, and the service differ.
    pub(super) fn pending(&self, local: &Files) -> Vec<String> {
        let names: BTreeSet<&String> = local.keys().chain(self.cloud.keys()).collect();
        let differs = |name: &&String| local.get(*name) != self.cloud.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }

    /// What a machine and the service hold alike they agree on.
    pub(super) fn agree(&mut self, who: Who, local: &Files) {
        let cloud = &self.cloud;
        let alike = local.iter().filter(|(name, bytes)| cloud.get(*name) == Some(bytes));
        let agreed = self.agreed.entry(who).or_default();
        agreed.retain(|name, _| local.contains_key(name) || cloud.contains_key(name));
        agreed.extend(alike.map(|(name, bytes)| (name.clone(), bytes.clone())));
    }

    /// Takes what has changed on a machine only.
    pub(super) fn take(&mut self, who: Who, local: &Files) {
        self.agree(who, local);
        for name in self.pending(local) {
            let agreed = self.agreed.get(&who).and_then(|agreed| agreed.get(&name));
            if self.cloud.get(&name) == agreed {
                self.deliver(who, local, &name);
            }
        }
    }

    /// Brings one file to the state that both agree on: what that changes on the machine, and how.
    pub(super) fn deliver(
        &mut self,
        who: Who,
        local: &Files,
        name: &str,
    ) -> (Changes, &'static str) {
        let (local, cloud) = (local.get(name), self.cloud.get(name).cloned());
        let agreed = self.agreed.entry(who).or_default();
        let base = agreed.get(name).cloned();
        let mut changes = Changes::new();
        let (now, how) = match (local, &cloud) {
            _ if local == base.as_ref() => (cloud, "down"),
            _ if cloud == base => (local.cloned(), "up"),
            (None, _) => (cloud, "down, for it was only deleted here"),
            (_, None) => (local.cloned(), "up, for it was only deleted there"),
            (Some(here), Some(_)) => {
                self.conflicts += 1;
                let copy = conflict_name(name, self.conflicts);
                changes.push((copy, Some(here.clone())));
                (cloud, "down, and what was here is a conflict copy")
            }
        };
        set(&mut self.cloud, name, now.as_ref());
        set(agreed, name, now.as_ref());
        changes.push((name.to_owned(), now));
        (changes, how)
    }

    /// All of [`Service::pending`], until nothing is.
    pub(super) fn sync(&mut self, machine: &Machine) -> usize {
        let mut count = 0;
        loop {
            self.agree(machine.who, &machine.files());
            let pending = self.pending(&machine.files());
            if pending.is_empty() {
                return count;
            }
            for name in &pending {
                let (changes, _) = self.deliver(machine.who, &machine.files(), name);
                machine.place_all(&changes);
                count += 1;
            }
        }
    }
}

pub(super) fn set(files: &mut Files, name: &str, bytes: Option<&Bytes>) {
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
