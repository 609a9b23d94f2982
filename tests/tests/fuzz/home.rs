//! Our files in a home and beside a vault: lineage, settings, audit log, sidecars.

use std::{collections::BTreeMap, fs, path::Path};

use gpgsmith_audit::{Entry, Log, is_prefix};
use gpgsmith_kernel::{
    home::{
        lineage::{self, Base},
        settings::{self, Settings, VaultSettings},
    },
    session::ephemeral::EphemeralInfo,
};
use gpgsmith_tests::{
    extent::rounds,
    mutate::{Corpus, fuzz},
    sandbox::Sandbox,
    tar,
};

use super::{YAML, fixtures, in_ram};

/// The lineages of a vault of ours, as it grows.
fn lineages() -> Vec<Vec<u8>> {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    let keys = ["--key-passphrase-file", &sandbox.passphrase()];
    for number in 0..3 {
        sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
        let add = ["keys", "identity", "add", &format!("N <n{number}@example.org>")];
        sandbox.gpgsmith(&[&add[..], &keys].concat()).ok();
        sandbox.gpgsmith(&["vault", "seal"]).ok();
    }
    let (key, plain) = (sandbox.text("identity.txt"), sandbox.text("plain"));
    let snapshots = sandbox.snapshots("vaults/identity").split_off(2);
    let lineage = |snapshot: String| {
        let path = sandbox.text(&format!("vaults/identity/{snapshot}"));
        sandbox.tool("age", &["--decrypt", "-i", &key, "-o", &plain, &path]).ok();
        let entries = tar::entries(&fs::read(&plain).unwrap());
        entries.into_iter().find(|entry| entry.name == lineage::FILE_NAME).unwrap().content
    };
    snapshots.into_iter().map(lineage).collect()
}

#[test]
fn a_lineage_that_is_read_is_written_the_same_and_can_be_stood_on() {
    let home = in_ram();
    let inputs = lineages();
    assert_eq!(inputs.len(), 3);
    let words = [
        &YAML[..],
        &["version: 1\n", "parents: []\n", "seq: 9007199254740992\n", "kind: ephemeral\n"],
    ]
    .concat();
    let mut read = 0;
    fuzz(&Corpus { inputs, words: &words }, rounds(3000, 150_000), |bytes, _| {
        let Ok(text) = str::from_utf8(bytes) else { return };
        let Ok(found) = lineage::parse(text) else { return };
        read += 1;
        found.write(home.path()).unwrap();
        assert_eq!(lineage::read(home.path()).unwrap(), Some(found.clone()));
        for manifest in [found.this.manifest.as_str(), "another"] {
            let base = Base::of("x", &[7; 32], Some(&found), manifest);
            assert_eq!(base.descends_from("x"), base.parent.is_some());
        }
        drop((Base::of_state(&found), Base::before_foreign_state("x", Some(&found)), found.pin()));
    });
    assert!(read > 100, "{read}");
}

#[test]
fn settings_that_are_read_are_saved_so_that_they_say_the_same() {
    let home = in_ram();
    let path = home.path().join(settings::FILE_NAME);
    let vault = home.path().join(settings::VAULT_FILE_NAME);
    let inputs = vec![
        b"master_fp: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E\nsubkey_algo: rsa4096\nsubkey_expiry: 2y\n".to_vec(),
        b"# mine\nmaster_fp: \"0\"\npublish_targets:\n    - type: github\n      url: x\n".to_vec(),
        b"idle_minutes: 10\nabsolute_minutes: 60\ngzip: true\n".to_vec(),
    ];
    let words =
        [&YAML[..], &["master_fp: x\n", "subkey_expiry: 0\n", "gzip: ", "idle_minutes: "]].concat();
    let mut saved = 0;
    fuzz(&Corpus { inputs, words: &words }, rounds(3000, 150_000), |bytes, _| {
        fs::write(&path, bytes).unwrap();
        fs::write(&vault, bytes).unwrap();
        drop(VaultSettings::load(home.path()).map(|limits| (limits.idle(), limits.absolute())));
        let Ok(found) = Settings::load(home.path()) else { return };
        if found.save(home.path()).is_ok() {
            saved += 1;
            assert_eq!(Settings::load(home.path()).unwrap(), found);
        } else {
            assert_eq!(fs::read(&path).unwrap(), bytes, "a refusal leaves it alone");
        }
    });
    assert!(saved > 100, "{saved}");
}

#[test]
fn a_sidecar_that_is_read_is_written_the_same() {
    let dir = in_ram();
    let (path, other) = (dir.path().join("x.info"), dir.path().join("y.info"));
    let mut inputs = fixtures(".info");
    let ours =
        "machine: 0123456789abcdef0123456789abcdef\nsession: fedcba9876543210fedcba9876543210\n";
    inputs.push([inputs[0].as_slice(), ours.as_bytes()].concat());
    let words =
        [&YAML[..], &["hostname: x\n", "status: idle-sealed\n", "generation: ", "machine: "]]
            .concat();
    let mut read = 0;
    fuzz(&Corpus { inputs, words: &words }, rounds(3000, 150_000), |bytes, _| {
        fs::write(&path, bytes).unwrap();
        let Ok(found) = EphemeralInfo::read(&path) else { return };
        read += 1;
        found.write(&other).unwrap();
        assert_eq!(EphemeralInfo::read(&other).unwrap(), found);
        assert!(!found.is_stale(found.last_heartbeat));
    });
    assert!(read > 100, "{read}");
}

fn entry() -> Entry {
    let time = "2026-11-24T00:00:00Z".parse().unwrap();
    Entry::new(time, "fuzz", "a \"test\": #", BTreeMap::from([("no".to_owned(), "0x1".to_owned())]))
}

/// A log that the Go program wrote, and the same after entries of ours.
fn logs(dir: &Path) -> Vec<Vec<u8>> {
    let mut logs = fixtures(".yaml");
    logs.retain(|log| log.starts_with(b"entries:"));
    let grown: Vec<Vec<u8>> = logs
        .iter()
        .map(|text| {
            let log = Log::new(dir.join("grown.yaml"), "seed");
            fs::write(log.path(), text).unwrap();
            log.append(entry()).unwrap();
            log.append(entry()).unwrap();
            fs::read(log.path()).unwrap()
        })
        .collect();
    logs.extend(grown);
    logs
}

#[test]
fn an_audit_log_that_is_read_grows_by_what_is_appended_and_one_that_is_not_stays() {
    let dir = in_ram();
    let log = Log::new(dir.path().join("log.yaml"), "seed");
    let inputs = logs(dir.path());
    let words = [
        &YAML[..],
        &[
            "entries:\n",
            "    - timestamp: 2026-01-01\n",
            "      details: \"x\"\n",
            "chain: \"1:00\"",
        ],
    ]
    .concat();
    let (mut grown, mut refused) = (0, 0);
    fuzz(&Corpus { inputs, words: &words }, rounds(2000, 100_000), |bytes, _| {
        fs::write(log.path(), bytes).unwrap();
        let before = log.load();
        if let Ok(before) = &before {
            let report = log.verify().unwrap();
            assert_eq!(report.entries, before.len());
        }
        drop(log.head());
        if let Ok(added) = log.append(entry()) {
            grown += 1;
            // Only the end is read for an append: what was garbled before it stays so.
            if let Ok(before) = before {
                let now = log.load().unwrap();
                assert_eq!(now.last(), Some(&added));
                assert!(is_prefix(&before, &now) && now.len() == before.len() + 1);
            }
        } else {
            refused += 1;
            // A torn end may be gone: that comes first.
            let left = fs::read(log.path()).unwrap();
            assert!(bytes.starts_with(&left), "a refusal adds nothing");
        }
        fs::write(log.path(), bytes).unwrap();
        if let Ok(Some(mended)) = log.mend() {
            assert_eq!([fs::read(log.path()).unwrap(), mended.cut].concat(), bytes);
            log.load().unwrap();
        }
    });
    assert!(grown > 100 && refused > 100, "{grown} grown, {refused} refused");
}
