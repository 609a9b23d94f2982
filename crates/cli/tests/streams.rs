use std::process::Stdio;

use crate::sandbox::Sandbox;

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let sandbox = Sandbox::new();
    for args in [&["--help"][..], &["vault"], &["completions", "bash"], &["vault", "list"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let run = sandbox.finish(sandbox.command(args).stdout(writer).spawn().unwrap()).ok();
        assert_eq!(run.stderr, "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    let sandbox = Sandbox::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let run = sandbox.finish(sandbox.command(&["version"]).stdout(full).spawn().unwrap());
    assert!(run.fails(1).stderr.starts_with("error: cannot write to standard output\n"));
}

#[test]
fn quiet_confirms_nothing_and_verbose_tells_each_stage() {
    let sandbox = Sandbox::with_vault();
    let quiet = sandbox.run(&["vault", "seal", "--quiet"]).ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let open = ["vault", "open", "--no-shell", "--verbose"];
    let verbose = sandbox.run(&open).ok();
    assert!(verbose.stderr.starts_with("opening the vault …\n"), "{}", verbose.stderr);
}

#[test]
fn json_is_one_object_on_standard_output() {
    let sandbox = Sandbox::with_vault();
    for args in [
        &["vault", "list"][..],
        &["vault", "status"],
        &["vault", "snapshots", "work"],
        &["vault", "open", "work"],
        &["keys", "list"],
        &["keys", "identity", "list"],
        &["audit", "show"],
        &["audit", "verify"],
        &["daemon", "status"],
        &["version"],
        &["vault", "seal"],
    ] {
        let run = sandbox.run(&[args, &["--json"]].concat()).ok();
        assert_eq!(run.stderr, "", "{args:?}");
        let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(json["schema_version"], 1, "{args:?}");
        assert_eq!(run.stdout.lines().count(), 1, "{args:?}");
    }
}

#[test]
fn vault_names_are_completed_without_a_daemon() {
    let sandbox = Sandbox::with_vault();
    sandbox.run(&["daemon", "stop"]).ok();
    for (words, index) in
        [(&["gpgsmith", "vault", "open", ""][..], "3"), (&["gpgsmith", "--vault", ""], "2")]
    {
        let mut complete = sandbox.command(&[&["--"], words].concat());
        complete.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index);
        complete.env("_CLAP_COMPLETE_COMP_TYPE", "9").env("_CLAP_COMPLETE_SPACE", "true");
        let run = sandbox.finish(complete.stdin(Stdio::null()).spawn().unwrap()).ok();
        assert!(
            run.stdout.split_whitespace().any(|word| word == "work"),
            "{words:?}: {}",
            run.stdout
        );
    }
    sandbox.run(&["daemon", "status"]).fails(3);
}
