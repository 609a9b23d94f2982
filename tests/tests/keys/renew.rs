use insta::assert_snapshot;

use super::{MASTER, OLD_AUTH, OLD_SIGN, column, rotated, told};

#[test]
fn keys_get_new_ends_and_nothing_else_moves() {
    let sandbox = rotated();
    let before = column(&sandbox, "expires");
    let story = told(
        &sandbox,
        &[
            (0, "keys renew --until 2031-02-03 --yes"),
            (0, "keys renew --for 5y 0x5104605f3defda24 '5bb6 8749 ce02 1a24' --yes"),
            (0, "keys list"),
            (0, "audit show"),
            (0, "audit verify"),
        ],
    );
    assert_snapshot!("renew__story", story);
    let after = column(&sandbox, "expires");
    assert_eq!(after[..2], before[..2], "neither the master key nor the revoked subkey");
    assert_eq!(after[2], "2031-02-03T12:00:00Z");
    assert_ne!(after[3], after[2]);
    assert_eq!(after[3], after[6]);
}

#[test]
fn the_new_ends_are_shown_before_the_question() {
    let sandbox = rotated();
    let mut terminal = sandbox.terminal(&["keys", "renew", "--until", "2031-02-03"]);
    let shown = terminal.expect("Renew them? [Y/n]");
    assert!(shown.contains("2027-11-23  2031-02-03"), "{shown}");
    assert!(!shown.contains(OLD_SIGN) && !shown.contains(MASTER), "{shown}");
    terminal.enter("n");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    let audit = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    assert!(!audit.contains("renew-keys"), "{audit}");
}

#[test]
fn keys_that_have_ended_are_told_of_and_come_back_and_the_master_too() {
    let sandbox = rotated();
    let time =
        |when: &str| sandbox.tool("date", &["-u", "-d", when, "+%Y-%m-%dT%H:%M:%SZ"]).ok().stdout;
    // On a machine that is busy, the nearest end is over before gpg has signed it.
    let soon = [4, 16, 64].into_iter().find_map(|seconds| {
        let soon = time(&format!("now + {seconds} seconds"));
        let renew = ["keys", "renew", "--yes", MASTER, OLD_AUTH, "--until", soon.trim()];
        (sandbox.unlocked(&renew).code == Some(0)).then_some(soon)
    });
    let soon = soon.expect("the keys have a new end");
    gpgsmith_tests::wait::wait_until("they have ended", || time("now") > soon);
    assert_eq!(column(&sandbox, "validity"), ["e", "r", "e", "e", "e", "e", "e"]);
    let renewed = sandbox.unlocked(&["keys", "renew", "--yes", "--until", "2031-02-03"]).ok();
    assert_snapshot!("renew__expired", renewed.shown());
    assert_eq!(column(&sandbox, "validity"), ["u", "r", "u", "u", "u", "u", "u"]);
}

#[test]
fn what_cannot_be_renewed_is_said() {
    let sandbox = rotated();
    let before = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    let errors = told(
        &sandbox,
        &[
            (2, "keys renew 33DC8F1EEE57B934 --yes"),
            (2, "keys renew 5104605F --yes"),
            (2, "keys renew 0000000000000000 --yes"),
            (2, "keys renew --until 2020-01-01 --yes"),
            (2, "keys renew --for 90y --yes"),
            (2, "keys renew --until 2031-02-30 --yes"),
            (2, "keys renew --for 2031-02-03"),
            (2, "keys renew --until 2y"),
            (6, "keys renew"),
        ],
    );
    assert_snapshot!("renew__errors", errors);
    assert_eq!(sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout, before);
}

#[test]
fn subkeys_do_not_outlive_their_master_key_and_revoked_ones_do_not_come_back() {
    let sandbox = super::families::new_keys("ed25519");
    let [master, subkeys @ ..] = <[String; 4]>::try_from(column(&sandbox, "key_id")).unwrap();
    let (subkeys, key) = (subkeys.join(" "), "--key-passphrase-file ../passphrase --yes");
    let lines = [
        (0, &*format!("keys renew {master} --until 2031-02-03 {key}")),
        (0, &*format!("keys renew {subkeys} --until 2032-02-03 {key}")),
        (0, &*format!("keys renew {master} --until never {key}")),
        (0, &*format!("keys revoke {subkeys} {key}")),
        (2, &*format!("keys renew {key}")),
    ];
    let story = told(&sandbox, &lines).replace(&master, "[master]");
    assert_snapshot!("renew__outlived", story.replace(&subkeys, "[subkeys]"));
}
