//! Files that lie in the vault directory and are no part of it.

use gpgsmith_tests::tracer::Watch;
use insta::assert_snapshot;

use super::*;

/// What a sync service, a file manager or a crash leaves of a snapshot and of a pair.
fn strangers(snapshot: &str) -> Vec<String> {
    let stem = snapshot.strip_suffix(".tar.age").unwrap();
    let pair = format!("{snapshot}.session-desk");
    vec![
        format!("{stem} (Ann's conflicted copy 2026-11-24).tar.age"),
        format!("{stem}.tar.sync-conflict-20261124-171937-V3AYC7M.age"),
        format!("{stem}.tar (1).age"),
        format!("{stem}.tar.age (conflict copy)"),
        format!(".syncthing.{snapshot}.tmp"),
        format!("~syncthing~{snapshot}"),
        format!("{snapshot}.part"),
        ".gpgsmith-0123456789abcdef".to_owned(), // nobody knows whose
        ".gpgsmith-ffffffff-0123456789abcdef".to_owned(), // another machine's
        "backup.age".to_owned(),
        format!("{pair} (conflicted copy)"),
        format!("{pair}.sync-conflict-20261124-171937-V3AYC7M"),
        pair.clone(),
        format!("{pair} (conflicted copy).info"),
        format!("{pair}.info.sync-conflict-20261124-171937-V3AYC7M"),
    ]
}

#[test]
fn w19_copies_temporary_and_foreign_files_are_named_and_never_opened() {
    let machines = Machines::new();
    let (laptop, desk) = (&machines.laptop, &machines.desk);
    open(desk, &[]).ok();
    add(desk, &identity("theirs")).ok();
    let theirs = machines.names().into_iter().filter(|name| name.contains(".session-"));
    let theirs: Vec<_> = theirs.map(|name| machines.take_away(&name)).collect();
    discard(desk);
    let newest = machines.names().pop().unwrap();
    let strangers = strangers(&newest);
    let snapshot = machines.file(&newest);
    for name in &strangers {
        let bytes = match name.split(".session-").nth(1) {
            None => &snapshot,
            Some(rest) if rest.contains(".info") => &theirs[1],
            Some(_) => &theirs[0],
        };
        machines.put(name, bytes);
    }
    let before = machines.names();
    laptop.gpgsmith(&["daemon", "start"]).ok();
    let watch = Watch { pid: laptop.daemon_pid(), dir: &laptop.path(DIR), act: None };
    let (opened, calls) = watch.during(|| open(laptop, &[]).ok());
    assert!(opened.stderr.contains(&format!("opened identity at {newest}\n")), "{opened}");
    let listed = laptop.gpgsmith(&["vault", "snapshots"]).ok();
    let checked =
        laptop.unlocked(&["vault", "check", "--key-passphrase-file", &laptop.passphrase()]);
    for name in &strangers {
        for said in [&opened.stderr, &listed.stderr, &checked.stderr] {
            assert!(said.contains(&format!("note: {name} is ")), "{name}: {said}");
        }
        let call = calls.iter().find(|call| call.ends_with(&format!(" {name}")));
        // A state whose sidecar is lost tells only by its content whose it is.
        let may_be_ours = name.ends_with(".session-desk");
        assert!(call.is_none() || may_be_ours, "{call:?}");
    }
    assert!(calls.contains(&format!("open {newest}")), "{calls:?}");
    assert_snapshot!("vault_snapshots__strangers", listed.shown());
    let status = laptop.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(status["unfinished"].as_array().unwrap().len(), 0, "{status}");
    discard(laptop);
    assert_eq!(machines.names(), before, "they are nobody's to remove");
}
