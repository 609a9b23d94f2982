use gpgsmith_tests::sandbox::Sandbox;
use insta::assert_snapshot;

use super::{FINGERPRINT, MASTER, rotated, told};

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
    let of = format!(":{MASTER}:");
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
    assert_snapshot!("certify__signed", signed.shown());
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

/// All signatures of ours on Bob's key in the files of the newest snapshot, by gpg's own word.
fn in_the_vault(sandbox: &Sandbox) -> String {
    sandbox.unlocked(&["vault", "seal"]).ok();
    sandbox.unlocked(&["vault", "export", "pass-fast", "files", "--yes"]).ok();
    let gpg = ["--homedir", "files", "--no-autostart", "--batch", "--with-colons"];
    sandbox.tool("gpg", &[&gpg[..], &["--check-sigs", "bob@example.org"]].concat()).ok().stdout
}

#[test]
fn a_local_signature_stays_in_the_vault() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let work = format!("keys certify bob.asc --identity '{WORK}' --output work.asc --yes");
    let story =
        told(&sandbox, &[(0, "keys certify bob.asc --local --yes"), (0, &work), (0, "audit show")]);
    assert_snapshot!("certify__local", story);
    let sigs = at_bobs(&sandbox, "work.asc");
    let ours = by_us(&sigs);
    assert!(ours.len() == 1 && ours[0].contains(":10x:"), "only the one for all: {sigs}");
    let sigs = in_the_vault(&sandbox);
    let local = by_us(&sigs).iter().filter(|line| line.contains(":10l:")).count();
    assert_eq!(local, 1, "in the vault, where nothing has taken its place: {sigs}");
}

/// Puts keys of Bob's that are of no use any more into files.
fn with_ended_keys(sandbox: &Sandbox) {
    let make = "gpg='gpg --homedir bob --batch --pinentry-mode loopback --passphrase='
$gpg --faked-system-time 20200101T000000! --quick-gen-key old@example.org ed25519 cert 1y
$gpg --armor --export old@example.org >expired.asc
rev=$(ls bob/openpgp-revocs.d/*.rev | head -n 1)
sed 's/^:---/---/' $rev >revoke.asc
$gpg --import revoke.asc
$gpg --armor --export $(basename $rev .rev) >revoked.asc
$gpg --quick-gen-key named@example.org ed25519 cert 0
$gpg --quick-add-uid named@example.org Nobody
$gpg --quick-revoke-uid named@example.org Nobody
$gpg --armor --export-filter keep-uid='uid = Nobody' --export named@example.org >nameless.asc
gpgconf --homedir bob --kill all";
    sandbox.tool("sh", &["-ec", make]).ok();
}

#[test]
fn what_cannot_be_certified_is_said() {
    let sandbox = rotated();
    with_bob(&sandbox);
    let public = sandbox.gpgsmith(&["keys", "export", "--stdout"]).ok().stdout;
    sandbox.write("home/own.asc", &public);
    sandbox.write("home/both.asc", &format!("{public}{}", sandbox.read("home/bob.asc")));
    sandbox.write("home/no.asc", "no key at all");
    // As large as a key may be, and one byte more.
    let large = sandbox.read("home/bob.asc") + &"\n".repeat(16 << 20);
    sandbox.write("home/full.asc", &large[..16 << 20]);
    sandbox.write("home/large.asc", &large[..=16 << 20]);
    let other = "203E92AA7E59B62AFB0632831BAD42B9D3EB8400";
    let mut lines: Vec<(i32, String)> = [
        "own.asc",
        "both.asc",
        "no.asc",
        "large.asc",
        "bob.asc --identity Bobby",
        "bob.asc --expiry soon",
    ]
    .map(|args| (2, format!("keys certify --yes {args}")))
    .into();
    lines.extend([
        (2, format!("keys certify --yes both.asc --fpr {FINGERPRINT}")),
        (2, format!("keys certify --yes bob.asc --fpr {other}")),
        (2, format!("keys certify --yes --fpr {other}")),
        (2, "keys certify --yes --fpr Bob".to_owned()),
        (1, "keys certify --yes nowhere.asc".to_owned()),
        (1, "keys certify --yes bob.asc --output bob.asc".to_owned()),
        (2, "keys certify --yes bob.asc --output new.asc --local".to_owned()),
        (2, "keys certify".to_owned()),
    ]);
    with_ended_keys(&sandbox);
    let ended = ["expired", "revoked", "nameless"];
    lines.extend(ended.map(|key| (2, format!("keys certify --yes {key}.asc"))));
    let lines: Vec<(i32, &str)> = lines.iter().map(|(code, line)| (*code, line.as_str())).collect();
    assert_snapshot!("certify__errors", told(&sandbox, &lines));
    assert_eq!(audited(&sandbox), 0);
    sandbox.unlocked(&["keys", "certify", "full.asc", "--yes"]).ok();
    assert_eq!(audited(&sandbox), 1);
}
