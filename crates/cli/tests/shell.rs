use crate::sandbox::{Run, Sandbox};

/// Opens the vault `work` in a shell that reads `script`.
fn in_shell(sandbox: &Sandbox, shell: &str, script: &str) -> Run {
    let mut open = sandbox.command(&["vault", "open", "work"]);
    sandbox.feed(open.env("SHELL", shell), script)
}

fn sealed() -> Sandbox {
    let sandbox = Sandbox::with_vault();
    sandbox.run(&["vault", "seal", "-m", "done"]).ok();
    sandbox
}

#[test]
fn a_shell_works_on_its_session_and_its_exit_code_is_passed_on() {
    for shell in ["/bin/bash", "/bin/sh", "/nonexistent/shell"] {
        let sandbox = sealed();
        let run =
            in_shell(&sandbox, shell, "gpgsmith keys list; echo $GPGSMITH_VAULT_NAME; exit 7\n");
        let run = run.fails(7);
        assert_eq!(run.stdout, "No keys.\nwork\n", "{shell}");
        assert!(
            run.stderr.contains("Entering gpgsmith shell for \"work\". Exit to leave.\n"),
            "{shell}"
        );
        assert!(
            run.stderr.ends_with(
                "the session on work is still open\nto seal it: gpgsmith vault seal --vault work\n"
            ),
            "{shell}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_session_that_was_sealed_in_its_shell_is_not_said_to_be_open() {
    let run = in_shell(&sealed(), "/bin/sh", "gpgsmith vault seal\n").ok();
    assert!(!run.stderr.contains("still open"), "{}", run.stderr);
}

#[test]
fn a_shell_that_is_killed_has_an_exit_code_too() {
    in_shell(&sealed(), "/bin/sh", "kill -9 $$\n").fails(255);
}

#[test]
fn shells_are_not_nested() {
    let run = in_shell(&sealed(), "/bin/sh", "gpgsmith vault open work\n").fails(4);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn what_a_shell_starts_may_dump_core_again() {
    let sandbox = sealed();
    let mut outside = sandbox.foreign("/bin/sh".as_ref());
    let before = sandbox.feed(outside.args(["-c", "ulimit -S -c"]), "").ok().stdout;
    let inside = in_shell(&sandbox, "/bin/sh", "ulimit -S -c\n").ok().stdout;
    assert_eq!(inside, before);
}

#[test]
fn no_start_up_file_stays_behind() {
    let sandbox = sealed();
    in_shell(&sandbox, "/bin/bash", "exit\n").ok();
    let left = std::fs::read_dir(sandbox.path("")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_str().unwrap().starts_with("gpgsmith-shell")),
        "{left:?}"
    );
}

#[test]
fn w36_eval_binds_the_shell_that_runs_it() {
    let sandbox = sealed();
    let line = "eval \"$(gpgsmith vault open work --no-shell)\" \
                && test ${#GPGSMITH_SESSION} = 64 && echo $GPGSMITH_VAULT_NAME && gpgsmith keys list";
    let mut shell = sandbox.foreign("/bin/sh".as_ref());
    assert_eq!(sandbox.feed(shell.args(["-c", line]), "").ok().stdout, "work\nNo keys.\n");
}
