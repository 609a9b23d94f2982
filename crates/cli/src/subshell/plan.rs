use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use super::Variables;
use crate::quote::quote;

/// How a shell is started so that its prompt begins with the vault's name.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) args: Vec<OsString>,
    pub(super) env: Variables,
    /// Files for its start-up directory, by name.
    pub(super) files: Vec<(&'static str, String)>,
}

/// The plan for `shell`, whose start-up files will be in `dir`; `zdotdir` is where zsh finds the
/// user's.
pub(super) fn plan(shell: &Path, vault: &str, dir: &Path, zdotdir: &OsStr) -> Plan {
    let mark = format!("[gpgsmith:{}] ", label(vault));
    match shell.file_name().and_then(OsStr::to_str) {
        Some("bash") => bash(&mark, dir),
        Some("zsh") => zsh(&mark, dir, zdotdir),
        Some("fish") => fish(&mark),
        Some("sh" | "dash" | "ash" | "ksh" | "mksh") => posix(&mark),
        _ => Plan::default(),
    }
}

/// The name with nothing that a shell's prompt could take for its own (W-36).
fn label(vault: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || " ._-+@".contains(c);
    vault.chars().map(|c| if harmless(c) { c } else { '_' }).collect()
}

fn bash(mark: &str, dir: &Path) -> Plan {
    let rc = format!("[ -f ~/.bashrc ] && . ~/.bashrc\nPS1='{mark}'\"$PS1\"\n");
    let args = vec!["--rcfile".into(), dir.join("bashrc").into()];
    Plan { args, files: vec![("bashrc", rc)], ..Plan::default() }
}

/// zsh reads four files from `ZDOTDIR`; each of ours hands over to the user's, and the last one
/// that is read before the prompt gives the variable back.
fn zsh(mark: &str, dir: &Path, zdotdir: &OsStr) -> Plan {
    let theirs = quote(&zdotdir.to_string_lossy()).into_owned();
    let ours = quote(&dir.to_string_lossy()).into_owned();
    let source = |name: &str| {
        format!("ZDOTDIR={theirs}\n[ -f \"$ZDOTDIR/{name}\" ] && . \"$ZDOTDIR/{name}\"\n")
    };
    let env = format!("{}ZDOTDIR={ours}\n", source(".zshenv"));
    let rc = format!("{}PS1='{mark}'\"$PS1\"\n", source(".zshrc"));
    Plan {
        env: vec![("ZDOTDIR", dir.into())],
        files: vec![(".zshenv", env), (".zshrc", rc)],
        ..Plan::default()
    }
}

fn fish(mark: &str) -> Plan {
    let init = format!(
        "functions --copy fish_prompt gpgsmith_fish_prompt; \
         function fish_prompt; printf %s '{mark}'; gpgsmith_fish_prompt; end"
    );
    Plan { args: vec!["--init-command".into(), init.into()], ..Plan::default() }
}

/// These take their prompt from the environment.
fn posix(mark: &str) -> Plan {
    Plan { env: vec![("PS1", format!("{mark}$ ").into())], ..Plan::default() }
}
