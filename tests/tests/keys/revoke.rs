use insta::assert_snapshot;

use super::{SIGN, column, rotated, told};

#[test]
fn subkeys_are_revoked_with_their_reason() {
    let sandbox = rotated();
    let story = told(
        &sandbox,
        &[
            (0, "keys revoke 0x5104605f3defda24 --reason retired --message 'old laptop' --yes"),
            (0, "keys revoke '7DDE A0A9 B2C8 1248' 08E7762F32236F0B --reason compromised --yes"),
            (0, "keys list"),
            (0, "audit show"),
            (0, "audit verify"),
        ],
    );
    assert_snapshot!("revoke__story", story);
    assert_eq!(column(&sandbox, "validity"), ["u", "r", "u", "r", "r", "r", "u"]);
    let public = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    sandbox.write("home/key.asc", &public);
    let packets = sandbox.tool("gpg", &["--no-autostart", "--list-packets", "key.asc"]).ok();
    assert!(packets.stdout.contains("revocation reason 0x03 (old laptop)"), "{packets}");
    assert_eq!(packets.stdout.matches("revocation reason 0x02 ()").count(), 2, "{packets}");
}

#[test]
fn what_will_stop_working_is_named_before_the_question() {
    let sandbox = rotated();
    let ask = |keys: &[&str]| {
        let command = [&["keys", "revoke", "--reason", "compromised"], keys].concat();
        let mut terminal = sandbox.terminal(&command);
        let shown = terminal.expect("[y/N]");
        terminal.enter("");
        let (code, screen) = terminal.end();
        assert_eq!(code, Some(8), "{screen}");
        shown
    };
    let last = "No other key can sign";
    assert!(ask(&[SIGN]).contains(last));
    assert!(!ask(&["08E7762F32236F0B"]).contains("No other key can"));
    assert!(ask(&["08E7762F32236F0B", "AD91E718CBC6DA41"]).contains("No other key can decrypt"));
    let audit = sandbox.gpgsmith(&["audit", "show"]).ok().stdout;
    assert_eq!(audit.matches("revoke-subkey").count(), 1, "the fixture's own: {audit}");
}

#[test]
fn what_cannot_be_revoked_is_said() {
    let sandbox = rotated();
    let before = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    let errors = told(
        &sandbox,
        &[
            (2, "keys revoke 33DC8F1EEE57B934 --yes"),
            (2, "keys revoke 1BAD42B9D3EB840E --yes"),
            (2, "keys revoke ann@example.org --yes"),
            (2, "keys revoke 7DDEA0A9B2C81248 --reason lost --yes"),
            (6, "keys revoke 7DDEA0A9B2C81248"),
        ],
    );
    assert_snapshot!("revoke__errors", errors);
    assert_eq!(sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout, before);
}
