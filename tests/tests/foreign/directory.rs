//! A vault directory in which somebody else puts names, links, pipes and pairs.

use std::{fs, os::unix::fs::symlink};

use gpgsmith_tests::{
    fixture::HOST,
    forge::{archive, file},
    sandbox::Sandbox,
    target::{DIR, FORGED, Target},
};

#[test]
fn what_is_no_file_is_no_snapshot_and_hangs_nothing() {
    let target = Target::new();
    let path = target.sandbox.path(DIR).join(FORGED);
    let (text, elsewhere) = (path.to_str().unwrap().to_owned(), target.sandbox.path("tmp/there"));
    let newest = target.sandbox.path(DIR).join(target.sandbox.snapshots(DIR).pop().unwrap());
    fs::copy(newest, &elsewhere).unwrap();
    let socket = || drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let makers: [(&str, &dyn Fn()); 5] = [
        ("pipe", &|| drop(target.sandbox.tool("mkfifo", &[&text]).ok())),
        ("directory", &|| fs::create_dir(&path).unwrap()),
        ("link", &|| symlink(&elsewhere, &path).unwrap()),
        ("link to a device", &|| symlink("/dev/zero", &path).unwrap()),
        ("socket", &socket),
    ];
    for (name, make) in makers {
        make();
        let before = target.look();
        let run = target.open();
        if run.code == Some(0) {
            let opened = target.sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
            assert_ne!(opened["open"][0]["snapshot"], FORGED, "{name}");
            target.discard();
        } else {
            assert_eq!(run.code, Some(1), "{name}: {run}");
        }
        before.unchanged(&target, name);
        if path.is_dir() { fs::remove_dir(&path) } else { fs::remove_file(&path) }.unwrap();
    }
}

/// Names and sidecars are hints from strangers.
#[test]
fn names_and_sidecars_cannot_steer_the_terminal() {
    let target = Target::new();
    let newest = target.sandbox.snapshots(DIR).pop().unwrap();
    for name in [
        "20261124T000000Z_\u{1b}[2J\u{7}.tar.age",
        "20261124T000000Z_\u{202e}gpj.tar.age (conflicted copy)",
        "\u{1b}]0;owned\u{7}.tar.age",
        "a\nb.tar.age",
    ] {
        target.put(name, b"x");
    }
    let info = |host: &str| {
        format!(
            "hostname: \"{host}\"\nsource: \"\\e[2J\"\nstarted_at: 2026-11-23T00:00:00Z\n\
             last_heartbeat: 2026-11-23T00:00:00Z\ngeneration: 1\nstatus: \"\\x9b2J\"\n"
        )
    };
    for (number, host) in ["\\e[2J\\a", "../../../x", "a\\nb", ""].iter().enumerate() {
        let name = format!("{newest}.session-h{number}");
        target.put(&format!("{name}.info"), info(host).as_bytes());
        target.put(&name, b"x");
    }
    let before = target.look();
    let mut shown = String::new();
    for line in [
        &["vault", "open", "--no-shell", "--no-input", "--read-only"][..],
        &["vault", "status"],
        &["vault", "snapshots"],
        &["vault", "list"],
    ] {
        let run = target.sandbox.gpgsmith(line);
        shown.extend([run.stdout, run.stderr]);
    }
    target.discard();
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
    assert!(shown.contains("\\u{1b}[2J"), "they are told, though: {shown}");
    before.unchanged(&target, "names");
}

/// Work that is offered for a resume is judged like a snapshot.
#[test]
fn a_state_file_of_a_strangers_is_refused_and_stays() {
    let target = Target::new();
    target.sandbox.settings(&format!(
        "{}hostname: {HOST}\n",
        target.sandbox.read("config/locksmith/gpgsmith.yaml")
    ));
    let newest = target.sandbox.snapshots(DIR).pop().unwrap();
    let state = format!("{newest}.session-{HOST}");
    let info = format!(
        "hostname: {HOST}\nsource: cli\nstarted_at: 2026-11-23T00:00:00Z\n\
         last_heartbeat: 2026-11-23T00:00:00Z\ngeneration: 18446744073709551615\nstatus: idle-sealed\n"
    );
    target.put(&format!("{state}.info"), info.as_bytes());
    let resume = ["vault", "open", "--no-shell", "--no-input", "--resume"];
    for (name, parts, code) in [
        ("empty", vec![], 4),
        ("outside", vec![file("../x", "x")], 1),
        (
            "named",
            vec![file("gpgsmith.yaml", "master_fp: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E\n")],
            4,
        ),
    ] {
        target.seal(&state, &archive(&parts));
        let before = target.look();
        target.open().fails(6);
        let run = target.sandbox.gpgsmith(&resume);
        assert_eq!(run.code, Some(code), "{name}: {run}");
        before.unchanged(&target, name);
        fs::remove_file(target.sandbox.path(DIR).join(&state)).unwrap();
    }
}

/// A generation at the end of its range: the next step counts no further, and loses nothing.
#[test]
fn a_sidecar_with_the_largest_of_all_numbers_is_counted_on() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-clean"]);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    let info = sandbox
        .names("vaults/stranded-clean")
        .into_iter()
        .find(|name| name.strip_suffix(".info").is_some());
    let info = format!("vaults/stranded-clean/{}", info.unwrap());
    let text = sandbox.read(&info);
    let line = text.lines().find(|line| line.starts_with("generation:")).unwrap();
    sandbox.write(&info, &text.replace(line, "generation: 18446744073709551615"));
    sandbox.unlocked(&["vault", "open", "--no-shell", "--resume"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "New <new@example.org>"]).ok();
    sandbox.gpgsmith(&["vault", "seal"]).ok();
}
