use std::path::PathBuf;

use insta::assert_snapshot;

use super::*;
use crate::api::{
    Face,
    vault::{Snapshot, VaultEntry},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entry(name: &str, default: bool, fingerprint: Option<&str>) -> VaultEntry {
    VaultEntry {
        name: name.to_owned(),
        path: PathBuf::from("/vaults").join(name),
        identity: None,
        default,
        trusted_master_fp: fingerprint.map(str::to_owned),
    }
}

fn session() -> OpenSession {
    OpenSession {
        vault: "pass".to_owned(),
        path: PathBuf::from("/vaults/pass"),
        source: Face::Cli,
        hostname: "laptop".to_owned(),
        started_at: at("2026-11-23T17:11:05.5Z"),
        snapshot: "20261123T171055Z_initial-import.tar.age".to_owned(),
        master_fp: None,
        generation: 3,
        unsealed: 0,
        read_only: None,
        idle_at: None,
    }
}

fn work() -> Unfinished {
    Unfinished {
        vault: "pass".to_owned(),
        canonical: "20261123T171055Z_initial-import.tar.age".to_owned(),
        hostname: "laptop".to_owned(),
        ours: true,
        live: false,
        source: "cli".to_owned(),
        started_at: at("2026-11-23T17:11:05Z"),
        last_heartbeat: at("2026-11-23T17:15:05.25Z"),
        generation: 3,
        status: "idle-sealed".to_owned(),
        resumable: true,
        divergent: false,
        as_of: "2026-11-26T09:00:00Z".parse().unwrap(),
    }
}

fn opened_how(how: OpenedHow) -> Opened {
    Opened { session: session(), token: String::new(), how, first_use: None, notes: Vec::new() }
}

#[test]
fn vaults_as_in_the_go_program() {
    let fingerprint = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";
    let vaults_ =
        Vaults { vaults: vec![entry("pass", true, Some(fingerprint)), entry("work", false, None)] };
    assert_snapshot!(vaults(&vaults_), @"
    NAME  PATH          DEFAULT  TRUSTED_FP
    pass  /vaults/pass  *        203E92AA7E59B62AFB0632831BAD42B9D3EB840E
    work  /vaults/work  -        -
    ");
}

#[test]
fn sessions_say_what_is_not_sealed_and_when_they_rest() {
    let now = at("2026-11-23T17:20:00Z");
    let busy = OpenSession { unsealed: 2, idle_at: Some(at("2026-11-23T17:24:30Z")), ..session() };
    let soon = OpenSession { idle_at: Some(at("2026-11-23T17:20:30Z")), ..session() };
    let reading = OpenSession { read_only: Some("it was opened so".to_owned()), ..session() };
    assert_snapshot!(open(&[session(), busy, soon, reading], now), @"
    OPEN VAULT  HOSTNAME  STARTED               STATUS
    pass        laptop    2026-11-23T17:11:05Z  active
    pass        laptop    2026-11-23T17:11:05Z  active, 2 steps not sealed, rests in 4 minutes
    pass        laptop    2026-11-23T17:11:05Z  active, rests within a minute
    pass        laptop    2026-11-23T17:11:05Z  active, read-only
    ");
}

#[test]
fn w11_divergence_is_shown_and_a_sidecar_alone_is_not() {
    let foreign = Unfinished {
        ours: false,
        divergent: true,
        hostname: "desk\x1b[2J".to_owned(),
        status: "active".to_owned(),
        ..work()
    };
    let live = Unfinished { live: true, ..foreign.clone() };
    let orphan = Unfinished { resumable: false, ..work() };
    assert_snapshot!(recoverable(&[work(), foreign, live, orphan]), @r"
    RECOVERABLE                              HOSTNAME       LAST HEARTBEAT        STATUS                      DIVERGENT  VAULT  HEARD OF
    20261123T171055Z_initial-import.tar.age  laptop         2026-11-23T17:15:05Z  idle-sealed                 false      pass   2 days ago
    20261123T171055Z_initial-import.tar.age  desk\u{1b}[2J  2026-11-23T17:15:05Z  active, of another machine  true       pass   2 days ago
    20261123T171055Z_initial-import.tar.age  desk\u{1b}[2J  2026-11-23T17:15:05Z  active, in use              true       pass   2 days ago
    ");
}

#[test]
fn snapshots_as_in_the_go_program() {
    let snapshot = |time: &str, file_name: &str, message: &str| Snapshot {
        timestamp: at(time),
        file_name: file_name.to_owned(),
        message: message.to_owned(),
        size: 1,
    };
    let mut all = Snapshots {
        vault: "pass".to_owned(),
        snapshots: vec![
            snapshot(
                "2026-11-23T17:10:55Z",
                "20261123T171055Z_initial-import.tar.age",
                "initial-import",
            ),
            snapshot("2026-11-23T17:11:05Z", "20261123T171105Z_setup.tar.age", "setup"),
        ],
        foreign: Vec::new(),
        heads: Vec::new(),
    };
    assert_snapshot!(snapshots(&all), @"
    TIMESTAMP            FILENAME                                 MESSAGE
    2026-11-23 17:10:55  20261123T171055Z_initial-import.tar.age  initial-import
    2026-11-23 17:11:05  20261123T171105Z_setup.tar.age           setup
    ");
    assert_eq!(snapshot_notes(&all), [""; 0]);
    let foreign = |file_name: &str, what: &str| ForeignFile {
        file_name: file_name.to_owned(),
        what: what.to_owned(),
    };
    all.foreign = vec![
        foreign("a (1).tar.age", "a conflict copy of a sync service"),
        foreign("b\n.tar.age", "not named as a snapshot"),
    ];
    all.heads = vec!["20261123T171100Z_desk.tar.age".to_owned()];
    assert_snapshot!(snapshot_notes(&all).join("\n"), @r"
    a (1).tar.age is a conflict copy of a sync service
    b\n.tar.age is not named as a snapshot
    the newest snapshot does not hold the work in 20261123T171100Z_desk.tar.age, sealed beside it
    ");
    let forked = Forked { vault: "pass".to_owned(), heads: all.heads };
    assert_snapshot!(forks(&[forked]).join("\n"), @"pass: the newest snapshot does not hold the work in 20261123T171100Z_desk.tar.age, sealed beside it");
}

#[test]
fn an_open_vault_says_how_it_came_about() {
    use OpenedHow::{Attached, Created, Opened as Plain, Resumed};
    let lines: Vec<_> =
        [Created, Plain, Resumed, Attached].map(|how| opened(&opened_how(how)).join("\n")).into();
    assert_snapshot!(lines.join("\n"), @"
    Created pass (initial snapshot: 20261123T171055Z_initial-import.tar.age)
    opened pass at 20261123T171055Z_initial-import.tar.age
    resumed pass: 3 steps since it was opened at 20261123T171055Z_initial-import.tar.age
    pass is open already; joined its session
    ");
}

#[test]
fn first_use_and_notes_are_told() {
    let told = Opened {
        first_use: Some("203E92AA7E59B62AFB0632831BAD42B9D3EB840E".to_owned()),
        notes: vec!["desk is working on it".to_owned()],
        session: OpenSession { read_only: Some("it was opened so".to_owned()), ..session() },
        ..opened_how(OpenedHow::Opened)
    };
    assert_snapshot!(opened(&told).join("\n"), @"
    opened pass at 20261123T171055Z_initial-import.tar.age
    read-only: it was opened so
    first use: the master key 203E92AA7E59B62AFB0632831BAD42B9D3EB840E is now trusted
    note: desk is working on it
    ");
}

#[test]
fn endings_say_what_is_gone_and_what_stays() {
    let gone = |steps| Discarded { vault: "pass".to_owned(), steps, snapshot: "S".to_owned() };
    assert_eq!(discarded(&gone(0)), "discarded: nothing was lost; pass stands at S");
    assert_eq!(discarded(&gone(2)), "discarded: 2 steps gone; pass stands at S");
    let left = OpenSession { unsealed: 1, ..session() };
    assert_eq!(left_open(&left), "the session on pass is still open, with 1 step not sealed");
}
