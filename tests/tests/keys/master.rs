use gpgsmith_tests::{fixture::MASTER as FINGERPRINT, sandbox::Sandbox};
use insta::assert_snapshot;

use super::{MASTER, SIGN, column, rotated, told, with_bob};

/// Asks to revoke it.
const REVOKE: [&str; 5] = ["keys", "master", "revoke", "--reason", "superseded"];

/// Where the revoked key goes unless the user says otherwise.
const FILE: &str = "home/revoked-1BAD42B9D3EB840E.asc";

fn exported(sandbox: &Sandbox) -> String {
    sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout
}

/// What somebody's own gpg makes of the file.
fn elsewhere(sandbox: &Sandbox, file: &str) -> String {
    sandbox.tool("mkdir", &["-m", "700", "elsewhere"]).ok();
    let gpg = |args: &[&str]| {
        let home = ["--homedir", "elsewhere", "--no-autostart", "--batch", "--with-colons"];
        sandbox.tool("gpg", &[&home, args].concat())
    };
    gpg(&["--import", file]).ok();
    gpg(&["--list-keys"]).ok().stdout
}

#[test]
fn the_master_key_ends_with_everything_on_it() {
    let sandbox = rotated();
    let revoke = "keys master revoke --reason superseded --message 'see my new key' --confirm";
    let story = told(
        &sandbox,
        &[
            (0, &format!("{revoke} '0x1bad 42b9 d3eb 840e'")),
            (0, "keys status"),
            (0, "audit show"),
            (0, "audit verify"),
        ],
    );
    assert_snapshot!("master__story", story);
    assert_eq!(column(&sandbox, "validity"), ["r"; 7]);
    assert_eq!(sandbox.snapshots("vaults/pass-fast").len(), 4, "a checkpoint");
    assert_eq!(sandbox.read(FILE), exported(&sandbox));
    let listed = elsewhere(&sandbox, "revoked-1BAD42B9D3EB840E.asc");
    assert!(listed.starts_with("tru:") && listed.contains("pub:r:"), "{listed}");
    let packets = sandbox.tool("gpg", &["--no-autostart", "--list-packets", &sandbox.text(FILE)]);
    let reason = "revocation reason 0x01 (see my new key)";
    assert!(packets.ok().stdout.contains(reason));
    sandbox.gpgsmith(&["vault", "discard", "--yes"]).ok();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    assert_eq!(column(&sandbox, "validity"), ["r"; 7], "the checkpoint holds it");
    assert_snapshot!("master__check", sandbox.unlocked(&["vault", "check"]).ok().shown());
}

#[test]
fn only_its_own_id_revokes_the_master_key() {
    let sandbox = rotated();
    let (before, snapshots) = (exported(&sandbox), sandbox.snapshots("vaults/pass-fast"));
    let errors = told(
        &sandbox,
        &[
            (4, &format!("keys master revoke --reason retired --confirm {SIGN}")),
            (4, "keys master revoke --reason retired --confirm D3EB840E"),
            (4, "keys master revoke --reason retired --confirm yes --yes"),
            (6, "keys master revoke --reason compromised --message 'laptop stolen' --yes"),
            (6, "keys master revoke --reason none"),
            (2, "keys master revoke"),
            (2, "keys master revoke --reason lost"),
            (
                1,
                &format!("keys master revoke --reason none --output no/old.asc --confirm {MASTER}"),
            ),
            (2, &format!("keys revoke {MASTER} --yes")),
        ],
    );
    assert_snapshot!("master__errors", errors);
    sandbox.write(FILE, "mine\n");
    let taken = sandbox.unlocked(&[&REVOKE[..], &["--confirm", MASTER]].concat()).fails(1);
    assert_snapshot!("master__file_exists", taken.shown());
    assert_eq!(sandbox.read(FILE), "mine\n");
    assert_eq!(exported(&sandbox), before);
    assert_eq!(sandbox.snapshots("vaults/pass-fast"), snapshots);
    let audit = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    assert!(!audit.contains("revoke-master"), "{audit}");
}

#[test]
fn the_id_is_typed_at_the_terminal() {
    let sandbox = rotated();
    let before = exported(&sandbox);
    for (typed, ended) in [("", 8), ("y", 4), (SIGN, 4)] {
        let mut terminal = sandbox.terminal(&[&REVOKE[..], &["--yes"]].concat());
        let shown = terminal.expect("Type the key id 1BAD42B9D3EB840E to revoke it: ");
        terminal.enter(typed);
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(ended), "{screen}");
        assert!(shown.contains("--yes is not enough"), "{shown}");
        for named in [SIGN, "08E7762F32236F0B", "5BB68749CE021A24", "Alice at Work"] {
            assert!(shown.contains(named), "{named}: {shown}");
        }
        assert_eq!(exported(&sandbox), before, "{screen}");
    }
    let mut terminal = sandbox.terminal(&[&REVOKE[..], &["--output", "old.asc"]].concat());
    terminal.expect("to revoke it: ");
    terminal.enter(FINGERPRINT);
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains(&sandbox.text("home/old.asc")), "{screen}");
    assert!(elsewhere(&sandbox, "old.asc").contains("pub:r:"));
}

#[test]
fn what_is_left_to_do_with_a_revoked_master_key_is_said() {
    let sandbox = rotated();
    with_bob(&sandbox);
    sandbox.unlocked(&[&REVOKE[..], &["--confirm", MASTER]].concat()).ok();
    let before = exported(&sandbox);
    let said = told(
        &sandbox,
        &[
            (2, &format!("keys master revoke --reason none --output new.asc --confirm {MASTER}")),
            (2, "keys renew --yes"),
            (2, &format!("keys revoke {SIGN} --yes")),
            (2, "keys generate --yes --algo ed25519"),
            (2, "keys certify bob.asc --yes"),
            (2, "keys revocation-cert"),
            (2, "keys ssh-pubkey"),
            (2, "keys identity add Ann"),
            (2, "keys identity revoke 1 --yes"),
            (2, "keys identity primary 1"),
            (4, "keys create --name Ann --email ann@example.org"),
            (9, "keys lint --fix"),
            (0, "keys identity list"),
            (0, "keys export --secret-subkeys old-mail.asc --yes"),
        ],
    );
    assert_snapshot!("master__revoked", said);
    assert_eq!(exported(&sandbox), before);
}

#[test]
fn a_file_that_cannot_be_written_does_not_hide_that_it_is_done() {
    let sandbox = rotated();
    let nowhere = ["--confirm", MASTER, "--output", "/proc/old.asc"];
    let failed = sandbox.unlocked(&[&REVOKE[..], &nowhere].concat()).fails(1);
    assert_snapshot!("master__not_written", failed.shown());
    assert_eq!(column(&sandbox, "validity"), ["r"; 7]);
}

#[test]
fn a_script_gets_the_revoked_key_and_its_place() {
    let sandbox = rotated();
    let done = sandbox.unlocked(&[&REVOKE[..], &["--json", "--confirm", MASTER]].concat()).ok();
    let json = done.json();
    assert_eq!(json["path"], sandbox.text(FILE));
    assert_eq!(json["master_fp"], FINGERPRINT);
    assert_eq!(json["armored"], sandbox.read(FILE));
    assert!(json["checkpoint"]["snapshot"]["file_name"].is_string(), "{json}");
}
