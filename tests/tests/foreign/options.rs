//! W-27 and worse: option files that name programs, sockets that lead elsewhere, programs.

use std::os::unix::net::UnixListener;

use gpgsmith_tests::{
    forge::{archive, copy, file, link, program},
    tar::Entry,
    target::{DIR, FORGED, Target},
};

/// Option files of gpg and its kin, in every spelling that some version of it obeys.
const OPTION_FILES: [&str; 16] = [
    "gpg.conf",
    "gpg.conf-2",
    "gpg.conf-2.2",
    "gpg.conf-2.2.40",
    "gpg.conf-2.4",
    "gpg.conf-2.4.7",
    "options",
    "gpg-agent.conf",
    "gpg-agent.conf-2.2",
    "scdaemon.conf",
    "dirmngr.conf",
    "gpgsm.conf",
    "gpgconf.ctl",
    "common.conf",
    "keyboxd.conf",
    "tpm2daemon.conf",
];

/// Programs that gpg, its agent or scdaemon look for beside themselves or in the home.
const PROGRAMS: [&str; 5] = ["scd-event", "gpg", "gpg-agent", "scdaemon", "bin/pinentry"];

/// What gpg makes anew, and would follow, wait for or fail over if it came with a snapshot.
const TRANSIENT: [&str; 9] = [
    "S.gpg-agent",
    "S.gpg-agent.extra",
    "S.gpg-agent.ssh",
    "S.scdaemon",
    "S.keyboxd",
    "pubring.kbx.lock",
    "trustdb.gpg.lock",
    ".#lk0x0000.host.1",
    "random_seed",
];

/// A program that leaves a trace.
fn trap(target: &Target) -> (String, String) {
    let trace = target.sandbox.text("tmp/sprung");
    let script = format!("#!/bin/sh\necho \"$0 $*\" >>{trace}\n");
    target.sandbox.write("tmp/trap", &script);
    target.sandbox.tool("chmod", &["755", &target.sandbox.text("tmp/trap")]).ok();
    (target.sandbox.text("tmp/trap"), script)
}

/// Every option that names a program, a file to write or another place to look.
fn options(trap: &str, tmp: &str) -> String {
    let programs = ["agent", "dirmngr", "scdaemon", "pinentry", "keyboxd", "tpm2daemon"];
    let programs = programs.map(|name| format!("{name}-program {trap}\n")).concat();
    format!(
        "{programs}photo-viewer {trap}\nexec-path {tmp}\nlist-options show-photos\n\
         use-keyboxd\nno-autostart\nlog-file {tmp}/log\ndebug-all\nkeyring {tmp}/ring\n\
         secret-keyring {tmp}/ring\nno-default-keyring\ntrustdb-name {tmp}/trust\n\
         default-cache-ttl 99999\nencrypt-to 0x63A69F267481A957024FA25B320E88FEA5B94785\n\
         recipient nobody\nno-such-option\n"
    )
}

#[test]
fn w27_what_a_snapshot_brings_along_is_carried_and_not_obeyed() {
    let target = Target::new();
    let (trap, script) = trap(&target);
    let options = options(&trap, &target.sandbox.text("tmp"));
    let theirs = UnixListener::bind(target.sandbox.path("tmp/theirs")).unwrap();
    theirs.set_nonblocking(true).unwrap();
    let socket = format!("%Assuan%\nsocket={}\n", target.sandbox.text("tmp/theirs"));

    let ours = target.newest();
    let kept: Vec<Entry> =
        ours.iter().filter(|entry| !OPTION_FILES.contains(&entry.name.as_str())).cloned().collect();
    let mut parts: Vec<Vec<u8>> = kept.iter().map(copy).collect();
    parts.extend(OPTION_FILES.map(|name| file(name, &options)));
    parts.extend(PROGRAMS.map(|name| program(name, &script)));
    parts.extend(TRANSIENT.map(|name| file(name, &socket)));
    parts.push(link("pubring.gpg", "pubring.kbx"));
    parts.push(link("out", "/etc/passwd"));
    parts.push(link("openpgp-revocs.d/link.rev", "../gpg.conf"));
    parts.push(program("private-keys-v1.d/run", &script));
    target.seal(FORGED, &archive(&parts));
    let outside = target.sandbox.names("tmp");

    target.open().ok();
    let allowed = |name: &String| {
        ["pubring.kbx", "trustdb.gpg"].contains(&name.as_str())
            || name.starts_with("gpgsmith") && name.strip_suffix(".yaml").is_some()
            || name.starts_with("private-keys-v1.d/") && name.strip_suffix(".key").is_some()
            || name.starts_with("openpgp-revocs.d/") && name.strip_suffix(".rev").is_some()
    };
    let strangers: Vec<String> = target.home().into_iter().filter(|name| !allowed(name)).collect();
    assert!(strangers.iter().all(|name| name.starts_with("S.gpg-agent")), "{strangers:?}");
    let keys = ["--key-passphrase-file", &target.sandbox.passphrase()];
    for line in [
        &["keys", "identity", "add", "New <new@example.org>"][..],
        &["keys", "status"],
        &["keys", "export", "--stdout"],
    ] {
        let prompts = line[1] != "status" && line[1] != "export";
        target.sandbox.gpgsmith(&[line, if prompts { &keys } else { &[] }].concat()).ok();
    }
    target.sandbox.gpgsmith(&["vault", "seal"]).ok();
    assert_eq!(target.sandbox.names("tmp"), outside, "something was run or written");
    assert_eq!(theirs.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);

    let sealed = target.newest();
    let content = |name: &str| sealed.iter().find(|entry| entry.name == name);
    for name in OPTION_FILES {
        assert_eq!(content(name).unwrap().content, options.as_bytes(), "{name} is the user's");
    }
    for name in PROGRAMS {
        let entry = content(name).unwrap();
        assert_eq!((&*entry.mode, &entry.content[..]), ("0000700", script.as_bytes()), "{name}");
    }
    for name in TRANSIENT {
        assert!(content(name).is_none(), "{name} is nobody's");
    }
    for name in ["pubring.gpg", "openpgp-revocs.d/link.rev", "out"] {
        assert_eq!(content(name).unwrap().kind, '2', "{name}");
    }
}

/// Where the whole of what gpg reads is hostile, too: nothing is read but what we name.
#[test]
fn w27_a_directory_or_link_in_the_place_of_a_file_of_gpgs_stops_nothing() {
    let target = Target::new();
    let ours = target.newest();
    let swapped = |name: &'static str| {
        ours.iter()
            .filter(move |entry| entry.name != name && !entry.name.starts_with(&format!("{name}/")))
    };
    for (name, code) in [
        ("trustdb.gpg", 0),
        ("openpgp-revocs.d", 0),
        ("pubring.kbx", 4),
        ("private-keys-v1.d", 4),
        ("gpgsmith-audit.yaml", 0),
    ] {
        for part in [link(name, "gpg.conf"), file(&format!("{name}/x"), "x")] {
            let mut parts: Vec<Vec<u8>> = swapped(name).map(copy).collect();
            parts.push(part);
            target.seal(FORGED, &archive(&parts));
            let before = target.look();
            let run = target.open();
            assert_eq!(run.code, Some(code), "{name}: {run}");
            if code == 0 {
                target.discard();
            }
            before.unchanged(&target, name);
            std::fs::remove_file(target.sandbox.path(DIR).join(FORGED)).unwrap();
        }
    }
}
