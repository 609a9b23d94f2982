use std::{
    io::{self, IsTerminal as _},
    path::{Path, PathBuf},
};

use clap::ValueHint;
use gpgsmith_kernel::{
    api::key::{RevocationCert, RevocationPaper},
    view,
};

use super::Ended;
use crate::{
    context::Context,
    error::CliError,
    files::{self, Kind},
    qr::{self, Ink},
};

/// The revocation certificate of the master key: what to use when the key is lost or stolen.
///
/// It is made along with the key and kept in the vault. With it, and without the secret key, the
/// master key can be revoked for good. Without a flag, says that it is there and works; keep a copy
/// outside of the vault, where others do not come.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with_all = ["print", "qr"])]
    output: Option<PathBuf>,
    /// Print a sheet: what it is for, and the certificate
    #[arg(long)]
    print: bool,
    /// Print it as a QR code, below the sheet if both are wanted
    #[arg(long)]
    qr: bool,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys revocation-cert
  gpgsmith keys revocation-cert --output revoke.asc
  gpgsmith keys revocation-cert --print --qr >sheet.txt";

const KIND: Kind = Kind { what: "the revocation certificate", mode: 0o600 };

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let paper = cx.run(&RevocationCert { target: cx.target() })?;
    if let Some(file) = &args.output {
        let sheet = view::key::revocation_sheet(&paper);
        files::write_new(file, KIND, sheet.as_bytes())?;
    }
    cx.ui.reply(&paper, |ui| match told(args, &paper)? {
        Told::Result(text) => ui.print(&text),
        Told::Words(lines) => {
            ui.say_all(&lines);
            Ok(())
        }
    })
}

/// What is said.
enum Told {
    /// To standard output.
    Result(String),
    /// To the user.
    Words(Vec<String>),
}

fn told(args: &Args, paper: &RevocationPaper) -> Result<Told, CliError> {
    let sheet = args.print.then(|| view::key::revocation_sheet(paper));
    let code = if args.qr { Some(code(paper)?) } else { None };
    let parts: Vec<String> = sheet.into_iter().chain(code).collect();
    if !parts.is_empty() {
        return Ok(Told::Result(parts.join("\n")));
    }
    Ok(Told::Words(match &args.output {
        Some(file) => vec![where_to(paper, file)],
        None => view::key::revocation(paper),
    }))
}

fn where_to(paper: &RevocationPaper, file: &Path) -> String {
    format!("exported the revocation certificate of {} to {}", paper.master_fp, file.display())
}

/// Paper is white, terminals mostly are not.
fn code(paper: &RevocationPaper) -> Result<String, CliError> {
    let ink = if io::stdout().is_terminal() { Ink::Light } else { Ink::Dark };
    Ok(qr::code(paper.armored.trim_end(), ink)?)
}
