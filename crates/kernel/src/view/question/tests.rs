mod master;

use insta::assert_snapshot;

use super::*;
use crate::api::{
    event::Candidate,
    exec::Order,
    key::{Key, NewEnd, Reason, SecretPart},
};

fn work() -> Unfinished {
    Unfinished {
        vault: "pass".to_owned(),
        canonical: "20261123T171055Z_initial-import.tar.age".to_owned(),
        hostname: "laptop".to_owned(),
        ours: true,
        live: false,
        source: "cli".to_owned(),
        started_at: "2026-11-23T17:11:05Z".parse().unwrap(),
        last_heartbeat: "2026-11-23T17:15:05Z".parse().unwrap(),
        generation: 3,
        status: "idle-sealed".to_owned(),
        resumable: true,
        divergent: false,
        as_of: "2026-11-26T09:00:00Z".parse().unwrap(),
    }
}

fn ask(about: About) -> Prompt {
    question(&Question { id: 1, flag: "--yes".to_owned(), about })
}

/// As a terminal shows it.
fn shown(about: About) -> String {
    let prompt = ask(about);
    let choices = prompt.choices().map(|choices| format!(" {choices}:")).unwrap_or_default();
    let danger = if prompt.dangerous { " (dangerous)" } else { "" };
    let last = format!("{}{choices}{danger}", prompt.prompt);
    prompt.text.into_iter().chain([last]).collect::<Vec<_>>().join("\n")
}

fn unfinished_work() -> About {
    let newer = Unfinished { divergent: true, generation: 1, ..work() };
    About::Unfinished { vault: "pass".to_owned(), found: vec![work(), newer] }
}

#[test]
fn unfinished_work_can_be_resumed_discarded_or_left() {
    assert_snapshot!(shown(unfinished_work()), @"
    There is unfinished work on the vault pass:
      3 steps on laptop, last heartbeat 2026-11-23T17:15:05Z (2 days ago), based on 20261123T171055Z_initial-import.tar.age
      1 step on laptop, last heartbeat 2026-11-23T17:15:05Z (2 days ago), based on 20261123T171055Z_initial-import.tar.age; a newer snapshot has arrived since
    Resume? [Y/n/cancel]:
    ");
}

#[test]
fn unfinished_work_is_answered_as_in_the_go_program() {
    let prompt = ask(unfinished_work());
    for line in ["", "y", "YES\n", " yes "] {
        assert!(matches!(prompt.understand(line), Answer::Yes), "{line:?}");
    }
    for line in ["n", "No", "discard\r\n"] {
        assert!(matches!(prompt.understand(line), Answer::No), "{line:?}");
    }
    for line in ["cancel", "q", "yes please"] {
        assert!(matches!(prompt.understand(line), Answer::Cancel), "{line:?}");
    }
}

#[test]
fn what_cannot_be_taken_back_needs_a_clear_yes() {
    let prompt = ask(About::Discard { vault: "pass".to_owned(), steps: 1 });
    for line in ["", "n", "no"] {
        assert!(matches!(prompt.understand(line), Answer::No), "{line:?}");
    }
    assert!(matches!(prompt.understand("ja"), Answer::Cancel));
    assert!(matches!(prompt.understand("Yes"), Answer::Yes));
}

#[test]
fn accepting_what_does_not_look_right() {
    let why = "20261123T171124Z_b.tar.age, which this machine saw last, is gone".to_owned();
    assert_snapshot!(shown(About::AcceptRollback { vault: "pass".to_owned(), why }), @"
    On the vault pass: 20261123T171124Z_b.tar.age, which this machine saw last, is gone.
    If you go on, what opens now is the newest state for this machine.
    Go on from it? [y/N]: (dangerous)
    ");
    assert_snapshot!(shown(About::AcceptFuture {
        vault: "pass".to_owned(),
        snapshot: "20270601T000000Z_a.tar.age".to_owned(),
        dated: "2027-06-01T00:00:00Z".parse().unwrap(),
    }), @"
    The newest snapshot of the vault pass is dated 2027-06-01T00:00:00Z: 20270601T000000Z_a.tar.age
    Every snapshot that follows will be dated after it.
    Work on it? [y/N]: (dangerous)
    ");
}

#[test]
fn going_back_says_what_it_undoes() {
    let about = |undone: Option<Vec<String>>, secrets| About::Revert {
        vault: "pass".to_owned(),
        snapshot: "20261123T171105Z_setup.tar.age".to_owned(),
        heads: vec![
            "20261124T090000Z_b.tar.age".to_owned(),
            "20261124T080000Z_a.tar.age".to_owned(),
        ],
        undone,
        secrets,
        recipients: secrets > 0,
    };
    let steps = |n: usize| (1..=n).map(|n| format!("revoke-key: revoked subkey {n}")).collect();
    assert_snapshot!(shown(about(Some(steps(14)), 2)), @"
    The vault pass goes back to 20261123T171105Z_setup.tar.age.
    That undoes what is in 20261124T090000Z_b.tar.age, 20261124T080000Z_a.tar.age:
      2 older steps, and then
      revoke-key: revoked subkey 3
      revoke-key: revoked subkey 4
      revoke-key: revoked subkey 5
      revoke-key: revoked subkey 6
      revoke-key: revoked subkey 7
      revoke-key: revoked subkey 8
      revoke-key: revoked subkey 9
      revoke-key: revoked subkey 10
      revoke-key: revoked subkey 11
      revoke-key: revoked subkey 12
      revoke-key: revoked subkey 13
      revoke-key: revoked subkey 14
    2 secret keys will be in older snapshots only.
    Whom the vault is sealed to stays as it is now.
    No snapshot is removed; what was published stays published.
    Go back? [y/N]: (dangerous)
    ");
    assert_snapshot!(shown(about(None, 0)), @"
    The vault pass goes back to 20261123T171105Z_setup.tar.age.
    That undoes what is in 20261124T090000Z_b.tar.age, 20261124T080000Z_a.tar.age:
      the audit logs differ, so what was done since is not known
    No snapshot is removed; what was published stays published.
    Go back? [y/N]: (dangerous)
    ");
    assert_snapshot!(shown(about(Some(Vec::new()), 0)), @"
    The vault pass goes back to 20261123T171105Z_setup.tar.age.
    That undoes what is in 20261124T090000Z_b.tar.age, 20261124T080000Z_a.tar.age:
      nothing that the audit log tells of
    No snapshot is removed; what was published stays published.
    Go back? [y/N]: (dangerous)
    ");
}

#[test]
fn taking_over_work_that_goes_on_elsewhere() {
    let work = Unfinished { hostname: "desk".to_owned(), ours: false, live: true, ..work() };
    assert_snapshot!(shown(About::TakeOver { vault: "pass".to_owned(), work }), @"
    This work on the vault pass seems to be going on:
      3 steps on desk, last heartbeat 2026-11-23T17:15:05Z (2 days ago), based on 20261123T171055Z_initial-import.tar.age
    What is done there from now on will not be in it.
    Go on with it here? [y/N]: (dangerous)
    ");
}

#[test]
fn discarding() {
    assert_snapshot!(shown(About::Discard { vault: "pass".to_owned(), steps: 2 }), @"
    2 steps on the vault pass will be lost.
    Throw the work away? [y/N]: (dangerous)
    ");
    let found = vec![work()];
    assert_snapshot!(shown(About::DiscardUnfinished { vault: "pass".to_owned(), found }), @"
    This unfinished work on the vault pass will be lost:
      3 steps on laptop, last heartbeat 2026-11-23T17:15:05Z (2 days ago), based on 20261123T171055Z_initial-import.tar.age
    Throw it away? [y/N]: (dangerous)
    ");
}

#[test]
fn w67_changing_the_anchor() {
    let trust = |old: Option<&str>, new: Option<&str>| {
        let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
        shown(About::Trust { vault: "pass".to_owned(), old, new })
    };
    assert_snapshot!(trust(Some("AAAA"), Some("BBBB")), @"
    The vault pass trusts the master key AAAA.
    From now on it trusts BBBB only.
    Change the trusted key? [y/N]: (dangerous)
    ");
    assert_snapshot!(trust(None, Some("BBBB")), @"
    The vault pass has no trusted master key yet.
    From now on it trusts BBBB only.
    Change the trusted key? [y/N]: (dangerous)
    ");
    assert_snapshot!(trust(Some("AAAA"), None), @"
    The vault pass trusts the master key AAAA.
    From now on it trusts none: the next open trusts whatever key it finds.
    Change the trusted key? [y/N]: (dangerous)
    ");
}

#[test]
fn keys_and_identities() {
    let identity = "Old\x1b[A <old@example.org>".to_owned();
    assert_snapshot!(shown(About::RevokeIdentity { identity }), @r"
    This revokes the identity Old\u{1b}[A <old@example.org> for good.
    Nobody who has seen the revocation can be told otherwise.
    Revoke it? [y/N]: (dangerous)
    ");
    let (vault, fingerprint) = ("pass".to_owned(), "AAAA".to_owned());
    assert_snapshot!(shown(About::SecondMaster { vault, fingerprint }), @"
    The vault pass has the master key AAAA.
    A second one makes a second identity; the first stays in the vault.
    Make a second master key? [y/N]: (dangerous)
    ");
}

#[test]
fn secrets() {
    let of = "the identity file /k.txt".to_owned();
    assert_snapshot!(shown(About::Passphrase { of: of.clone(), again: true }), @"
    That passphrase is wrong.
    Passphrase for the identity file /k.txt:
    ");
    assert_snapshot!(shown(About::NewPassphrase { of }), @"New passphrase for the identity file /k.txt:");
}

#[test]
fn memory_is_told_in_the_fitting_unit() {
    let heavy =
        |work_factor| shown(About::HeavyWork { file: "/v/s.tar.age".to_owned(), work_factor });
    assert!(heavy(19).starts_with("Opening /v/s.tar.age takes 512 MiB of memory."));
    assert!(heavy(22).starts_with("Opening /v/s.tar.age takes 4 GiB of memory."));
    assert!(heavy(80).contains("GiB"));
}

fn key(key_id: &str, usage: &str) -> Key {
    Key {
        key_id: key_id.to_owned(),
        fingerprint: String::new(),
        keygrip: None,
        algorithm: "rsa4096".to_owned(),
        usage: usage.to_owned(),
        primary: usage == "C",
        validity: "u".to_owned(),
        created: "2026-11-23T17:11:05Z".parse().unwrap(),
        expires: Some("2028-11-22T17:11:05Z".parse().unwrap()),
        secret: SecretPart::Present,
    }
}

#[test]
fn renewing() {
    let until = Some("2030-11-22T17:11:05Z".parse().unwrap());
    let subkey = NewEnd { key: key("33DC8F1EEE57B934", "s"), until };
    assert_snapshot!(shown(About::RenewKeys { keys: vec![subkey.clone()] }), @"
    These keys get a new end:
    KEY ID            ALGO     USAGE  EXPIRES     NEW
    33DC8F1EEE57B934  rsa4096  s      2028-11-22  2030-11-22
    Renew it? [Y/n]:
    ");
    let master = Key { expires: None, ..key("1BAD42B9D3EB840E", "C") };
    let keys = vec![NewEnd { key: master, until: None }, subkey];
    assert_snapshot!(shown(About::RenewKeys { keys }), @"
    These keys get a new end:
    KEY ID            ALGO     USAGE  EXPIRES     NEW
    1BAD42B9D3EB840E  rsa4096  C      never       never
    33DC8F1EEE57B934  rsa4096  s      2028-11-22  2030-11-22
    Renew them? [Y/n]:
    ");
}

#[test]
fn revoking() {
    let ask = |keys: &[Key], reason, last: &str| {
        let message = " lost\nin a taxi".to_owned();
        let (keys, last) = (keys.to_vec(), last.to_owned());
        shown(About::RevokeKeys { keys, reason, message, last })
    };
    let [sign, decrypt] = [key("33DC8F1EEE57B934", "s"), key("AD91E718CBC6DA41", "e")];
    assert_snapshot!(ask(std::slice::from_ref(&decrypt), Reason::Retired, ""), @r#"
    This revokes the subkey AD91E718CBC6DA41 (e, rsa4096) for good, as retired, "lost in a taxi".
    Revoke it? [y/N]: (dangerous)
    "#);
    assert_snapshot!(ask(&[sign, decrypt], Reason::Compromised, "sea"), @r#"
    This revokes the subkey 33DC8F1EEE57B934 (s, rsa4096) for good, as compromised, "lost in a taxi".
    This revokes the subkey AD91E718CBC6DA41 (e, rsa4096) for good, as compromised, "lost in a taxi".
    No other key can sign: you can sign nothing until there is a new subkey.
    No other key can decrypt: nobody can write to you encrypted until there is a new subkey. What was encrypted before stays readable.
    No other key can log in: servers that know its ssh key go on letting it in, so take it away there.
    Whatever it has signed, at any time, is in doubt from then on.
    Revoke them? [y/N]: (dangerous)
    "#);
}

#[test]
fn making_a_second_encryption_subkey() {
    let there = key("AD91E718CBC6DA41", "e");
    assert_snapshot!(shown(About::SecondEncryption { there }), @"
    AD91E718CBC6DA41 (e, rsa4096) decrypts already. Others will encrypt to the newer one only, but the older one has to be kept, wherever you read, for what was encrypted to it.
    To go on with the one that is there, renew it (`gpgsmith keys renew`); a second one is for a key that you no longer trust.
    Make a second subkey for encryption? [y/N]:
    ");
}

#[test]
fn exporting_secret_subkeys() {
    assert_snapshot!(shown(About::ExportSecrets { file: "/home/ann/a.asc".to_owned() }), @"
    The secret subkeys go to /home/ann/a.asc, under the passphrase of the keys.
    Whoever has that file and the passphrase can sign and read as you; the master key stays in the vault.
    Export them? [y/N]: (dangerous)
    ");
}

#[test]
fn keys_from_elsewhere() {
    let reencrypt =
        |protected, clear| shown(About::Reencrypt { vault: "pass".to_owned(), protected, clear });
    assert_snapshot!(reencrypt(4, 0), @"
    4 secret keys under another passphrase than that of the vault pass.
    With one passphrase for the vault and its keys, only one is asked for.
    Put them under the vault's passphrase? [Y/n]:
    ");
    assert_snapshot!(reencrypt(1, 2), @"
    1 secret key under another passphrase than that of the vault pass.
    2 secret keys without a passphrase: the vault alone would protect them.
    With one passphrase for the vault and its keys, only one is asked for.
    Put them under the vault's passphrase? [Y/n]:
    ");
    let key = |letter: &str, name: &str, secret| Candidate {
        fingerprint: letter.repeat(40),
        identities: vec![name.to_owned()],
        created: "2026-11-23T17:11:05Z".parse().unwrap(),
        secret,
    };
    let candidates = vec![key("A", "Ann", true), key("B", "Old\x1b[A", false)];
    let about = About::ChooseMaster { candidates };
    assert_snapshot!(shown(about.clone()), @r"
    There are several primary keys:
      1. AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, Ann, made 2026-11-23
      2. BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB, Old\u{1b}[A, made 2026-11-23, without its secret part
    Which is your master key? Its number or fingerprint:
    ");
    let prompt = ask(about);
    assert!(matches!(prompt.understand(" 2\n"), Answer::Text(text) if text == "2"));
    assert!(matches!(prompt.understand("\n"), Answer::Cancel));
}

#[test]
fn what_leaves_a_vault() {
    let (vault, target) = ("pass".to_owned(), "/home/ann/out".into());
    assert_snapshot!(shown(About::ExportPlain { vault: vault.clone(), target }), @"
    The secret keys of the vault pass will lie in /home/ann/out, outside the vault.
    Only the passphrase of the keys protects them there, also in backups of that disk.
    Option files of gpg that the vault carries will be obeyed there.
    Write them? [y/N]: (dangerous)
    ");
    let recipient = "age1abc".to_owned();
    assert_snapshot!(shown(About::RemoveRecipient { vault, recipient }), @"
    From the next snapshot on, age1abc can no longer open the vault pass.
    Every older snapshot stays readable to it, and so do the keys in them: if it is not to be trusted any more, make new subkeys.
    Remove it? [y/N]: (dangerous)
    ");
}

#[test]
fn a_command_that_runs_can_only_be_given_up() {
    let (home, gpg) = ("/dev/shm/x/home".into(), "/usr/bin/gpg".into());
    let (vault, line) = ("pass".to_owned(), "gpg -K \x1b[2J".to_owned());
    assert_snapshot!(shown(About::RunCommand(Order { vault, line, home, gpg })), @r"
    A command is run on the vault pass: gpg -K \u{1b}[2J
    Stop waiting for it, and undo what it does? [CANCEL]:
    ");
}
