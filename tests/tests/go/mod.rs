//! One vault, by turns in the hands of the Go program and in ours: what it keeps, drops and
//! rewrites is understood, lineage and audit chain included.

mod program;

use gpgsmith_kernel::home::lineage::{self, Lineage};
use gpgsmith_tests::{
    forge::{archive, copy, file, link},
    run::Run,
    target::{DIR, Target},
};

use self::program::{Session, save_registry};

/// A vault of the Go program's that we have sealed once, with a link in it.
fn sealed_by_us() -> Target {
    let target = Target::new();
    let mut parts: Vec<Vec<u8>> = target.newest().iter().map(copy).collect();
    parts.push(link("link", "pubring.kbx"));
    parts.push(file("gpgsmith-vault.yaml", "idle_minutes: 7\n"));
    target.seal("20261123T180000Z_with-a-link.tar.age", &archive(&parts));
    target.open().ok();
    add(&target, "Ours One <one@example.org>");
    seal(&target, "ours");
    target
}

fn add(target: &Target, user_id: &str) {
    let phrase = ["--key-passphrase-file", &target.sandbox.passphrase()];
    let line = ["keys", "identity", "add", user_id];
    target.sandbox.gpgsmith(&[&line[..], &phrase].concat()).ok();
}

fn seal(target: &Target, message: &str) -> String {
    target.sandbox.gpgsmith(&["vault", "seal", "-m", message]).ok();
    target.sandbox.snapshots(DIR).pop().unwrap()
}

fn lineage(target: &Target, snapshot: &str) -> Lineage {
    let entries = target.entries(snapshot);
    let entry = entries.iter().find(|entry| entry.name == lineage::FILE_NAME).unwrap();
    lineage::parse(str::from_utf8(&entry.content).unwrap()).unwrap()
}

fn identities(target: &Target) -> String {
    target.sandbox.gpgsmith(&["keys", "identity", "list"]).ok().stdout
}

#[track_caller]
fn told(run: &Run, text: &str) {
    assert!(run.stderr.contains(text), "{text:?} is not told: {run}");
}

#[test]
fn what_the_go_program_seals_on_ours_goes_on_from_ours() {
    let target = sealed_by_us();
    let ours = target.sandbox.snapshots(DIR).pop().unwrap();
    let before = lineage(&target, &ours);
    let session = Session::open(&target);
    session.add_identity("Theirs One <theirs@example.org>");
    session.rewrite_settings();
    let theirs = session.seal("go", 2);
    assert_eq!(lineage(&target, &theirs), before, "it carries ours unchanged");

    let opened = target.open().ok();
    assert!(!opened.stderr.contains("read-only"), "{opened}");
    told(&opened, &theirs);
    let listed = identities(&target);
    assert!(
        listed.contains("one@example.org") && listed.contains("theirs@example.org"),
        "{listed}"
    );
    target.sandbox.gpgsmith(&["audit", "verify"]).ok();
    add(&target, "Ours Two <two@example.org>");
    target.sandbox.gpgsmith(&["audit", "verify"]).ok();
    let next = seal(&target, "ours-again");

    let after = lineage(&target, &next);
    assert_eq!((&after.vault, &after.secrets), (&before.vault, &before.secrets));
    assert_eq!((after.this.seq, after.parents[0].seq), (before.this.seq + 2, before.this.seq + 1));
    assert_eq!(after.parents[0].name, theirs);
    assert_eq!(after.ancestors[0].name, ours);
    assert_eq!(after.audit.count, before.audit.count + 2);
    let sealed = target.entries(&next);
    let names: Vec<&str> = sealed.iter().map(|entry| entry.name.as_str()).collect();
    assert!(!names.contains(&"link"), "it drops links");
    assert!(
        names.contains(&"gpgsmith-vault.yaml") && names.contains(&"gpg-agent.conf"),
        "{names:?}"
    );
}

#[test]
fn an_untouched_seal_of_the_go_program_is_a_copy_of_ours() {
    let target = sealed_by_us();
    // Without the link, which would be missing in what it seals.
    let session = Session::open(&target);
    session.add_identity("Theirs One <theirs@example.org>");
    session.seal("go", 2);
    target.open().ok();
    let ours = seal(&target, "no-link");
    let before = lineage(&target, &ours);
    let theirs = Session::open(&target).seal("untouched", 4);
    let opened = target.open().ok();
    told(&opened, &theirs);
    add(&target, "Ours Two <two@example.org>");
    let after = lineage(&target, &seal(&target, "on-the-copy"));
    assert_eq!(after.vault, before.vault);
    assert_eq!(after.parents[0].id, before.this.id, "it is the same snapshot");
    assert_eq!(after.this.seq, before.this.seq + 1);
}

/// Several of its seals carry one lineage: their audit logs tell which came first.
#[test]
fn several_seals_of_the_go_program_in_a_row_are_one_line() {
    let target = sealed_by_us();
    for (number, later) in [(1, 2), (2, 4), (3, 6)] {
        let session = Session::open(&target);
        session.add_identity(&format!("Theirs {number} <theirs{number}@example.org>"));
        session.seal(&format!("go-{number}"), later);
        if number != 2 {
            let opened = target.open().ok();
            assert!(!opened.stderr.contains("fork"), "{opened}");
            target.discard();
        }
    }
    target.open().ok();
    let listed = identities(&target);
    assert!((1..=3).all(|number| listed.contains(&format!("theirs{number}@"))), "{listed}");
    target.sandbox.gpgsmith(&["audit", "verify"]).ok();
    target.discard();
}

#[test]
fn two_seals_of_the_go_program_side_by_side_are_a_fork() {
    let target = sealed_by_us();
    let base = target.sandbox.snapshots(DIR).pop().unwrap();
    let (first, second) = (Session::open(&target), Session::open_at(&target, &base));
    first.add_identity("First <first@example.org>");
    second.add_identity("Second <second@example.org>");
    let first = first.seal("first", 2);
    target.open().ok();
    assert!(identities(&target).contains("first@example.org"));
    target.discard();
    second.seal("second", 4);
    let opened = target.open().ok();
    told(&opened, &first);
    let listed = identities(&target);
    assert!(listed.contains("second@") && !listed.contains("first@"), "{listed}");
    target.discard();
}

/// Its state carries the lineage of the snapshot that it was opened from.
#[test]
fn work_that_the_go_program_left_on_ours_is_resumed_and_sealed() {
    let target = sealed_by_us();
    let ours = target.sandbox.snapshots(DIR).pop().unwrap();
    let before = lineage(&target, &ours);
    let settings = target.sandbox.read("config/locksmith/gpgsmith.yaml");
    target.sandbox.settings(&format!("{settings}hostname: desk\n"));
    target.sandbox.gpgsmith(&["daemon", "stop"]).ok();
    let session = Session::open(&target);
    session.add_identity("Left <left@example.org>");
    session.leave("desk", 3);
    target.open().fails(6);
    target.sandbox.gpgsmith(&["vault", "open", "--no-shell", "--no-input", "--resume"]).ok();
    assert!(identities(&target).contains("left@example.org"));
    let next = seal(&target, "resumed");
    let after = lineage(&target, &next);
    assert_eq!((&after.vault, after.this.seq), (&before.vault, before.this.seq + 1));
    assert_eq!((&after.parents[0].name, &after.parents[0].id), (&ours, &before.this.id));
    assert!(!target.sandbox.names(DIR).iter().any(|name| name.contains(".session-")));
    target.open().ok();
    target.sandbox.gpgsmith(&["audit", "verify"]).ok();
    target.discard();
}

#[test]
fn the_registry_goes_back_and_forth() {
    let target = Target::new();
    let sandbox = &target.sandbox;
    let path = "config/locksmith/config.yaml";
    sandbox.write(path, &format!("# mine\n{}unknown: lost with it\n", sandbox.read(path)));
    sandbox.unlocked(&["vault", "create", "second", "--path", &sandbox.text("vaults/second")]).ok();
    sandbox.gpgsmith(&["vault", "discard", "--vault", "second", "--yes"]).ok();
    assert!(sandbox.read(path).starts_with("# mine\n"));
    save_registry(sandbox);
    let theirs = sandbox.read(path);
    let listed = sandbox.gpgsmith(&["vault", "list"]).ok().stdout;
    assert!(listed.contains("identity") && listed.contains("second"), "{listed}");
    sandbox.gpgsmith(&["vault", "trust", "identity", "--none", "--yes"]).ok();
    let ours = sandbox.read(path);
    save_registry(sandbox);
    assert_eq!(sandbox.read(path), ours, "what we write is what it would write");
    target.open().ok();
    target.discard();
    assert_eq!(sandbox.read(path), theirs, "first use is recorded as it would record it");
}
