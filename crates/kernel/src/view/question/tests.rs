use insta::assert_snapshot;

use super::*;

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
      3 steps on laptop, last heartbeat 2026-11-23T17:15:05Z, based on 20261123T171055Z_initial-import.tar.age
      1 step on laptop, last heartbeat 2026-11-23T17:15:05Z, based on 20261123T171055Z_initial-import.tar.age; a newer snapshot has arrived since
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
fn discarding() {
    assert_snapshot!(shown(About::Discard { vault: "pass".to_owned(), steps: 2 }), @"
    2 steps on the vault pass will be lost.
    Throw the work away? [y/N]: (dangerous)
    ");
    let found = vec![work()];
    assert_snapshot!(shown(About::DiscardUnfinished { vault: "pass".to_owned(), found }), @"
    This unfinished work on the vault pass will be lost:
      3 steps on laptop, last heartbeat 2026-11-23T17:15:05Z, based on 20261123T171055Z_initial-import.tar.age
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
