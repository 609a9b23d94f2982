use std::path::{Path, PathBuf};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint, Target,
        key::{CreateKeys, CreatedKeys, PlanKeys},
        vault::Opened,
    },
    view,
};
use serde::Serialize;

use super::{Ended, key, vault};
use crate::{
    context::{Context, Question},
    error::CliError,
    paths,
};

/// Make a vault and the keys in it, step by step.
///
/// Makes a vault, a master key and its subkeys in it, and seals them: all that is needed to begin.
/// What no flag says is asked for.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Your name
    #[arg(long)]
    name: Option<String>,
    /// Your mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The vault's name
    #[arg(long, value_name = "NAME", default_value = "default")]
    vault_name: String,
    /// The vault's directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    vault_path: Option<PathBuf>,
    /// Open the vault by this age identity file instead of a passphrase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    identity: Option<PathBuf>,
    #[command(flatten)]
    plan: key::Plan,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith setup
  gpgsmith setup --name 'Ann Example' --email ann@example.org --vault-path ~/Dropbox/vault
  gpgsmith setup --name Ann --email ann@example.org --algo rsa4096 --subkey-expiry 1y";

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    vault: Opened,
    keys: CreatedKeys,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    cx.ui.say("=== gpgsmith setup ===");
    let path = directory(args, cx)?;
    let (name, email) = key::identity(cx, args.name.as_deref(), args.email.as_deref())?;
    let keys = args.plan.call(name, email);
    let plan = cx.call(&PlanKeys { keys: keys.clone() })?; // before a vault is made for nothing
    cx.ui.say_all(&view::key::plan(&plan));
    cx.ui.say("[1/2] Creating vault...");
    let vault = vault::create(cx, &args.vault_name, &path, args.identity.as_deref())?;
    let snapshot = view::visible(&vault.session.snapshot).into_owned();
    cx.ui.say(&format!("  created {} ({snapshot})", args.vault_name));
    cx.ui.say("[2/2] Generating GPG keys...");
    let keys = make_keys(cx, &vault, keys)?;
    cx.ui.reply(&Report { vault, keys: keys.clone() }, |ui| {
        for line in view::key::created(&keys, true) {
            ui.say(&format!("  {line}"));
        }
        ui.say("setup is complete: the keys are sealed in the vault, which is open");
        ui.say("to look at them: gpgsmith keys status");
        Ok(())
    })
}

/// Makes the keys in the new vault. It stays where that fails, and the error says how to go on.
fn make_keys(cx: &Context<'_>, vault: &Opened, keys: CreateKeys) -> Result<CreatedKeys, CliError> {
    let name = vault.session.vault.as_str();
    let go_on =
        || Hint::run("The vault is made. Make its keys.", "keys create", &["--vault", name]);
    if cx.interrupts.count() > 0 {
        let text = format!("cancelled before the keys of {name} were made");
        return Err(ApiError::new(Code::Cancelled, text).with_hint(go_on()).into());
    }
    let target = Target { token: Some(vault.token.clone()), vault: None };
    cx.run(&CreateKeys { target, ..keys }).map_err(|error| match error {
        CliError::Api(error) if error.hint.is_none() => error.with_hint(go_on()).into(),
        other => other,
    })
}

fn directory(args: &Args, cx: &Context<'_>) -> Result<PathBuf, CliError> {
    if let Some(path) = &args.vault_path {
        return Ok(path.clone());
    }
    let suggestion = suggestion(paths::home().as_deref(), &args.vault_name);
    let shown = suggestion.display();
    let answer = cx.ask(&Question {
        given: None,
        what: "the vault's directory",
        flag: "--vault-path",
        prompt: &format!("Vault directory path [{shown}]: "),
    })?;
    Ok(if answer.is_empty() { suggestion } else { answer.into() })
}

/// In Dropbox, as the Go program suggests, where there is one; else in the home directory.
fn suggestion(home: Option<&Path>, vault: &str) -> PathBuf {
    let home = home.unwrap_or(Path::new("/"));
    let dropbox = home.join("Dropbox");
    if dropbox.is_dir() { dropbox.join("Private/vault") } else { home.join("gpgsmith").join(vault) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suggestion_is_in_dropbox_where_there_is_one() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(suggestion(Some(home.path()), "work"), home.path().join("gpgsmith/work"));
        std::fs::create_dir(home.path().join("Dropbox")).unwrap();
        assert_eq!(
            suggestion(Some(home.path()), "work"),
            home.path().join("Dropbox/Private/vault")
        );
    }
}
