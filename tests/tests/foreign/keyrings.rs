//! Snapshots with another key ring, or that say of theirs what is not true.

use std::sync::OnceLock;

use gpgsmith_tests::{
    fixture::MASTER,
    sandbox::Sandbox,
    tar::{self, Entry},
    target::{DIR, Target},
};

/// What Mallory's snapshot holds, a whole home of gpgsmith's own making, and her master key.
fn mallory() -> &'static (Vec<Entry>, String) {
    static HOME: OnceLock<(Vec<Entry>, String)> = OnceLock::new();
    HOME.get_or_init(|| {
        let sandbox = Sandbox::new();
        sandbox.register(&["identity"]);
        let (dir, key) = (sandbox.text("vaults/m"), sandbox.text("identity.txt"));
        sandbox.gpgsmith(&["vault", "create", "m", "--path", &dir, "--identity", &key]).ok();
        let keys = ["keys", "create", "--name", "Mallory", "--email", "mallory@example.org"];
        let phrase = ["--key-passphrase-file", &sandbox.passphrase()];
        sandbox.gpgsmith(&[&keys[..], &phrase].concat()).ok();
        let listed = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
        sandbox.gpgsmith(&["vault", "seal"]).ok();
        let newest = sandbox.snapshots("vaults/m").pop().unwrap();
        let (from, to) = (sandbox.text(&format!("vaults/m/{newest}")), sandbox.text("plain"));
        sandbox.tool("age", &["--decrypt", "-i", &key, "-o", &to, &from]).ok();
        let mut entries = tar::entries(&std::fs::read(to).unwrap());
        // Whoever forges a snapshot does not leave a lineage in it that is another vault's.
        entries.retain(|entry| entry.name != "gpgsmith-lineage.yaml");
        (entries, listed["master_fp"].as_str().unwrap().to_owned())
    })
}

/// The entries with the file `name` saying this; without it for `None`.
fn with(entries: &[Entry], name: &str, content: Option<&[u8]>) -> Vec<Entry> {
    let mut entries = entries.to_vec();
    match content {
        None => entries.retain(|entry| entry.name != name),
        Some(content) => {
            let is_it = |entry: &&mut Entry| entry.name == name;
            entries.iter_mut().find(is_it).unwrap().content = content.to_vec();
        }
    }
    entries
}

fn naming(entries: &[Entry], master: &str) -> Vec<Entry> {
    let text = format!("master_fp: {master}\nsubkey_algo: ed25519\nsubkey_expiry: 2y\n");
    with(entries, "gpgsmith.yaml", Some(text.as_bytes()))
}

fn content<'a>(entries: &'a [Entry], name: &str) -> &'a [u8] {
    &entries.iter().find(|entry| entry.name == name).unwrap().content
}

fn is_key(entry: &Entry) -> bool {
    entry.name.starts_with("private-keys-v1.d/")
}

/// Both key rings in one, and the secret keys of both.
fn both(ours: &[Entry], theirs: &[Entry]) -> Vec<Entry> {
    // A keybox is a header of 32 bytes and blobs (gnupg kbx/keybox-blob.c).
    let ring = [content(ours, "pubring.kbx"), &content(theirs, "pubring.kbx")[32..]].concat();
    let mut entries = with(ours, "pubring.kbx", Some(&ring));
    entries.extend(theirs.iter().filter(|entry| is_key(entry)).cloned());
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    entries.dedup_by(|a, b| a.name == b.name);
    entries
}

/// The same length, so that nothing else in the key ring has to change.
fn renamed(ours: &[Entry]) -> Vec<Entry> {
    let mut ring = content(ours, "pubring.kbx").to_vec();
    let name = b"@example";
    let places: Vec<usize> =
        (0..ring.len() - name.len()).filter(|&at| ring[at..].starts_with(name)).collect();
    assert!(!places.is_empty(), "the fixture has mail addresses");
    for at in places {
        ring[at..at + name.len()].copy_from_slice(b"@exemple");
    }
    with(ours, "pubring.kbx", Some(&ring))
}

/// The forged snapshot is refused, and nothing is left of it.
fn refused(target: &Target, name: &str, entries: &[Entry]) {
    target.forge(entries);
    let before = target.look();
    let run = target.open();
    assert_eq!(run.code, Some(4), "{name}: {run}");
    before.unchanged(target, name);
}

#[test]
fn w13_a_key_ring_that_is_not_the_trusted_one_is_refused_whatever_it_says_of_itself() {
    let target = Target::new();
    let ours = target.newest();
    let (theirs, their_master) = mallory();
    let without_keys: Vec<Entry> = ours.iter().filter(|entry| !is_key(entry)).cloned().collect();
    let mut with_their_keys = without_keys.clone();
    with_their_keys.extend(theirs.iter().filter(|entry| is_key(entry)).cloned());
    for (name, entries) in [
        ("another's home", theirs.clone()),
        ("another's, named as ours", naming(theirs, MASTER)),
        ("another's, named as ours in lower case", naming(theirs, &MASTER.to_lowercase())),
        ("another's without gpgsmith.yaml", with(theirs, "gpgsmith.yaml", None)),
        ("another's that names nobody", naming(theirs, "\"\"")),
        ("ours, named as another's", naming(&ours, their_master)),
        ("both, named as another's", naming(&both(&ours, theirs), their_master)),
        ("ours without secret keys", without_keys),
        ("our certificates, another's secret keys", with_their_keys),
        ("ours with other user IDs", renamed(&ours)),
        ("nothing", Vec::new()),
    ] {
        refused(&target, name, &entries);
    }
    target.forge(&with(&ours, "pubring.kbx", Some(&[0xff; 4096])));
    let before = target.look();
    target.open().fails(1);
    before.unchanged(&target, "a broken key ring");
    let again = target.sandbox.path(DIR).join(gpgsmith_tests::target::FORGED);
    std::fs::remove_file(again).unwrap();
    target.open().ok();
    target.discard();
}

/// A key file of garbage is listed by gpg as present.
#[test]
fn a_master_key_whose_secret_part_is_garbage_is_lost_and_not_trusted() {
    let target = Target::new();
    let ours = target.newest();
    let mut refused_ones = 0;
    for key in ours.iter().filter(|entry| is_key(entry)).filter(|entry| !entry.content.is_empty()) {
        target.forge(&with(&ours, &key.name, Some(b"(11:no-such-key)")));
        let before = target.look();
        let run = target.open();
        if run.code == Some(4) {
            refused_ones += 1;
            before.unchanged(&target, &key.name);
        } else {
            run.ok();
            target.discard();
        }
    }
    assert_eq!(refused_ones, 1, "the master's; a subkey that is lost does not lock anybody out");
}

#[test]
fn without_an_anchor_nothing_is_trusted_that_does_not_name_its_key() {
    let target = Target::new();
    let ours = target.newest();
    let (theirs, _) = mallory();
    target.sandbox.gpgsmith(&["vault", "trust", "identity", "--none", "--yes"]).ok();
    refused(&target, "another's, named as ours", &naming(theirs, MASTER));
    let registry = target.sandbox.read("config/locksmith/config.yaml");
    for (name, entries) in [
        ("nobody is named", with(theirs, "gpgsmith.yaml", None)),
        ("an empty name", naming(theirs, "")),
        ("two keys, none named", with(&both(&ours, theirs), "gpgsmith.yaml", None)),
    ] {
        target.forge(&entries);
        let before = target.look();
        let opened = target.open().ok();
        assert!(opened.stderr.contains("\nread-only: "), "{name}: {opened}");
        target.sandbox.gpgsmith(&["vault", "seal"]).fails(4);
        target.discard();
        before.unchanged(&target, name);
        assert_eq!(target.sandbox.read("config/locksmith/config.yaml"), registry, "{name}");
    }
}

#[test]
fn our_own_key_ring_opens_whether_it_names_its_master_or_not() {
    let target = Target::new();
    let ours = target.newest();
    for (name, entries) in [
        ("not named", with(&ours, "gpgsmith.yaml", None)),
        ("an empty name", naming(&ours, "")),
        ("lower case", naming(&ours, &MASTER.to_lowercase())),
        ("with another's beside it", both(&ours, &mallory().0)),
    ] {
        target.forge(&entries);
        let before = target.look();
        let opened = target.open();
        assert_eq!(opened.code, Some(0), "{name}: {opened}");
        let listed = target.sandbox.gpgsmith(&["keys", "list"]).ok().stdout;
        assert!(listed.contains("1BAD42B9D3EB840E"), "{name}: {listed}");
        target.discard();
        before.unchanged(&target, name);
    }
}
