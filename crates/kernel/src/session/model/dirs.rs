//! Vault directories as numbers, and what the sync service makes of them: each is worked out once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::{
    act::{Harm, Who},
    content::Files,
    harm::harm,
    service::{Changes, Service, set},
};

/// The files of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Dir(u32);

/// The service between two machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Held {
    cloud: Dir,
    agreed: [Dir; 2],
    conflicts: u8,
}

/// What the service brings between itself and a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bring {
    /// What has changed on the machine only.
    Up,
    /// All on which they differ.
    All,
    /// One file of these.
    One(u8),
}

/// The service towards one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Side {
    who: Who,
    local: Dir,
    cloud: Dir,
    agreed: Dir,
    conflicts: u8,
}

/// All directories that were met.
#[derive(Debug, Default)]
pub(super) struct Dirs {
    all: Vec<Arc<Files>>,
    numbers: HashMap<[u8; 32], Dir>,
    pending: HashMap<(Dir, Dir), usize>,
    brought: HashMap<(Bring, Side), (Side, &'static str)>,
    harmed: HashMap<(Dir, Harm, u8), Option<Dir>>,
}

impl Dirs {
    /// The number of a directory with these files.
    pub(super) fn number(&mut self, files: &Files) -> Dir {
        let mut hasher = Sha256::new();
        for (name, bytes) in files {
            hasher.update(name);
            hasher.update(bytes.sha256());
        }
        let next = Dir(u32::try_from(self.all.len()).unwrap());
        let number = *self.numbers.entry(hasher.finalize().into()).or_insert(next);
        if number == next {
            self.all.push(Arc::new(files.clone()));
        }
        number
    }

    /// Its files.
    pub(super) fn files(&self, dir: Dir) -> &Arc<Files> {
        &self.all[usize::try_from(dir.0).unwrap()]
    }

    /// The service as it is.
    pub(super) fn held(&mut self, service: &Service) -> Held {
        Held {
            cloud: self.number(&service.cloud),
            agreed: [Who(0), Who(1)].map(|who| self.number(&service.agreed[&who])),
            conflicts: u8::try_from(service.conflicts).unwrap(),
        }
    }

    /// On how many files a machine, whose directory is `local`, and the service differ.
    pub(super) fn pending(&mut self, local: Dir, held: Held) -> usize {
        if local == held.cloud {
            return 0;
        }
        let key = (local, held.cloud);
        if let Some(count) = self.pending.get(&key) {
            return *count;
        }
        let service = Service { cloud: (**self.files(held.cloud)).clone(), ..Service::default() };
        let count = service.pending(self.files(local)).len();
        self.pending.insert(key, count);
        count
    }

    /// Lets the service bring files to and from a machine, and says how.
    pub(super) fn bring(
        &mut self,
        what: Bring,
        who: Who,
        (local, held): (Dir, Held),
    ) -> (Dir, Held, &'static str) {
        let Held { cloud, agreed, conflicts } = held;
        if (local, local) == (cloud, agreed[who.0]) {
            return (local, held, "nothing");
        }
        let side = Side { who, local, cloud, agreed: agreed[who.0], conflicts };
        let known = self.brought.get(&(what, side)).copied();
        let (after, how) = known.unwrap_or_else(|| {
            let made = self.bring_anew(what, side);
            self.brought.insert((what, side), made);
            made
        });
        let mut held = Held { cloud: after.cloud, conflicts: after.conflicts, ..held };
        held.agreed[who.0] = after.agreed;
        (after.local, held, how)
    }

    fn bring_anew(&mut self, what: Bring, side: Side) -> (Side, &'static str) {
        let files = |dir| (**self.files(dir)).clone();
        let mut local = files(side.local);
        let mut service = Service {
            cloud: files(side.cloud),
            agreed: BTreeMap::from([(side.who, files(side.agreed))]),
            conflicts: side.conflicts.into(),
        };
        let how = match what {
            Bring::Up => {
                service.take(side.who, &local);
                "up"
            }
            Bring::All => {
                for name in service.pending(&local.clone()) {
                    let (changes, _) = service.deliver(side.who, &local, &name);
                    apply(&mut local, &changes);
                }
                "synced"
            }
            Bring::One(nth) => {
                let name = service.pending(&local).swap_remove(usize::from(nth));
                let (changes, how) = service.deliver(side.who, &local, &name);
                apply(&mut local, &changes);
                how
            }
        };
        let after = Side {
            who: side.who,
            local: self.number(&local),
            cloud: self.number(&service.cloud),
            agreed: self.number(&service.agreed[&side.who]),
            conflicts: u8::try_from(service.conflicts).unwrap(),
        };
        (after, how)
    }

    /// The directory after harm; `None` where there is nothing that it could be done to.
    pub(super) fn harmed(&mut self, dir: Dir, what: Harm, nth: u8) -> Option<Dir> {
        if let Some(known) = self.harmed.get(&(dir, what, nth)) {
            return *known;
        }
        let mut files = (**self.files(dir)).clone();
        let made = harm(&files, (what, nth)).map(|change| {
            apply(&mut files, &vec![change]);
            self.number(&files)
        });
        self.harmed.insert((dir, what, nth), made);
        made
    }
}

fn apply(files: &mut Files, changes: &Changes) {
    for (name, bytes) in changes {
        set(files, name, bytes.as_ref());
    }
}
