//! Keys that come into a vault from elsewhere, and a vault's files that leave it.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use gpgsmith_tests::{
    extent::all,
    fixture::MASTER,
    gate::Story,
    run::Run,
    sandbox::{PASSPHRASE, Sandbox},
};
use insta::assert_snapshot;

/// The passphrase of keys that have one of their own.
const OWN: &str = "words of their own";

/// A user's ~/.gnupg with a master key and an encryption subkey, both under [`OWN`].
fn user() -> Sandbox {
    let sandbox = Sandbox::new();
    make_home(&sandbox, "home/.gnupg", OWN);
    sandbox.write("own", &format!("{OWN}\n"));
    sandbox.write("home/.gnupg/gpg.conf", "default-key 0x0\nno-such-option\n");
    sandbox.write("home/.gnupg/gpg-agent.conf", "pinentry-program /bin/false\n");
    sandbox
}

fn make_home(sandbox: &Sandbox, dir: &str, passphrase: &str) {
    make_home_of(sandbox, dir, ("ed25519", passphrase));
}

/// A GnuPG home with a master key of this algorithm and a subkey for encryption.
fn make_home_of(sandbox: &Sandbox, dir: &str, (algo, passphrase): (&str, &str)) {
    fs::create_dir_all(sandbox.path(dir)).unwrap();
    fs::set_permissions(sandbox.path(dir), fs::Permissions::from_mode(0o700)).unwrap();
    add_key(sandbox, dir, (algo, "Ann Example <ann@example.org>", passphrase));
}

fn add_key(sandbox: &Sandbox, dir: &str, (algo, name, passphrase): (&str, &str, &str)) {
    gpg(sandbox, dir, (passphrase, &["--quick-gen-key", name, algo, "cert", "0"]));
    let listed = gpg(sandbox, dir, (passphrase, &["--with-colons", "--list-keys", name]));
    let line = listed.stdout.lines().find(|line| line.starts_with("fpr:")).unwrap();
    let fingerprint = line.split(':').nth(9).unwrap();
    gpg(
        sandbox,
        dir,
        (
            passphrase,
            &["--quick-add-key", fingerprint, &algo.replacen("ed", "cv", 1), "encr", "1y"],
        ),
    );
}

/// gpg as the user runs it; its agent ends.
fn gpg(sandbox: &Sandbox, dir: &str, (passphrase, args): (&str, &[&str])) -> Run {
    let home = sandbox.text(dir);
    let fixed = ["--homedir", &home, "--batch", "--no-options", "--pinentry-mode=loopback"];
    let secret = format!("--passphrase={passphrase}");
    let run = sandbox.tool("gpg", &[&fixed[..], &[&secret], args].concat()).ok();
    sandbox.tool("gpgconf", &["--homedir", &home, "--kill", "all"]).ok();
    run
}

fn import(sandbox: &Sandbox, source: &str, flags: &[&str]) -> Run {
    let source = sandbox.text(source);
    sandbox.unlocked(&[&["vault", "import", &source], flags].concat())
}

/// Into a new vault `work`.
fn import_new(sandbox: &Sandbox, source: &str, flags: &[&str]) -> Run {
    let path = sandbox.text("vaults/work");
    import(sandbox, source, &[&["--name", "work", "--path", &path], flags].concat())
}

fn nothing_was_made(sandbox: &Sandbox) {
    let listed = sandbox.gpgsmith(&["vault", "list", "--json"]).ok().json();
    assert_eq!(listed["vaults"].as_array().map(Vec::len), Some(0), "{listed}");
    let files = sandbox.path("vaults/work").exists().then(|| sandbox.names("vaults/work"));
    assert!(files.is_none_or(|files| files.is_empty()));
}

/// Opens the only vault, proves its keys by a change, and returns the secret keys.
fn proven(sandbox: &Sandbox, flags: &[&str]) -> usize {
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let add = ["keys", "identity", "add", "Proof <proof@example.org>"];
    sandbox.unlocked(&[&add[..], flags].concat()).ok();
    let keys = sandbox.gpgsmith(&["keys", "list", "--json"]).ok().json();
    let certificates = keys["certificates"].as_array().unwrap();
    let count = |c: &serde_json::Value| 1 + c["subkeys"].as_array().unwrap().len();
    certificates.iter().map(count).sum()
}

/// Every file below, with its content.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                open.push(entry.path());
            } else if meta.is_file() {
                let content = fs::read(entry.path()).unwrap();
                found.push((entry.path().display().to_string(), content));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn w15_w24_a_gnupg_home_becomes_a_vault_with_one_passphrase() {
    let sandbox = user();
    let before = files(&sandbox.path("home/.gnupg"));
    let own = sandbox.text("own");
    let flags = ["--reencrypt", "--key-passphrase-file", &own];
    let imported = import_new(&sandbox, "home/.gnupg", &flags).ok();
    assert_snapshot!("vault_import__home", imported.shown());
    assert_eq!(files(&sandbox.path("home/.gnupg")), before, "the source is only read");
    assert_eq!(sandbox.snapshots("vaults/work").len(), 1);
    assert_eq!(proven(&sandbox, &[]), 2);
    let audit = sandbox.gpgsmith(&["audit", "verify"]).ok();
    assert!(audit.stdout.contains("2 entries"), "{audit}");
    sandbox.unlocked(&["vault", "seal"]).ok();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "generate", "--yes"]).ok();
}

#[test]
fn w27_option_files_are_kept_and_come_out_again() {
    let sandbox = user();
    let own = sandbox.text("own");
    let flags = ["--keep-passphrase", "--key-passphrase-file", &own];
    import_new(&sandbox, "home/.gnupg", &flags).ok();
    let target = sandbox.text("home/out");
    sandbox.unlocked(&["vault", "export", "work", &target, "--yes"]).ok();
    for name in ["gpg.conf", "gpg-agent.conf"] {
        let kept = sandbox.read(&format!("home/out/{name}"));
        assert_eq!(kept, sandbox.read(&format!("home/.gnupg/{name}")));
    }
    assert!(!sandbox.path("home/out/random_seed").exists());
    assert_eq!(proven(&sandbox, &["--key-passphrase-file", &own]), 2, "under their own passphrase");
}

#[test]
fn w15_nothing_is_made_where_the_passphrase_of_the_keys_is_wrong() {
    let sandbox = user();
    sandbox.write("wrong", "not it\n");
    let wrong = sandbox.text("wrong");
    let flags = ["--reencrypt", "--key-passphrase-file", &wrong];
    let refused = import_new(&sandbox, "home/.gnupg", &flags).fails(5);
    assert_snapshot!("vault_import__wrong_passphrase", refused.shown());
    nothing_was_made(&sandbox);
}

#[test]
fn questions_name_their_flags() {
    let sandbox = user();
    let asked = import_new(&sandbox, "home/.gnupg", &[]).fails(6);
    assert_snapshot!("vault_import__asks_for_the_passphrase", asked.shown());
    let own = sandbox.text("own");
    let asked = import_new(&sandbox, "home/.gnupg", &["--key-passphrase-file", &own]).fails(6);
    assert_snapshot!("vault_import__asks_to_reencrypt", asked.shown());
    add_key(&sandbox, "home/.gnupg", ("ed25519", "Second <second@example.org>", OWN));
    let flags = ["--key-passphrase-file", &own, "--reencrypt"];
    let asked = import_new(&sandbox, "home/.gnupg", &flags).fails(6);
    assert_snapshot!("vault_import__asks_for_the_master", asked.shown());
    nothing_was_made(&sandbox);
    let listed = gpg(&sandbox, "home/.gnupg", (OWN, &["--with-colons", "--list-keys", "Second"]));
    let line = listed.stdout.lines().find(|line| line.starts_with("fpr:")).unwrap();
    let second = line.split(':').nth(9).unwrap();
    let flags = [&flags[..], &["--master", second, "--json"]].concat();
    let imported = import_new(&sandbox, "home/.gnupg", &flags).ok().json();
    assert_eq!(imported["master_fp"], second);
}

#[test]
fn what_holds_no_secret_key_is_refused() {
    let sandbox = user();
    let public = gpg(&sandbox, "home/.gnupg", (OWN, &["--armor", "--export"])).stdout;
    sandbox.write("public.asc", &public);
    fs::create_dir(sandbox.path("empty")).unwrap();
    for source in ["public.asc", "empty", "passphrase"] {
        let refused = import_new(&sandbox, source, &[]).fails(2);
        assert!(refused.stderr.contains("there is no secret key in"), "{refused}");
    }
    let refused = import_new(&sandbox, "nowhere", &[]).fails(2);
    assert_snapshot!("vault_import__nothing_there", refused.shown());
    nothing_was_made(&sandbox);
}

#[test]
fn an_exported_key_and_its_subkeys_are_imported_from_files() {
    let sandbox = user();
    let export = |option: &str| gpg(&sandbox, "home/.gnupg", (OWN, &["--armor", option])).stdout;
    sandbox.write("files/master.asc", &export("--export-secret-keys"));
    sandbox.write("files/subkeys.asc", &export("--export-secret-subkeys"));
    sandbox.write("files/readme.txt", "what these are\n");
    let revocation = fs::read_dir(sandbox.path("home/.gnupg/openpgp-revocs.d")).unwrap();
    let revocation = revocation.map(|entry| entry.unwrap().path()).next().unwrap();
    let revocation = fs::read_to_string(revocation).unwrap().replace(":-----BEGIN", "-----BEGIN");
    sandbox.write("files/revocation.asc", &revocation);
    let own = sandbox.text("own");
    let flags = ["--reencrypt", "--key-passphrase-file", &own];
    import_new(&sandbox, "files", &flags).ok();
    assert_eq!(proven(&sandbox, &[]), 2, "and it was not revoked");
    sandbox.unlocked(&["vault", "discard", "--yes"]).ok();
    let path = sandbox.text("vaults/other");
    let only = ["--name", "other", "--path", &path];
    let subkeys = import(&sandbox, "files/subkeys.asc", &[&only[..], &flags].concat()).ok();
    assert!(subkeys.stderr.contains("the secret part of the master key is not among"), "{subkeys}");
    sandbox.unlocked(&["vault", "open", "other", "--no-shell"]).ok();
}

#[test]
fn the_ring_of_an_old_gpg_is_converted() {
    let sandbox = user();
    let binary = |option: &str, file: &str| {
        let file = sandbox.text(file);
        gpg(&sandbox, "home/.gnupg", (OWN, &["--output", &file, option]));
    };
    fs::create_dir(sandbox.path("old")).unwrap();
    binary("--export-secret-keys", "old/secring.gpg");
    binary("--export", "old/pubring.gpg");
    let own = sandbox.text("own");
    import_new(&sandbox, "old", &["--reencrypt", "--key-passphrase-file", &own]).ok();
    assert_eq!(proven(&sandbox, &[]), 2);
}

/// gpg 2.3 and later may keep public keys in a data base, which an older one cannot read.
#[test]
fn keys_that_keyboxd_keeps_are_exported_by_the_gpg_that_has_it() {
    let sandbox = Sandbox::new();
    sandbox.write("own", &format!("{OWN}\n"));
    make_home(&sandbox, "home/.gnupg", OWN);
    let version = sandbox.tool("gpg", &["--version"]).ok().stdout;
    let is_old = version.lines().next().unwrap().contains(" 2.2.");
    if is_old {
        fs::remove_file(sandbox.path("home/.gnupg/pubring.kbx")).unwrap();
        sandbox.write("home/.gnupg/public-keys.d/pubring.db", "SQLite format 3");
    } else {
        // As gpg's manual has it: an export, keyboxd switched on, and an import.
        let keyed = "gpg --batch --export --export-options backup >public
mv .gnupg/pubring.kbx pubring.kbx
echo use-keyboxd >.gnupg/common.conf
gpg --batch --import --import-options restore public 2>said
gpgconf --kill all";
        sandbox.tool("sh", &["-ec", keyed]).ok();
        assert!(!sandbox.path("home/.gnupg/pubring.kbx").exists());
    }
    let own = sandbox.text("own");
    let flags = ["--reencrypt", "--key-passphrase-file", &own];
    let imported = import_new(&sandbox, "home/.gnupg", &flags);
    if is_old {
        assert_snapshot!("vault_import__keyboxd_too_old", imported.shown());
        nothing_was_made(&sandbox);
    } else {
        imported.ok();
        assert_eq!(proven(&sandbox, &[]), 2);
    }
}

#[test]
fn a_registered_vault_is_filled_and_takes_the_same_master_again_only() {
    let sandbox = user();
    let (path, own) = (sandbox.text("vaults/work"), sandbox.text("own"));
    sandbox.unlocked(&["vault", "create", "work", "--path", &path]).ok();
    let flags = ["--name", "work", "--reencrypt", "--key-passphrase-file", &own];
    import(&sandbox, "home/.gnupg", &flags).ok();
    assert_eq!(proven(&sandbox, &[]), 2, "its session goes on");
    let fingerprint = master(&sandbox);
    gpg(
        &sandbox,
        "home/.gnupg",
        (OWN, &["--quick-add-key", &fingerprint, "ed25519", "sign", "1y"]),
    );
    import(&sandbox, "home/.gnupg", &flags).ok();
    let keys = sandbox.gpgsmith(&["keys", "list"]).ok();
    assert_eq!(keys.stdout.lines().count(), 4, "{keys}");
    sandbox.unlocked(&["keys", "generate", "--yes"]).ok();
    sandbox.unlocked(&["vault", "seal"]).ok();
    make_home(&sandbox, "home/other", OWN);
    let refused = import(&sandbox, "home/other", &flags).fails(4);
    assert!(refused.stderr.contains("trusts the master key"), "{refused}");
    let trust = ["vault", "trust", "work", "--none", "--yes"];
    sandbox.gpgsmith(&trust).ok();
    let refused = import(&sandbox, "home/other", &flags).fails(4);
    assert_snapshot!("vault_import__other_keys", refused.shown());
}

fn master(sandbox: &Sandbox) -> String {
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    status["open"][0]["master_fp"].as_str().unwrap().to_owned()
}

#[test]
fn an_interrupted_import_leaves_the_vault_empty_or_full() {
    interrupted("ed25519", Sealed::WithAnIdentityFile);
    if all() {
        for algo in ["ed25519", "rsa4096", "nistp384", "brainpoolP256r1"] {
            interrupted(algo, Sealed::WithAPassphrase);
        }
    }
}

/// What opens the vault that keys are imported into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sealed {
    /// The keys keep their passphrase.
    WithAnIdentityFile,
    /// The keys get that of the vault; this takes its time.
    WithAPassphrase,
}

fn interrupted(algo: &str, sealed: Sealed) {
    let source = Sandbox::new();
    make_home_of(&source, "gnupg", (algo, OWN));
    let source_path = source.text("gnupg");
    let fresh = || {
        let sandbox = Sandbox::new();
        sandbox.write("own", &format!("{OWN}\n"));
        let (path, identity) = (sandbox.text("vaults/work"), sandbox.text("identity.txt"));
        sandbox.tool("age-keygen", &["-o", &identity]).ok();
        let create = ["vault", "create", "work", "--path", &path, "--identity", &identity];
        let words = if sealed == Sealed::WithAPassphrase { &create[..5] } else { &create };
        sandbox.unlocked(words).ok();
        sandbox.unlocked(&["vault", "seal"]).ok();
        sandbox
    };
    let how = if sealed == Sealed::WithAPassphrase { "--reencrypt" } else { "--keep-passphrase" };
    let command = |sandbox: &Sandbox| {
        let own = sandbox.text("own");
        let words = ["vault", "import", &source_path, how, "--key-passphrase-file", &own];
        words.map(str::to_owned).to_vec()
    };
    Story { fresh: &fresh, command: &command }.is_whole_or_not_at_all();
}

#[test]
fn an_export_asks_and_never_overwrites() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let target = sandbox.text("home/out");
    let asked = sandbox.unlocked(&["vault", "export", "pass-fast", &target]).fails(6);
    assert_snapshot!("vault_export__asks", asked.shown());
    assert!(!sandbox.path("home/out").exists());
    let export = ["vault", "export", "pass-fast", &target, "--yes"];
    assert_snapshot!("vault_export__done", sandbox.unlocked(&export).ok().shown());
    let again = sandbox.unlocked(&export).fails(1);
    assert_snapshot!("vault_export__not_empty", again.shown());
    for (name, _) in files(&sandbox.path("home/out")) {
        assert_eq!(fs::metadata(&name).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let listed = gpg(&sandbox, "home/out", (PASSPHRASE, &["--with-colons", "-K"]));
    assert!(listed.stdout.contains(MASTER), "{listed}");
}

#[test]
fn any_snapshot_is_restored_by_enough_of_its_name() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    let names = sandbox.snapshots("vaults/pass-fast");
    for (number, name) in names.iter().enumerate() {
        let target = sandbox.text(&format!("home/{number}"));
        let restored =
            sandbox.unlocked(&["vault", "restore", name, &target, "--yes", "--json"]).ok().json();
        assert_eq!(restored["snapshot"], name.as_str());
    }
    let target = sandbox.text("home/short");
    sandbox.unlocked(&["vault", "restore", &names[1][..16], &target, "--yes"]).ok();
    assert_eq!(sandbox.names("home/short"), sandbox.names("home/1"));
    let several = sandbox.unlocked(&["vault", "restore", "2026", &target, "--yes"]).fails(1);
    assert!(several.stderr.contains("not an empty directory"), "{several}");
    let target = sandbox.text("home/none");
    let several = sandbox.unlocked(&["vault", "restore", "2026", &target, "--yes"]).fails(2);
    assert_snapshot!("vault_restore__several", several.shown());
}
