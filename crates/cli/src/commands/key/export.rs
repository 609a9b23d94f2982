use std::path::{Path, PathBuf};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::key::{ExportKeys, ExportSecretSubkeys, ExportedKeys},
    view,
};

use super::Ended;
use crate::{
    context::Context,
    files::{self, Kind},
    paths,
};

/// Bring the public key into your own keyring, or into a file.
///
/// Without a flag, the public key is imported into the keyring in ~/.gnupg, so that gpg and other
/// programs of yours know it: as your own, and with the places of keys that are on cards. The master
/// key's secret part never leaves the vault.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write it to a new file, ASCII-armored
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
    /// Write it to standard output, ASCII-armored
    #[arg(long, conflicts_with = "output")]
    stdout: bool,
    /// Leave out other people's signatures and outdated ones of your own
    #[arg(long)]
    minimal: bool,
    /// Write the secret subkeys to a new file instead, under the passphrase of the keys; asks first
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["output", "stdout", "minimal"])]
    secret_subkeys: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys export
  gpgsmith keys export --output ann.asc
  gpgsmith keys export --stdout --minimal
  gpgsmith keys export --secret-subkeys laptop.asc";

const PUBLIC: Kind = Kind { what: "the public key", mode: 0o644 };

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    if let Some(file) = &args.secret_subkeys {
        return secret_subkeys(file, cx);
    }
    let to_keyring = args.output.is_none() && !args.stdout;
    let into = if to_keyring { Some(paths::resolve(Path::new("~/.gnupg"))?) } else { None };
    let exported = cx.call(&ExportKeys { target: cx.target(), into, minimal: args.minimal })?;
    if let Some(path) = &args.output {
        files::write_new(path, PUBLIC, exported.armored.as_bytes())?;
    }
    cx.ui.reply(&exported, |ui| {
        if args.stdout {
            return ui.print(&exported.armored);
        }
        ui.say(&where_to(&exported, args.output.as_deref()));
        Ok(())
    })
}

fn secret_subkeys(file: &Path, cx: &Context<'_>) -> Ended {
    let file = paths::resolve(file)?;
    let exported = cx.run(&ExportSecretSubkeys { target: cx.target(), file })?;
    cx.ui.confirm(&exported, &[view::key::exported_subkeys(&exported)])
}

fn where_to(exported: &ExportedKeys, file: Option<&Path>) -> String {
    let file = file.map(|path| format!("exported {} to {}", exported.master_fp, path.display()));
    file.or_else(|| view::key::exported(exported)).unwrap_or_default()
}
