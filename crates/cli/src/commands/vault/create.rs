use std::path::{Path, PathBuf};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::vault::{CreateVault, Opened},
    view,
};

use super::Ended;
use crate::{
    context::{Context, Freshness, Question},
    error::CliError,
    paths,
};

/// Make a vault and open it.
///
/// Makes the directory, an entry in the registry and a first, empty snapshot, and opens the vault.
/// Nothing of it is left where that fails.
///
/// A vault is opened by a passphrase, which is asked for twice, or by an age identity file.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Its name: letters, digits, blanks and `. _ - + @`
    name: String,
    /// Its directory; asked for if missing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    path: Option<PathBuf>,
    /// Open it by this age identity file instead of a passphrase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    identity: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith vault create work --path ~/Dropbox/work-vault
  gpgsmith vault create ci --path ./vault --identity ~/.config/age/key.txt
  gpgsmith vault create work --path ~/vault --passphrase-fd 3";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let given = args.path.as_ref().map(|path| path.to_string_lossy());
    let path = cx.ask(&Question {
        given: given.as_deref(),
        what: "the vault's directory",
        flag: "--path",
        prompt: "Vault directory path: ",
    })?;
    let path = args.path.as_deref().unwrap_or(Path::new(&path));
    let opened = create(cx, &args.name, path, args.identity.as_deref())?;
    cx.ui.confirm(&opened, &view::vault::opened(&opened))
}

/// Makes a vault; paths are the user's.
pub(crate) fn create(
    cx: &Context<'_>,
    name: &str,
    path: &Path,
    identity: Option<&Path>,
) -> Result<Opened, CliError> {
    let path = paths::resolve(path)?;
    let identity = identity.map(paths::resolve).transpose()?;
    cx.run_unlocking(Freshness::New, |unlock| CreateVault {
        name: name.to_owned(),
        path: path.clone(),
        identity: identity.clone(),
        unlock,
    })
}
