use gpgsmith_tests::{fixture::MASTER, sandbox::Sandbox};

use super::rotated;

const WORK: &str = "Bob at Work <bob@work.example>";

/// Makes somebody else's key, with two identities, and puts its public part into a file of the user.
pub(crate) fn with_bob(sandbox: &Sandbox) {
    let make = format!(
        "mkdir -m 700 bob
gpg='gpg --homedir bob --batch --pinentry-mode loopback'
$gpg --passphrase '' --quick-gen-key 'Bob <bob@example.org>' ed25519 cert 0
key=$($gpg --with-colons --list-keys | awk -F: '$1 == \"fpr\" {{ print $10; exit }}')
$gpg --passphrase '' --quick-add-uid $key '{WORK}'
$gpg --armor --export >bob.asc
gpgconf --homedir bob --kill all"
    );
    sandbox.tool("sh", &["-ec", &make]).ok();
}

/// The signatures on Bob's key that gpg finds good, among his own people: he knows the signer's key
/// and has got the file back.
fn at_bobs(sandbox: &Sandbox, signed: &str) -> String {
    let public = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    sandbox.write("home/ann.asc", &public);
    let gpg = |args: &[&str]| {
        let home = ["--no-autostart", "--homedir", "bob", "--batch"];
        sandbox.tool("gpg", &[&home, args].concat()).ok().stdout
    };
    gpg(&["--import", "ann.asc"]);
    gpg(&["--import", signed]);
    gpg(&["--with-colons", "--check-sigs", "bob@example.org"])
}

fn by_us(sigs: &str) -> Vec<&str> {
    let of = format!(":{}:", &MASTER[24..]);
    sigs.lines().filter(|line| line.starts_with("sig:!:") && line.contains(&of)).collect()
}

fn audited(sandbox: &Sandbox) -> usize {
    sandbox.gpgsmith(&["audit", "show"]).ok().stdout.matches("certify-key").count()
}

#[test]
fn a_strangers_key_is_signed_and_comes_back_for_its_owner() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let certify =
        ["keys", "certify", "bob.asc", "--level", "thorough", "--identity", WORK, "--yes"];
    let signed = sandbox.unlocked(&[&certify[..], &["--output", "signed.asc"]].concat()).ok();
    assert_eq!(signed.stdout, "", "it went to the file: {signed}");
    let sigs = at_bobs(&sandbox, "signed.asc");
    let ours = by_us(&sigs);
    assert_eq!(ours.len(), 1, "one identity was named: {sigs}");
    assert!(ours[0].contains(":13x:"), "thoroughly: {sigs}");
    assert_eq!(audited(&sandbox), 1);
    sandbox.gpgsmith(&["audit", "verify"]).ok();
    let again = sandbox.unlocked(&[&certify[..], &["--output", "signed.asc"]].concat()).fails(1);
    assert!(again.stderr.contains("the signed key"), "{again}");
    assert_eq!(audited(&sandbox), 1, "a file that is there is not written, so nothing is signed");

    let fingerprint = sigs.lines().find(|line| line.starts_with("fpr:")).unwrap();
    let fingerprint = fingerprint.split(':').nth(9).unwrap();
    let line = ["keys", "certify", "--fpr", fingerprint, "--expiry", "2031-02-03", "--yes"];
    let armored = sandbox.unlocked(&line).ok().stdout;
    sandbox.write("home/again.asc", &armored);
    let sigs = at_bobs(&sandbox, "again.asc");
    let ends = by_us(&sigs).iter().filter(|line| line.split(':').nth(6) != Some("")).count();
    assert_eq!(ends, 2, "both identities, until then: {sigs}");
}

#[test]
fn whose_key_it_is_is_shown_and_a_no_changes_nothing() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let before = sandbox.gpgsmith(&["keys", "list"]).ok().stdout;
    let mut terminal = sandbox.terminal(&["keys", "certify", "bob.asc", "--identity", WORK]);
    let shown = terminal.expect("[y/N]");
    terminal.enter("");
    let (code, screen) = terminal.end();
    assert_eq!(code, Some(8), "{screen}");
    assert!(shown.contains(WORK), "{shown}");
    assert!(shown.contains("but not of Bob <bob@example.org>"), "{shown}");
    sandbox.unlocked(&["keys", "certify", "bob.asc"]).fails(6);
    assert_eq!(audited(&sandbox), 0);
    assert_eq!(sandbox.gpgsmith(&["keys", "list"]).ok().stdout, before);
}

#[test]
fn a_local_signature_stays_in_the_vault() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let local = sandbox.unlocked(&["keys", "certify", "bob.asc", "--local", "--yes"]).ok();
    assert_eq!(local.stdout, "", "{local}");
    assert_eq!(audited(&sandbox), 1);
    assert!(by_us(&at_bobs(&sandbox, "bob.asc")).is_empty());
}

#[test]
fn what_cannot_be_certified_is_said() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let public = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    sandbox.write("home/own.asc", &public);
    sandbox.write("home/both.asc", &format!("{public}{}", sandbox.read("home/bob.asc")));
    sandbox.write("home/no.asc", "no key at all");
    let other = "203E92AA7E59B62AFB0632831BAD42B9D3EB8400";
    for (line, told) in [
        (&["own.asc"][..], "the vault's own master key"),
        (&["both.asc"], "holds 2 keys"),
        (&["no.asc"], "there is no public key in"),
        (&["bob.asc", "--fpr", other], "there is no key 203E"),
        (&["bob.asc", "--identity", "Bobby"], "has no identity \"Bobby\""),
        (&["--fpr", other], "there is no key 203E"),
    ] {
        let run = sandbox.unlocked(&[&["keys", "certify", "--yes"], line].concat()).fails(2);
        assert!(run.stderr.contains(told), "{line:?}: {run}");
    }
    assert_eq!(audited(&sandbox), 0);
}
