use std::fmt::Write as _;

use clap::CommandFactory as _;

use super::*;
use crate::quote;

fn parse(line: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["gpgsmith"], line].concat())
}

/// Calls `visit` for every command, with its words.
fn walk(command: &clap::Command, path: &str, visit: &mut impl FnMut(&str, &clap::Command)) {
    visit(path, command);
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        walk(sub, &format!("{path} {}", sub.get_name()), visit);
    }
}

fn whole() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_reference_of_all_commands() {
    let mut reference = String::new();
    walk(&whole(), "gpgsmith", &mut |path, command| {
        // The global flags are shown once.
        let mut command = command.clone().term_width(100);
        if path != "gpgsmith" {
            command =
                command.mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
        }
        writeln!(reference, "## {path}\n\n{}", command.render_long_help()).unwrap();
    });
    insta::assert_snapshot!("reference", reference);
}

#[test]
fn every_command_has_examples_that_parse() {
    let mut seen = 0;
    walk(&whole(), "gpgsmith", &mut |path, command| {
        let Some(after) = command.get_after_help() else {
            assert!(command.has_subcommands(), "{path} has no example");
            return;
        };
        let after = after.to_string();
        let lines = after.lines().skip_while(|line| *line != "Examples:").skip(1);
        for line in lines.take_while(|line| line.starts_with("  ")) {
            let words = quote::split(command_in(line.trim()));
            assert_eq!(words.first().map(String::as_str), Some("gpgsmith"), "{path}: {line}");
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{path}: {line}\n{error}");
            }
            seen += 1;
        }
    });
    assert!(seen > 30, "only {seen} examples");
}

/// The command inside `eval "$(…)"`, behind a pipe, or before a redirection.
fn command_in(line: &str) -> &str {
    let line = line.rsplit("| ").next().unwrap_or(line);
    let line = line.split(" <").next().unwrap_or(line).split(" >").next().unwrap_or(line);
    line.find("$(").map_or(line, |start| line[start + 2..].split(')').next().unwrap_or(line))
}

#[test]
fn every_command_says_what_it_is_for() {
    walk(&whole(), "gpgsmith", &mut |path, command| {
        assert!(command.get_about().is_some(), "{path} says nothing");
        for arg in command.get_arguments() {
            assert!(arg.get_help().is_some(), "{path} {} says nothing", arg.get_id());
        }
    });
}

#[test]
fn w29_no_flag_is_dead() {
    for dead in ["--dry-run", "--vault-dir"] {
        let error = parse(&[dead, "vault", "list"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownArgument, "{dead}");
    }
}

#[test]
fn global_flags_may_stand_anywhere() {
    for line in
        [["--json", "vault", "list"], ["vault", "--json", "list"], ["vault", "list", "--json"]]
    {
        assert!(parse(&line).unwrap().global.output.json, "{line:?}");
    }
}

#[test]
fn groups_without_a_command_show_their_help() {
    for line in [&[][..], &["vault"], &["keys"], &["keys", "identity"], &["audit"], &["daemon"]] {
        let error = parse(line).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, "{line:?}");
    }
}

#[test]
fn a_slip_of_the_finger_is_answered_with_what_was_meant() {
    let slip = |line: &[&str]| parse(line).unwrap_err().render().to_string();
    assert!(slip(&["vautl", "list"]).contains("similar subcommands exist: 'audit', 'vault'"));
    assert!(slip(&["vault", "opne", "x"]).contains("'open'"));
    assert!(slip(&["vault", "open", "x", "--no-shel"]).contains("'--no-shell'"));
}

#[test]
fn contradictions_are_refused() {
    for line in [
        &["vault", "open", "--resume", "--fresh"][..],
        &["vault", "open", "--read-only", "--resume"],
        &["vault", "trust", "work"],
        &["vault", "trust", "work", "ABCD", "--none"],
        &["keys", "export", "--stdout", "--output", "f"],
        &["--passphrase-file", "f", "--passphrase-fd", "3", "vault", "list"],
        &["vault", "list", "surplus"],
    ] {
        assert_eq!(refuse(&parse(line).unwrap_err()), ExitCode::from(2), "{line:?}");
    }
}

#[test]
fn uid_is_another_word_for_identity() {
    assert!(parse(&["keys", "uid", "list"]).is_ok());
}
