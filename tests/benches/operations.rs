//! Each operation side by side with the stock tools that would do it, in turns, so that a noisy
//! machine is noisy for both. Prints milliseconds (least and median) and the ratio of the least.
//!
//! `cargo bench -p gpgsmith-tests [-- OTHER]`, where OTHER is another gpgsmith program, which is
//! measured beside ours in what both can do without a terminal.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use gpgsmith_tests::{fixture::MASTER, program::tool, sandbox::Sandbox};

const ROUNDS: usize = 15;

/// One of two that are measured in turns: what it is called, and what runs it once.
type Side<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// Runs both in turns, and prints a line for each.
fn compare(what: &str, (ours, mut run_ours): Side<'_>, other: Option<Side<'_>>) {
    let (their_name, mut run_theirs) = other.unzip();
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(timed(&mut run_ours));
        if let Some(run) = &mut run_theirs {
            their_times.push(timed(run));
        }
    }
    let least = |times: &[Duration]| times.iter().min().copied();
    let ratio = least(&their_times)
        .zip(least(&our_times))
        .map(|(theirs, ours)| format!("{:.2}", ours.as_secs_f64() / theirs.as_secs_f64()));
    line(what, ours, &mut our_times, &ratio.unwrap_or_default());
    if let Some(name) = their_name {
        line("", name, &mut their_times, "");
    }
}

fn timed(run: &mut impl FnMut()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed()
}

fn line(what: &str, who: &str, times: &mut [Duration], ratio: &str) {
    times.sort();
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    let (least, median) = (ms(times.first()), ms(times.get(times.len() / 2)));
    println!("{what:<28}  {who:<34}  {least:>9.2}  {median:>9.2}  {ratio:>6}");
}

/// Runs it to its end, and hears nothing of it.
fn quietly(mut command: Command) {
    let run = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(run.status().unwrap().success(), "{command:?}");
}

fn shell(sandbox: &Sandbox, script: &str) {
    quietly(sandbox.command(&tool("sh"), &["-c", script]));
}

fn main() {
    let other = env::args().skip(1).find(|argument| !argument.starts_with('-')).map(PathBuf::from);
    println!("{:<28}  {:<34}  {:>9}  {:>9}  {:>6}", "OPERATION", "BY", "LEAST", "MEDIAN", "RATIO");
    start_up(other.as_deref());
    let sandbox = Sandbox::new();
    sandbox.register(&["identity", "pass-fast"]);
    registry(&sandbox, other.as_deref());
    let home = gnupg_home(&sandbox);
    open_and_seal(&sandbox);
    with_keys(&sandbox, &home);
    passphrase(&sandbox);
}

/// What every command pays.
fn start_up(other: Option<&Path>) {
    let sandbox = Sandbox::new();
    let ours = || quietly(sandbox.gpgsmith_command(&["version"]));
    let theirs = || quietly(sandbox.command(&tool("gpg"), &["--version"]));
    compare(
        "start",
        ("gpgsmith version", Box::new(ours)),
        Some(("gpg --version", Box::new(theirs))),
    );
    if let Some(other) = other {
        let theirs = || quietly(sandbox.command(other, &["version"]));
        let name = other.to_string_lossy();
        compare(
            "start",
            ("gpgsmith version", Box::new(ours)),
            Some((name.as_ref(), Box::new(theirs))),
        );
    }
}

/// One call to a daemon that runs.
fn registry(sandbox: &Sandbox, other: Option<&Path>) {
    let ours = || quietly(sandbox.gpgsmith_command(&["vault", "list"]));
    let other = other.map(|other| {
        quietly(sandbox.command(other, &["vault", "list"]));
        let theirs = || quietly(sandbox.command(other, &["vault", "list"]));
        (other.to_str().unwrap_or("another"), Box::new(theirs) as Box<dyn FnMut()>)
    });
    ours();
    compare("a call", ("gpgsmith vault list", Box::new(ours)), other);
}

/// The newest snapshot of the vault, unpacked for gpg by stock tools.
fn gnupg_home(sandbox: &Sandbox) -> String {
    let newest = sandbox.snapshots("vaults/identity").pop().unwrap();
    let (file, key) = (sandbox.text(&format!("vaults/identity/{newest}")), identity(sandbox));
    let home = sandbox.text("bare");
    shell(
        sandbox,
        &format!(
            "mkdir -m 700 {home} && age -d -i {key} {file} | tar -x -C {home} && gpgconf --homedir {home} --launch gpg-agent"
        ),
    );
    home
}

fn identity(sandbox: &Sandbox) -> String {
    sandbox.text("identity.txt")
}

/// A vault with an identity file, which costs no derivation: what is left is ours.
fn open_and_seal(sandbox: &Sandbox) {
    let newest = sandbox.snapshots("vaults/identity").pop().unwrap();
    let (file, key) = (sandbox.text(&format!("vaults/identity/{newest}")), identity(sandbox));
    let out = sandbox.text("unpacked");
    let stock = format!(
        "mkdir -m 700 {out} && age -d -i {key} {file} | tar -x -C {out} && gpg --homedir {out} -K && gpgconf --homedir {out} --kill all; rm -rf {out}"
    );
    let ours = || {
        quietly(sandbox.gpgsmith_command(&["vault", "open", "identity", "--no-shell"]));
        quietly(sandbox.gpgsmith_command(&["vault", "discard"]));
    };
    compare(
        "open and discard",
        ("vault open, vault discard", Box::new(ours)),
        Some(("age -d | tar x, gpg -K, rm", Box::new(|| shell(sandbox, &stock)))),
    );
    let (home, sealed) = (sandbox.text("bare"), sandbox.text("sealed.age"));
    let stock = format!(
        "tar -c -C {home} --exclude 'S.*' . | age -r $(age-keygen -y {key}) > {sealed} && sync {sealed}"
    );
    let ours = || {
        quietly(sandbox.gpgsmith_command(&["vault", "open", "identity", "--no-shell"]));
        quietly(sandbox.gpgsmith_command(&["vault", "seal"]));
    };
    compare(
        "open and seal",
        ("vault open, vault seal", Box::new(ours)),
        Some(("tar c | age, sync (seal only)", Box::new(|| shell(sandbox, &stock)))),
    );
}

/// Work on an open vault, and the same with bare gpg.
fn with_keys(sandbox: &Sandbox, home: &str) {
    quietly(sandbox.gpgsmith_command(&["vault", "open", "identity", "--no-shell"]));
    compare(
        "list the keys",
        ("keys list", Box::new(|| quietly(sandbox.gpgsmith_command(&["keys", "list"])))),
        Some((
            "gpg -K",
            Box::new(|| quietly(sandbox.command(&tool("gpg"), &["--homedir", home, "-K"]))),
        )),
    );
    let (mut count, passphrase) = (0, sandbox.passphrase());
    let add = |who: &str, count: u32| format!("{who} {count} <{count}@{who}.example>");
    let ours = || {
        count += 1;
        let identity = add("ours", count);
        let key = ["--key-passphrase-file", &passphrase];
        let args = [&["keys", "identity", "add", &identity], key.as_slice()].concat();
        quietly(sandbox.gpgsmith_command(&args));
    };
    let mut their_count = 0;
    let stock = || {
        their_count += 1;
        let identity = add("stock", their_count);
        let args = ["--homedir", home, "--batch", "--pinentry-mode", "loopback"];
        let what = ["--passphrase-file", &passphrase, "--quick-add-uid", MASTER, &identity];
        quietly(sandbox.command(&tool("gpg"), &[args.as_slice(), &what].concat()));
    };
    compare(
        "a step, flushed and audited",
        ("keys identity add", Box::new(ours)),
        Some(("gpg --quick-add-uid", Box::new(stock))),
    );
    quietly(sandbox.gpgsmith_command(&["vault", "discard", "--yes"]));
    shell(sandbox, &format!("gpgconf --homedir {home} --kill all"));
}

/// A passphrase is stretched once an open; stock age wants a terminal for it.
fn passphrase(sandbox: &Sandbox) {
    let (file, open) = (sandbox.passphrase(), ["vault", "open", "pass-fast", "--no-shell"]);
    let open = [open.as_slice(), &["--passphrase-file", &file]].concat();
    let ours = || {
        quietly(sandbox.gpgsmith_command(&open));
        quietly(sandbox.gpgsmith_command(&["vault", "discard"]));
    };
    compare("open by passphrase (light)", ("vault open, vault discard", Box::new(ours)), None);
}
