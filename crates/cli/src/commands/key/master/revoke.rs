use std::path::{Path, PathBuf};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::{
        ApiError, Code, Hint,
        key::{ListKeys, RevokeMaster, RevokedMaster},
    },
    view,
};
use serde::Serialize;

use super::Ended;
use crate::{
    commands::key::revoke::Why,
    context::Context,
    error::CliError,
    files::{self, Kind},
    paths,
};

/// Revoke the master key and everything on it, for good.
///
/// Says what ends with it, and has you type its key ID: --yes is not enough, --confirm is. Then it
/// is revoked and sealed, and the revoked public key is written to a new file, whose path is
/// printed. Nobody knows of it before you publish that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Why, for programs that meet the revoked key
    #[arg(long, value_enum)]
    reason: Why,
    /// Why, in words for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    message: String,
    /// The master key's ID or fingerprint, instead of typing it
    #[arg(long, value_name = "ID")]
    confirm: Option<String>,
    /// The new file for the revoked key, instead of `revoked-KEYID.asc`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys master revoke --reason superseded --message 'my new key: 203E 92AA …'
  gpgsmith keys master revoke --reason compromised --confirm 1BAD42B9D3EB840E --output old.asc";

const KIND: Kind = Kind { what: "the revoked key", mode: 0o644 };

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    revoked: RevokedMaster,
    path: PathBuf,
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let path = match &args.output {
        Some(path) => paths::resolve(path)?,
        None => usual(cx)?,
    };
    files::must_be_new(&path, KIND)?;
    let revoked = cx.run(&RevokeMaster {
        target: cx.target(),
        reason: args.reason.into(),
        message: args.message.clone(),
        confirm: args.confirm.clone(),
    })?;
    write(&path, &revoked)?;
    cx.ui.say_all(&view::key::revoked_master(&revoked));
    let shown = path.display().to_string();
    cx.ui.reply(&Report { revoked, path }, |ui| ui.lines(&[shown]))
}

/// In the directory of the user, named after the key.
fn usual(cx: &Context<'_>) -> Result<PathBuf, CliError> {
    let keys = cx.call(&ListKeys { target: cx.target() })?;
    let is_master = |fingerprint: &String| keys.master_fp.as_ref() == Some(fingerprint);
    let master = keys.certificates.iter().find(|key| is_master(&key.primary.fingerprint));
    let id = master.map_or("master", |certificate| &certificate.primary.key_id);
    Ok(paths::resolve(Path::new(&format!("revoked-{id}.asc")))?)
}

fn write(path: &Path, revoked: &RevokedMaster) -> Ended {
    let hint = || {
        let advice = "The master key is revoked all the same. Write it elsewhere.";
        Hint::run(advice, "keys export", &["--output", "revoked.asc"])
    };
    let written = files::write_new(path, KIND, revoked.armored.as_bytes());
    written.map_err(|error| ApiError::chain(Code::Io, &error).with_hint(hint()).into())
}
