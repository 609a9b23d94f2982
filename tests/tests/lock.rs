//! What opens a vault, changed: its passphrase, and whom it is sealed to.

use gpgsmith_tests::{gate::Story, sandbox::Sandbox};
use insta::assert_snapshot;

const VAULT: &str = "vaults/pass-fast";

fn pass() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.write("new", "a new passphrase\n");
    sandbox
}

fn passwd(sandbox: &Sandbox) -> Vec<String> {
    let new = sandbox.text("new");
    ["vault", "passwd", "--new-passphrase-file", &new].map(str::to_owned).to_vec()
}

fn run(sandbox: &Sandbox) -> gpgsmith_tests::run::Run {
    let words = passwd(sandbox);
    sandbox.unlocked(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

fn open_with_new(sandbox: &Sandbox) -> gpgsmith_tests::run::Run {
    let new = sandbox.text("new");
    sandbox.gpgsmith(&["vault", "open", "--no-shell", "--no-input", "--passphrase-file", &new])
}

#[test]
fn a_new_passphrase_is_that_of_the_vault_and_of_its_keys() {
    let sandbox = pass();
    let before = sandbox.snapshots(VAULT);
    assert_snapshot!("vault_passwd__done", run(&sandbox).ok().shown());
    assert_eq!(sandbox.snapshots(VAULT).len(), before.len() + 1);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).fails(5);
    open_with_new(&sandbox).ok();
    sandbox.gpgsmith(&["keys", "identity", "add", "Ann <ann@example.org>", "--no-input"]).ok();
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    // W-15: what was sealed before opens with the old passphrase still.
    let older = ["vault", "open", "--no-shell", "--snapshot", &before[0]];
    sandbox.unlocked(&older).ok();
}

#[test]
fn an_open_session_goes_on_with_the_new_passphrase() {
    let sandbox = pass();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    run(&sandbox).ok();
    let names = sandbox.names(VAULT);
    let states = names.iter().filter(|name| name.contains(".session-"));
    assert_eq!(states.count(), 1, "the sidecar alone: {names:?}");
    sandbox.gpgsmith(&["keys", "identity", "add", "Bea <bea@example.org>", "--no-input"]).ok();
    // Whoever joins the session, or comes after a crash, needs the new one.
    sandbox.unlocked(&["vault", "open", "--no-shell"]).fails(5);
    sandbox.kill_daemon();
    let new = sandbox.text("new");
    let resume = ["vault", "open", "--no-shell", "--resume", "--no-input", "--passphrase-file"];
    sandbox.gpgsmith(&[&resume[..], &[&new]].concat()).ok();
    let listed = sandbox.gpgsmith(&["keys", "identity", "list"]).ok();
    assert!(listed.stdout.contains("ann@") && listed.stdout.contains("bea@"), "{listed}");
}

#[test]
fn what_cannot_be_a_new_passphrase_changes_nothing() {
    let sandbox = pass();
    let before = sandbox.names(VAULT);
    let asked = sandbox.unlocked(&["vault", "passwd"]).fails(6);
    assert_snapshot!("vault_passwd__asks", asked.shown());
    let old = sandbox.passphrase();
    let same = sandbox.unlocked(&["vault", "passwd", "--new-passphrase-file", &old]).fails(2);
    assert_snapshot!("vault_passwd__same", same.shown());
    assert_eq!(sandbox.names(VAULT), before);
    sandbox.write("wrong", "not it\n");
    let (new, wrong) = (sandbox.text("new"), sandbox.text("wrong"));
    let guess = ["vault", "passwd", "--new-passphrase-file", &new, "--passphrase-file", &wrong];
    sandbox.gpgsmith(&[&guess[..], &["--no-input"]].concat()).fails(5);
    assert_eq!(sandbox.names(VAULT), before);
}

#[test]
fn an_interrupted_change_of_the_passphrase_leaves_the_old_one_or_the_new_one_for_all() {
    Story { fresh: &pass, command: &passwd }.is_whole_or_not_at_all();
}

/// Whether stock age opens a snapshot with this identity.
fn opens(sandbox: &Sandbox, (identity, snapshot): (&str, &str)) -> bool {
    let (identity, file) = (sandbox.text(identity), sandbox.path("vaults/key").join(snapshot));
    let out = sandbox.text("tmp/out");
    let words = ["-d", "-i", &identity, "-o", &out, &file.to_string_lossy()];
    sandbox.tool("age", &words).code == Some(0)
}

#[test]
fn recipients_come_and_go_with_the_snapshots() {
    let sandbox = Sandbox::new();
    let (own, other) = (sandbox.make_identity("own"), sandbox.make_identity("other"));
    let (path, file) = (sandbox.text("vaults/key"), sandbox.text("own"));
    sandbox.gpgsmith(&["vault", "create", "key", "--path", &path, "--identity", &file]).ok();
    let newest = || sandbox.snapshots("vaults/key").pop().unwrap();
    let recipients = |verb: &str, who: &[&str]| {
        sandbox.gpgsmith(&[&["vault", "recipients", verb], who].concat())
    };
    assert_eq!(recipients("list", &[]).ok().stdout, format!("{own}  (this machine)\n"));
    recipients("add", &[&other]).ok();
    let (first, both) = (sandbox.snapshots("vaults/key")[0].clone(), newest());
    assert!(opens(&sandbox, ("own", &both)) && opens(&sandbox, ("other", &both)));
    assert!(!opens(&sandbox, ("other", &first)));
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    assert!(opens(&sandbox, ("other", &newest())), "whoever seals later seals to all");
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    let asked = sandbox.gpgsmith(&["vault", "recipients", "remove", &other, "--no-input"]).fails(6);
    assert!(asked.stderr.contains("stays readable to it"), "{asked}");
    let removed = recipients("remove", &[&other, "--yes"]).ok();
    assert!(removed.stderr.contains("can still open every snapshot"), "{removed}");
    assert!(opens(&sandbox, ("own", &newest())) && !opens(&sandbox, ("other", &newest())));
    assert!(opens(&sandbox, ("other", &both)), "what was sealed stays as it was");
    let refused = recipients("remove", &[&own, "--yes"]).fails(4);
    assert!(refused.stderr.contains("this machine's own"), "{refused}");
    recipients("remove", &[&other, "--yes"]).fails(2);
    recipients("add", &["age1nonsense"]).fails(2);
    recipients("add", &[&own]).fails(1);
    sandbox.gpgsmith(&["vault", "seal"]).ok();
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
}

#[test]
fn a_vault_with_a_passphrase_has_no_recipients() {
    let sandbox = pass();
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let refused = sandbox.gpgsmith(&["vault", "recipients", "list"]).fails(2);
    assert_snapshot!("vault_recipients__passphrase", refused.shown());
}
