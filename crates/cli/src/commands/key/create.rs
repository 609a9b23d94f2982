use gpgsmith_kernel::{
    api::{identity::ListIdentities, key::CreateKeys},
    view,
};

use super::Ended;
use crate::{
    context::{Context, Question},
    error::CliError,
};

/// Make the master key and its subkeys, and seal them.
///
/// Makes a master key that can only certify, and a subkey each to sign, to encrypt and to
/// authenticate, and seals a snapshot with them.
///
/// A vault that has a master key gets another one only with --force.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Your name; asked for if missing
    #[arg(long)]
    name: Option<String>,
    /// Your mail address; asked for if missing
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// When the master key expires: `0` (never), `2y`, `2030-12-31`
    #[arg(long, value_name = "WHEN", default_value = "0")]
    expiry: String,
    #[command(flatten)]
    plan: Plan,
    /// Make a second master key in a vault that has one
    #[arg(long)]
    force: bool,
}

/// What the keys are like.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Plan {
    /// The master key's algorithm: `ed25519`, `rsa2048` … `rsa4096`
    #[arg(long, value_name = "NAME", default_value = "ed25519")]
    algo: String,
    /// The subkeys' algorithm; the master key's if missing (cv25519 to encrypt beside ed25519)
    #[arg(long, value_name = "NAME")]
    subkey_algo: Option<String>,
    /// When the subkeys expire
    #[arg(long, value_name = "WHEN", default_value = "2y")]
    subkey_expiry: String,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys create --name 'Ann Example' --email ann@example.org
  gpgsmith keys create --name Ann --email ann@example.org --algo rsa4096 --subkey-expiry 1y";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    if args.name.is_none() || args.email.is_none() {
        cx.call(&ListIdentities { target: cx.target() })?; // no session, no questions
    }
    let (name, email) = identity(cx, args.name.as_deref(), args.email.as_deref())?;
    let created = cx.run(&CreateKeys {
        target: cx.target(),
        expiry: Some(args.expiry.clone()),
        force: args.force,
        ..args.plan.call(name, email)
    })?;
    cx.ui.confirm(&created, &view::key::created(&created, true))
}

impl Plan {
    /// The call for keys like these.
    pub(crate) fn call(&self, name: String, email: String) -> CreateKeys {
        CreateKeys {
            name,
            email,
            algo: Some(self.algo.clone()),
            subkey_algo: self.subkey_algo.clone(),
            subkey_expiry: Some(self.subkey_expiry.clone()),
            ..CreateKeys::default()
        }
    }
}

/// The name and the mail address of the first identity; what no flag gave is asked for.
pub(crate) fn identity(
    cx: &Context<'_>,
    name: Option<&str>,
    email: Option<&str>,
) -> Result<(String, String), CliError> {
    let what = "your name";
    let name = cx.ask(&Question { given: name, what, flag: "--name", prompt: "Real name: " })?;
    let what = "your mail address";
    let email = cx.ask(&Question { given: email, what, flag: "--email", prompt: "Email: " })?;
    Ok((name, email))
}
