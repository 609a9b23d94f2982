//! Ephemeral pairs, as the Go program reads and writes them.

use std::os::unix::fs::PermissionsExt as _;

use gpgsmith_kernel::session::ephemeral::{
    Ephemeral, EphemeralInfo, EphemeralStatus, LockSource, delete_ephemeral_files,
    find_ephemeral_for, list_ephemerals, list_strays, parse_session_filename,
    session_filenames_for,
};
use proptest::prelude::*;

const BASE: &str = "20260514T081502Z_first-keys.tar.age";

/// What the Go program wrote, nanoseconds and all.
const OF_GO: &str = "hostname: laptop
source: cli
started_at: 2026-05-14T08:17:40.123456789Z
last_heartbeat: 2026-05-14T08:22:10.98765432Z
generation: 7
status: active
";

fn info(host: &str) -> EphemeralInfo {
    EphemeralInfo {
        hostname: host.to_owned(),
        source: LockSource::Cli,
        started_at: "2026-05-14T08:17:40.123456789Z".parse().unwrap(),
        last_heartbeat: "2026-05-14T08:22:10.98765432Z".parse().unwrap(),
        generation: 7,
        status: EphemeralStatus::Active,
        machine: None,
        session: None,
    }
}

/// Puts a pair of `host` on `base` into `dir`.
fn put(dir: &std::path::Path, base: &str, host: &str, state: bool) {
    let (state_name, info_name) = session_filenames_for(base, host);
    info(host).write(&dir.join(info_name)).unwrap();
    if state {
        gpgsmith_vault::atomic::replace(&dir.join(state_name), b"age", 0o600).unwrap();
    }
}

#[test]
fn names_are_built_and_parsed() {
    let (state, sidecar) = session_filenames_for(BASE, "a.b");
    assert_eq!(state, "20260514T081502Z_first-keys.tar.age.session-a.b");
    assert_eq!(sidecar, format!("{state}.info"));
    for (name, parsed) in [
        (state.clone(), Some((BASE, "a.b"))),
        (format!("/some/where/{state}"), Some((BASE, "a.b"))),
        (format!("{BASE}.session-x.session-y"), Some((&*format!("{BASE}.session-x"), "y"))),
        (BASE.to_owned(), None),
        (format!("{BASE}.session-"), None),
        (".session-host".to_owned(), None),
    ] {
        let parsed = parsed.map(|(base, host)| (base.to_owned(), host.to_owned()));
        assert_eq!(parse_session_filename(&name), parsed, "{name}");
    }
}

#[test]
fn a_sidecar_looks_as_the_go_program_writes_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.info");
    info("laptop").write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), OF_GO);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(EphemeralInfo::read(&path).unwrap(), info("laptop"));
    info("0123").write(&path).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("hostname: \"0123\"\n"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "a temporary file is left");
}

#[test]
fn w01_a_heartbeat_is_stale_after_ninety_seconds() {
    let info = info("laptop");
    let after = |seconds: i64| {
        info.last_heartbeat.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap()
    };
    for (seconds, stale) in
        [(10, false), (89, false), (90, false), (91, true), (600, true), (-60, false)]
    {
        assert_eq!(info.is_stale(after(seconds)), stale, "{seconds}");
    }
}

#[test]
fn a_scan_finds_pairs_and_passes_over_junk() {
    let dir = tempfile::tempdir().unwrap();
    assert!(list_ephemerals(dir.path()).unwrap().is_empty());
    put(dir.path(), BASE, "zebra", true);
    put(dir.path(), BASE, "ant", false);
    for junk in ["x.info", "y.session-z.info", "README"] {
        gpgsmith_vault::atomic::replace(&dir.path().join(junk), b"?", 0o600).unwrap();
    }
    let found = list_ephemerals(dir.path()).unwrap();
    let hosts: Vec<_> = found.iter().map(|pair| pair.info.hostname.as_str()).collect();
    assert_eq!(hosts, ["ant", "zebra"]);
    assert!(found[0].session_path.is_none() && found[1].session_path.is_some());
    assert!(find_ephemeral_for(dir.path(), "zebra").unwrap().is_some());
    assert!(find_ephemeral_for(dir.path(), "bee").unwrap().is_none());
}

#[test]
fn w19_a_conflict_copy_is_never_taken_for_a_pair_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), BASE, "laptop", true);
    let copies = [
        // Syncthing and Dropbox put their mark before the last dot.
        format!("{BASE}.session-laptop.sync-conflict-20261123-171937-V3AYC7M.info"),
        format!("{BASE}.sync-conflict-20261123-171937-V3AYC7M.session-laptop"),
        format!("{BASE}.session-laptop (laptop's conflicted copy 2026-11-23).info"),
        format!("{BASE} (laptop's conflicted copy 2026-11-23).session-laptop"),
        format!("{BASE}.session-laptop (1).info"),
        format!("{BASE}.session-desk"),
    ];
    for copy in &copies {
        let content = std::fs::read(dir.path().join(format!("{BASE}.session-laptop.info")));
        gpgsmith_vault::atomic::replace(&dir.path().join(copy), &content.unwrap(), 0o600).unwrap();
    }
    assert_eq!(list_ephemerals(dir.path()).unwrap().len(), 1);
    let mut expected = copies.to_vec();
    expected.sort();
    assert_eq!(list_strays(dir.path()).unwrap(), expected, "and a state without its sidecar");
}

#[test]
fn w08_a_lone_sidecar_does_not_hide_newer_work() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "20260101T000000Z_a.tar.age", "laptop", false);
    put(dir.path(), BASE, "laptop", true);
    put(dir.path(), "20260601T000000Z_z.tar.age", "laptop", false);
    let found = find_ephemeral_for(dir.path(), "laptop").unwrap().unwrap();
    assert_eq!(found.canonical_base, BASE);
}

#[test]
fn w11_work_on_an_older_snapshot_is_divergent() {
    let pair = |names: &[&str]| {
        let pair = Ephemeral {
            vault_dir: "/v".into(),
            canonical_base: BASE.to_owned(),
            session_path: None,
            info_path: "/v/x".into(),
            info: info("laptop"),
        };
        pair.is_divergent(names)
    };
    assert!(!pair(&[]) && !pair(&[BASE]));
    assert!(!pair(&["20260101T000000Z_older.tar.age", BASE]));
    assert!(pair(&[BASE, "20260601T000000Z_newer.tar.age"]));
    assert!(pair(&["20260601T000000Z_newer.tar.age"]));
}

#[test]
fn a_pair_is_deleted_once_or_twice() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), BASE, "laptop", true);
    let pair = find_ephemeral_for(dir.path(), "laptop").unwrap().unwrap();
    for _ in 0..2 {
        let state = pair.session_path.as_deref();
        delete_ephemeral_files(state, Some(&pair.info_path)).unwrap();
    }
    delete_ephemeral_files(None, None).unwrap();
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_sidecar_that_is_a_link_or_a_pipe_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    info("laptop").write(&real).unwrap();
    let (_, name) = session_filenames_for(BASE, "laptop");
    std::os::unix::fs::symlink(&real, dir.path().join(name)).unwrap();
    let (_, name) = session_filenames_for(BASE, "pipe");
    nix::unistd::mkfifo(&dir.path().join(name), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(list_ephemerals(dir.path()).unwrap().is_empty());
}

proptest! {
    #[test]
    fn every_sidecar_comes_back(host in "[a-zA-Z0-9.-]{1,64}", generation: u64, word in "[a-z-]{1,12}") {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.info");
        let info = EphemeralInfo { generation, status: word.into(), ..info(&host) };
        info.write(&path).unwrap();
        prop_assert_eq!(EphemeralInfo::read(&path).unwrap(), info);
    }
}
