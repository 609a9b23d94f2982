//! Private directories in RAM.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use gpgsmith_vault::{
    Workdir, WorkdirError, WorkdirOptions,
    workdir::{parents, sweep},
};

use crate::{Bench, names};

/// The tests run wherever there is a disk, too.
fn on_disk(parent: &Path) -> Workdir {
    Workdir::create(&WorkdirOptions { parent: Some(parent.to_owned()), allow_disk: true }).unwrap()
}

#[test]
fn workdir_is_private_random_and_in_ram() {
    let workdir = Workdir::create(&WorkdirOptions::default()).unwrap();
    let path = workdir.path().to_owned();
    let name = path.file_name().unwrap().to_str().unwrap();
    let random = name.strip_prefix("gpgsmith-").unwrap();
    assert!(
        random.len() == 16 && random.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(parents().iter().any(|parent| Some(parent.as_path()) == path.parent()));
    fs::create_dir_all(path.join("a/b")).unwrap();
    fs::write(path.join("a/b/secret"), "x").unwrap();
    workdir.wipe().unwrap();
    assert!(!path.exists());
}

#[test]
fn dropped_workdir_is_gone_and_links_are_not_followed() {
    let bench = Bench::new();
    fs::create_dir(bench.path("outside")).unwrap();
    fs::write(bench.path("outside/precious"), "x").unwrap();
    let workdir = on_disk(bench.dir.path());
    let path = workdir.path().to_owned();
    std::os::unix::fs::symlink(bench.path("outside"), path.join("link")).unwrap();
    drop(workdir);
    assert!(!path.exists());
    assert_eq!(names(&bench.path("outside")), ["precious"]);
}

#[test]
fn disk_is_refused_unless_allowed() {
    let parent = Some(PathBuf::from("/proc"));
    let error = Workdir::create(&WorkdirOptions { parent, allow_disk: false }).unwrap_err();
    let WorkdirError::NoRamFilesystem { tried } = error else { panic!("{error:?}") };
    assert_eq!(tried, [PathBuf::from("/proc")]);
}

#[test]
fn wipe_of_what_is_gone_already_is_fine() {
    let bench = Bench::new();
    let workdir = on_disk(bench.dir.path());
    fs::remove_dir_all(workdir.path()).unwrap();
    workdir.wipe().unwrap();
}

#[test]
fn w23_workdirs_of_the_dead_are_swept_and_nothing_else() {
    let bench = Bench::new();
    let parent = bench.path("shm");
    fs::create_dir(&parent).unwrap();
    let alive = on_disk(&parent);
    let dead = parent.join("gpgsmith-0123456789abcdef");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("secret"), "x").unwrap();
    for other in ["gpgsmith-short", "gpgsmith-0123456789ABCDEF", "locksmith-0123456789abcdef"] {
        fs::create_dir(parent.join(other)).unwrap();
    }
    fs::write(parent.join("gpgsmith-aaaaaaaaaaaaaaaa"), "a file").unwrap();
    std::os::unix::fs::symlink(&parent, parent.join("gpgsmith-bbbbbbbbbbbbbbbb")).unwrap();
    let before = names(&parent).len();

    assert_eq!(sweep(&[parent.clone(), bench.path("missing")]), [dead]);
    assert_eq!(names(&parent).len(), before - 1);
    assert!(alive.path().exists());

    let path = alive.path().to_owned();
    drop(alive);
    assert!(!path.exists());
}

#[test]
fn sweeps_and_creations_at_once_never_lose_a_live_workdir() {
    let bench = Bench::new();
    let parent = bench.dir.path();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..200).for_each(|_| drop(sweep(&[parent.to_owned()]))));
            scope.spawn(|| {
                for _ in 0..200 {
                    let workdir = on_disk(parent);
                    fs::write(workdir.path().join("alive"), "x").unwrap();
                }
            });
        }
    });
    assert_eq!(names(parent), ["vault"]);
}
