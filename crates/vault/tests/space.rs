//! Full disks, on a small tmpfs. Mounting needs root; without it these tests fail.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use gpgsmith_vault::{
    OpenError, OpenOptions, SealError, SealOptions, Store, Tree, Workdir, WorkdirError,
    WorkdirOptions,
};

use crate::{Bench, PASSPHRASE, at, cheap, fixture, identity, names, slug};

/// A tmpfs of few pages, unmounted on drop.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path, options: &str) -> Self {
        fs::create_dir(at).unwrap();
        let mut mount = Command::new("mount");
        let status = mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).status().unwrap();
        assert!(status.success(), "this test must be allowed to mount a tmpfs");
        Self(at.to_owned())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let status = Command::new("umount").arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

#[test]
fn full_ram_disk_while_unpacking_is_told_and_emptied() {
    let bench = Bench::new();
    let small = Small::mount(&bench.path("small"), "size=64k");
    let store = Store::new(fixture("vaults/pass-fast"));
    let name = "20261123T171124Z_rotate-subkeys-2026.tar.age";
    let tree = Tree::plain(small.0.join("home"));
    let error = store.open(name, &cheap(PASSPHRASE), &tree, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, OpenError::NoSpace { .. }), "{error:?}");
    assert!(names(tree.main()).is_empty());
}

#[test]
fn full_disk_while_sealing_is_told_and_nothing_remains() {
    let bench = Bench::new();
    let small = Small::mount(&bench.path("small"), "size=64k");
    let store = Store::new(&small.0);
    let tree = bench.tree("home", &[("a", &"x".repeat(200_000))]);
    let name = store.next_name(&slug("x"), at("2026-01-01T00:00:00Z"), None).unwrap();
    let error = store.seal(&name, &tree, &identity(), &SealOptions::default()).unwrap_err();
    assert!(matches!(error, SealError::NoSpace { .. }), "{error:?}");
    let error = store.write_state("state", &tree, &identity()).unwrap_err();
    assert!(matches!(error, SealError::NoSpace { .. }), "{error:?}");
    assert!(names(&small.0).is_empty());
}

#[test]
fn full_ram_disk_has_no_room_for_a_workdir() {
    let bench = Bench::new();
    let small = Small::mount(&bench.path("small"), "nr_inodes=2");
    fs::create_dir(small.0.join("last")).unwrap();
    let options = WorkdirOptions { parent: Some(small.0.clone()), ..WorkdirOptions::default() };
    let error = Workdir::create(&options).unwrap_err();
    assert!(matches!(error, WorkdirError::NoSpace { .. }), "{error:?}");
}
