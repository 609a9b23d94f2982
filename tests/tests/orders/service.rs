//! The sync service, and the harm that it does, as the model has them: a copy of the vault directory
//! with which every machine's is compared, file by file. A file that was changed on both sides
//! is kept twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use gpgsmith_vault::SnapshotName;

/// The files of a directory by name.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A file, and its new bytes or none.
pub(super) type Change = (String, Option<Vec<u8>>);

#[derive(Default)]
pub(super) struct Service {
    pub(super) cloud: Files,
    /// What it and each machine last agreed on.
    agreed: [Files; 2],
    conflicts: usize,
}

impl Service {
    /// One that has brought `files` to everybody.
    pub(super) fn of(files: &Files) -> Self {
        Self { cloud: files.clone(), agreed: [files.clone(), files.clone()], conflicts: 0 }
    }

    /// The names on which a machine and the service differ.
    pub(super) fn pending(&mut self, who: usize, local: &Files) -> Vec<String> {
        let names: BTreeSet<&String> = local.keys().chain(self.cloud.keys()).collect();
        let agreed = &mut self.agreed[who];
        agreed.retain(|name, _| names.contains(name));
        for (name, bytes) in
            local.iter().filter(|(name, bytes)| self.cloud.get(*name) == Some(bytes))
        {
            agreed.insert(name.clone(), bytes.clone());
        }
        let differs = |name: &&String| local.get(*name) != self.cloud.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }

    /// Brings one file to the state that both agree on; what that changes on the machine.
    pub(super) fn deliver(&mut self, who: usize, local: &Files, name: &str) -> Vec<Change> {
        let (here, cloud) = (local.get(name).cloned(), self.cloud.get(name).cloned());
        let base = self.agreed[who].get(name).cloned();
        let mut changes = Vec::new();
        let now = match (here, cloud) {
            (here, cloud) if here == base => cloud,
            (here, cloud) if cloud == base => here,
            (None, cloud) => cloud,
            (here, None) => here,
            (here, cloud) => {
                self.conflicts += 1;
                changes.push((conflict_name(name, self.conflicts), here));
                cloud
            }
        };
        for files in [&mut self.cloud, &mut self.agreed[who]] {
            match &now {
                Some(bytes) => files.insert(name.to_owned(), bytes.clone()),
                None => files.remove(name),
            };
        }
        changes.push((name.to_owned(), now));
        changes
    }
}

/// What harm of this kind to the `nth` file makes of which.
pub(super) fn harm(kind: &str, files: &Files, nth: usize) -> Option<Change> {
    let (name, bytes) = files.iter().nth(nth % files.len())?;
    let names = files.keys().filter_map(|name| name.parse().ok());
    let mut snapshots: Vec<SnapshotName> = names.collect();
    snapshots.sort();
    let [.., before, newest] = snapshots.as_slice() else { return None };
    Some(match kind {
        "truncate" => (name.clone(), Some(bytes[..bytes.len() / 2].to_vec())),
        "delete" => (name.clone(), None),
        "copy" => (conflict_name(name, nth), Some(bytes.clone())),
        "rollback" => (newest.file_name(), None),
        other => {
            assert_eq!(other, "replay");
            let later = newest.taken() + Duration::from_secs(1);
            let later = SnapshotName::new(later, newest.slug().clone());
            (later.file_name(), files.get(&before.file_name()).cloned())
        }
    })
}

/// The name of a conflict copy: by turns as Dropbox and as Syncthing give them.
fn conflict_name(name: &str, count: usize) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    if count.is_multiple_of(2) {
        format!("{stem} (desk's conflicted copy 2026-11-25 {count}).{extension}")
    } else {
        format!("{stem}.sync-conflict-20261125-12000{count}-ABCDEFG.{extension}")
    }
}
