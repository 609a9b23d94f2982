//! Every hint that the kernel can give is a command that this program understands. The hints are
//! found in the kernel's sources, so that none is forgotten.

use std::{fs, path::Path};

use clap::Parser as _;

use super::*;
use crate::args::Cli;

/// Whether the command line `action args…` is one of ours; without an action, whether any command
/// for a session takes `args`.
fn parses(action: Option<&str>, args: &[String]) -> Result<(), clap::Error> {
    let words = action.unwrap_or("keys list").split(' ').chain(args.iter().map(String::as_str));
    Cli::try_parse_from(std::iter::once("gpgsmith").chain(words)).map(drop)
}

/// A hint as it stands in the source: what is computed at run time is `name`.
#[derive(Debug)]
struct Written {
    file: String,
    action: String,
    args: Vec<String>,
}

fn sources(dir: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let tests = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !tests {
            sources(&path, visit);
        } else if path.extension().is_some_and(|ext| ext == "rs") && !tests {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

fn kernel_sources(visit: &mut impl FnMut(&Path, &str)) {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel/src"), visit);
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), visit);
}

/// The top-level arguments of the call whose parenthesis `text` follows.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut found = vec![String::new()];
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(String::new());
                continue;
            }
            _ => {}
        }
        found.last_mut().unwrap().push(c);
    }
    found.into_iter().map(|arg| arg.trim().to_owned()).filter(|arg| !arg.is_empty()).collect()
}

/// The text of a string literal, or `name` for anything that is computed.
fn literal(expression: &str) -> String {
    let text = expression.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.unwrap_or("name").to_owned()
}

fn written_hints() -> Vec<Written> {
    let mut found = Vec::new();
    kernel_sources(&mut |path, source| {
        let source = source.split("#[cfg(test)]").next().unwrap_or(source);
        for (place, call) in source.match_indices("Hint::run(") {
            let [_, action, args] = arguments(&source[place + call.len()..]).try_into().unwrap();
            let list = args.strip_prefix("&[").and_then(|rest| rest.strip_suffix(']'));
            found.push(Written {
                file: path.display().to_string(),
                action: literal(&action),
                args: list
                    .map_or_else(Vec::new, arguments)
                    .iter()
                    .map(|arg| literal(arg))
                    .collect(),
            });
        }
    });
    found
}

#[test]
fn every_hint_is_a_command_of_ours() {
    let hints = written_hints();
    assert!(hints.len() > 15, "the hints are written in another way: {hints:#?}");
    for hint in hints {
        if let Err(error) = parses(Some(&hint.action), &hint.args) {
            panic!("{}: {hint:?}\n{error}", hint.file);
        }
    }
}

#[test]
fn a_flag_alone_is_understood_by_the_command_that_failed() {
    for flag in [
        &["--vault", "work"][..],
        &["--yes"],
        &["--passphrase-file", "p"],
        &["--key-passphrase-file", "p"],
        &["--passphrase-fd", "3"],
    ] {
        let args: Vec<_> = flag.iter().map(|&word| word.to_owned()).collect();
        assert!(parses(None, &args).is_ok(), "{flag:?}");
    }
}

#[test]
fn every_command_in_a_text_is_one_of_ours() {
    let mut seen = 0;
    kernel_sources(&mut |path, source| {
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            for (place, tick) in line.match_indices("`gpgsmith ") {
                let command = line[place + tick.len()..].split('`').next().unwrap();
                let command = command.replace(['{', '}'], "");
                let words =
                    std::iter::once("gpgsmith".to_owned()).chain(crate::quote::split(&command));
                if let Err(error) = Cli::try_parse_from(words) {
                    panic!("{}: {command}\n{error}", path.display());
                }
                seen += 1;
            }
        }
    });
    assert!(seen > 0, "commands in texts are written in another way");
}

#[test]
fn a_command_can_be_pasted_into_a_shell() {
    let hint = Hint::run("", "vault trust", &["a b", "$(id)"]);
    assert_eq!(command_line(&hint).unwrap(), "gpgsmith vault trust 'a b' '$(id)'");
    assert_eq!(command_line(&Hint::advice("wait")), None);
}
