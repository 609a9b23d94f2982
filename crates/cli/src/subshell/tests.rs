use std::{ffi::OsStr, process::Stdio};

use super::*;

/// A name that no vault of ours can have, but one of the Go program's can.
const NASTY: &str = "a'b\"; touch pwned; $(touch pwned) `touch pwned` %n \\w !x";

/// The prompt that the shell at `shell` has for a vault named `vault`, in an empty home, and
/// whether the name ran anything.
fn prompt(shell: &str, vault: &str) -> (String, bool) {
    let (home, startup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    File::create(home.path().join(".bashrc")).unwrap().write_all(b"PS1='user$ '").unwrap();
    let plan = plan::plan(Path::new(shell), vault, startup.path(), home.path().as_os_str());
    write_startup(&startup, &plan).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a real shell is what is tested")]
    let mut command = Command::new(shell);
    command.args(&plan.args).args(["-i", "-c", "printf %s \"$PS1\""]);
    command.env_clear().env("HOME", home.path()).envs(plan.env.iter().map(|(n, v)| (n, v)));
    let output =
        command.current_dir(home.path()).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let ran = home.path().join("pwned").exists();
    (String::from_utf8(output.unwrap().stdout).unwrap(), ran)
}

#[test]
fn bash_has_the_users_prompt_behind_the_vaults_name() {
    assert_eq!(prompt("/bin/bash", "work"), ("[gpgsmith:work] user$ ".to_owned(), false));
}

#[test]
fn sh_has_the_vaults_name() {
    assert_eq!(prompt("/bin/sh", "work"), ("[gpgsmith:work] $ ".to_owned(), false));
}

#[test]
fn w36_a_name_is_not_run_by_a_start_up_file() {
    for shell in ["/bin/bash", "/bin/sh"] {
        let (shown, ran) = prompt(shell, NASTY);
        assert!(!ran, "{shell} ran a part of the name");
        assert!(
            shown.starts_with("[gpgsmith:a_b__ touch pwned_ __touch pwned_"),
            "{shell}: {shown}"
        );
    }
}

#[test]
fn zsh_reads_the_users_files_from_where_they_are() {
    let dir = Path::new("/tmp/x y");
    let plan = plan::plan(Path::new("/usr/bin/zsh"), "work", dir, OsStr::new("/home/a'n"));
    let [(".zshenv", env), (".zshrc", rc)] = plan.files.as_slice() else {
        panic!("other files: {:?}", plan.files)
    };
    insta::assert_snapshot!(env, @r#"
    ZDOTDIR='/home/a'\''n'
    [ -f "$ZDOTDIR/.zshenv" ] && . "$ZDOTDIR/.zshenv"
    ZDOTDIR='/tmp/x y'
    "#);
    insta::assert_snapshot!(rc, @r#"
    ZDOTDIR='/home/a'\''n'
    [ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
    PS1='[gpgsmith:work] '"$PS1"
    "#);
    assert_eq!(plan.env, [("ZDOTDIR", OsString::from("/tmp/x y"))]);
}

#[test]
fn fish_keeps_the_users_prompt() {
    let plan = plan::plan(Path::new("/usr/bin/fish"), NASTY, Path::new("/"), OsStr::new(""));
    let init = plan.args.last().unwrap().to_str().unwrap();
    assert!(init.starts_with("functions --copy fish_prompt gpgsmith_fish_prompt;"), "{init}");
    assert_eq!(init.matches('\'').count(), 2, "the name ends the quotes: {init}");
}

#[test]
fn an_unknown_shell_is_started_as_it_is() {
    let plan = plan::plan(Path::new("/usr/bin/nu"), "work", Path::new("/"), OsStr::new(""));
    assert!(plan.args.is_empty() && plan.env.is_empty() && plan.files.is_empty());
}
