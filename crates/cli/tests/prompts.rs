use std::{
    io::Read as _,
    process::{Child, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::sandbox::{PASSPHRASE, Sandbox};

/// Waits until `child` has asked `question`.
fn wait_for(child: &mut Child, question: &str) {
    let stderr = child.stderr.as_mut().unwrap();
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).ends_with(question) {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&shown));
        shown.extend(byte);
    }
}

#[test]
fn w32_piped_answers_reach_their_questions() {
    let sandbox = Sandbox::new();
    let answers = format!("piped\n{PASSPHRASE}\n{PASSPHRASE}\n");
    let made = sandbox.answer(&["vault", "create", "work"], &answers).ok();
    assert_eq!(
        made.stderr,
        "Vault directory path: Vault passphrase: Confirm passphrase: \
         Created work (initial snapshot: [stamp]_initial-import.tar.age)\n"
    );
    assert_eq!(sandbox.snapshots("piped").len(), 1);
}

#[test]
fn two_passphrases_that_differ_make_no_vault() {
    let sandbox = Sandbox::new();
    let differ = sandbox.answer(&["vault", "create", "work", "--path", "v"], "one\ntwo\n").fails(2);
    assert!(differ.stderr.ends_with("error: passphrases do not match\n"), "{}", differ.stderr);
    assert_eq!(sandbox.run(&["vault", "list"]).ok().stdout, "No vaults.\n");
    assert!(!sandbox.home().join("v").exists());
}

#[test]
fn w31_a_passphrase_comes_from_a_file_a_descriptor_or_a_pipe() {
    let sandbox = Sandbox::with_passphrase();
    sandbox.run(&["vault", "seal"]).ok();
    let open = "gpgsmith vault open work --no-shell";
    for line in [
        format!("{open} --passphrase-file ../pw"),
        format!("{open} --passphrase-fd 7 7< ../pw"),
        format!("cat ../pw | {open} --passphrase-fd 0"),
        format!("cat ../pw | {open} --passphrase-file -"),
        format!("cat ../pw | {open}"),
    ] {
        let mut shell = sandbox.foreign("/bin/sh".as_ref());
        let run = sandbox.feed(shell.args(["-c", &line]), "").ok();
        assert!(run.stdout.starts_with("export GPGSMITH_SESSION="), "{line}: {}", run.stdout);
        sandbox.run(&["vault", "discard"]).ok();
    }
}

#[test]
fn no_input_never_asks() {
    let sandbox = Sandbox::new();
    for (args, flag) in [
        (&["vault", "create", "work"][..], "--path"),
        (&["vault", "create", "work", "--path", "v"], "--passphrase-file"),
        (&["setup", "--vault-path", "v"], "--name"),
        (&["setup", "--vault-path", "v", "--name", "Ann"], "--email"),
    ] {
        let unasked = sandbox.answer(&[args, &["--no-input"]].concat(), "v\nw\nx\n").fails(6);
        assert!(unasked.stderr.contains(flag), "{args:?}: {}", unasked.stderr);
    }
}

#[test]
fn the_end_of_input_is_no_answer() {
    let sandbox = Sandbox::new();
    let end = sandbox.run(&["vault", "create", "work"]).fails(6);
    assert_eq!(end.stderr, "Vault directory path: error: no input for \"Vault directory path:\"\n");
}

#[test]
fn ctrl_c_at_a_question_cancels() {
    let sandbox = Sandbox::new();
    let mut child =
        sandbox.command(&["vault", "create", "work"]).stdin(Stdio::piped()).spawn().unwrap();
    wait_for(&mut child, "Vault directory path: ");
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let keyboard = child.stdin.take();
    let cancelled = sandbox.finish(child).fails(8);
    drop(keyboard);
    assert_eq!(cancelled.stderr, "error: cancelled\n");
}

#[test]
fn unfinished_work_is_resumed_left_or_thrown_away() {
    let sandbox = Sandbox::with_keys();
    sandbox.run(&["keys", "identity", "add", "Ann <ann@work.example>"]).ok();
    sandbox.run(&["daemon", "stop"]).ok();
    let open = ["vault", "open", "work", "--no-shell"];
    let left = sandbox.answer(&open, "cancel\n").fails(8);
    assert!(left.stderr.contains("Resume? [Y/n/cancel]: "), "{}", left.stderr);
    let unasked = sandbox.run(&[&open[..], &["--no-input"]].concat()).fails(6);
    assert!(unasked.stderr.contains("--resume"), "{}", unasked.stderr);
    sandbox.answer(&open, "n\nn\n").fails(8);
    let fresh = sandbox.answer(&open, "n\ny\n").ok();
    assert!(fresh.stderr.contains("Throw it away? [y/N]: "), "{}", fresh.stderr);
    assert!(!sandbox.run(&["keys", "identity", "list"]).ok().stdout.contains("work.example"));
}
