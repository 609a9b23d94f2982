use std::path::PathBuf;

use clap::ValueHint;
use gpgsmith_kernel::{api::transfer::ImportVault, view};

use super::Ended;
use crate::{
    complete,
    context::{Context, Freshness},
    paths,
};

/// Bring keys that gpg has elsewhere into a vault.
///
/// PATH is a GnuPG home such as ~/.gnupg, a file that `gpg --export-secret-keys` has written, or a
/// directory of such files. It is only read: gpg works on a copy in RAM. The passphrase of the keys
/// is proven before anything is sealed, and the keys can be put under the vault's.
///
/// With --path a new vault is made. A vault that is there must hold no keys yet, or the same master
/// key. Option files such as gpg.conf are kept in the vault, and not obeyed there.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to import
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    source: PathBuf,
    /// The vault; the default one if missing
    #[arg(long, value_name = "VAULT", add = complete::vaults())]
    name: Option<String>,
    /// Make the vault, in this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "name")]
    path: Option<PathBuf>,
    /// Open the new vault by this age identity file instead of a passphrase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "path")]
    identity: Option<PathBuf>,
    /// The fingerprint of the master key, where there are several primary keys
    #[arg(long, value_name = "FINGERPRINT")]
    master: Option<String>,
    /// Put the keys under the vault's passphrase
    #[arg(long)]
    reencrypt: bool,
    /// Leave the keys under the passphrase that they have
    #[arg(long, conflicts_with = "reencrypt")]
    keep_passphrase: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault import ~/.gnupg --name work --path ~/Dropbox/work-vault
  gpgsmith vault import master.asc --name work --reencrypt --key-passphrase-file old.txt
  gpgsmith vault import /media/usb/subkeys --name work";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let source = paths::resolve(&args.source)?;
    let path = args.path.as_deref().map(paths::resolve).transpose()?;
    let identity = args.identity.as_deref().map(paths::resolve).transpose()?;
    let reencrypt = match (args.reencrypt, args.keep_passphrase) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    let freshness = if path.is_some() { Freshness::New } else { Freshness::Known };
    let imported = cx.run_unlocking(freshness, |unlock| ImportVault {
        source: source.clone(),
        name: cx.vault_name(args.name.as_ref()),
        path: path.clone(),
        identity: identity.clone(),
        unlock,
        master: args.master.clone(),
        reencrypt,
    })?;
    cx.ui.confirm(&imported, &view::transfer::imported(&imported))
}
