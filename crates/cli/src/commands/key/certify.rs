use std::path::PathBuf;

use clap::{ArgGroup, ValueEnum, ValueHint};
use gpgsmith_kernel::{
    api::key::{CertifyKey, Level},
    view,
};

use super::Ended;
use crate::{
    context::Context,
    files::{self, Kind},
    paths,
};

/// Sign somebody else's key with the master key.
///
/// Shows whose key it is, with its fingerprint, and asks. The key stays in the vault; with the new
/// signatures it is written to standard output or a new file, to be sent to its owner.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whose").required(true).multiple(true), after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A file with the public key
    #[arg(value_name = "FILE", group = "whose", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,
    /// Its fingerprint; without FILE, of a key that is in the vault already
    #[arg(long, value_name = "FINGERPRINT", group = "whose")]
    fpr: Option<String>,
    /// How well was checked whose key it is
    #[arg(long, value_enum, default_value_t = Care::Unsaid)]
    level: Care,
    /// When the certification ends: `0` (never), `2y`, `2030-12-31`
    #[arg(long, value_name = "WHEN", default_value = "0")]
    expiry: String,
    /// Certify this identity only; may be given several times
    #[arg(long, value_name = "TEXT")]
    identity: Vec<String>,
    /// For this vault only: no export carries the signature
    #[arg(long, conflicts_with = "output")]
    local: bool,
    /// Write the signed key to a new file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys certify bob.asc --output bob-signed.asc
  gpgsmith keys certify bob.asc --fpr 203E92AA7E59B62AFB0632831BAD42B9D3EB840E --yes --expiry 2y";

const SIGNED: Kind = Kind { what: "the signed key", mode: 0o644 };

/// How well was checked whose key it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Care {
    /// Nothing is said about it
    Unsaid,
    /// Not at all
    None,
    /// A little
    Casual,
    /// Thoroughly: a passport, face to face
    Thorough,
}

impl From<Care> for Level {
    fn from(care: Care) -> Self {
        match care {
            Care::Unsaid => Self::Unsaid,
            Care::None => Self::None,
            Care::Casual => Self::Casual,
            Care::Thorough => Self::Thorough,
        }
    }
}

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    if let Some(path) = &args.output {
        files::must_be_new(path, SIGNED)?;
    }
    let certified = cx.run(&CertifyKey {
        target: cx.target(),
        file: args.file.as_deref().map(paths::resolve).transpose()?,
        fingerprint: args.fpr.clone(),
        identities: args.identity.clone(),
        level: args.level.into(),
        expiry: Some(args.expiry.clone()),
        local: args.local,
    })?;
    let armored = certified.armored.as_deref();
    if let (Some(path), Some(armored)) = (&args.output, armored) {
        files::write_new(path, SIGNED, armored.as_bytes())?;
    }
    cx.ui.reply(&certified, |ui| {
        ui.say_all(&view::key::certified(&certified));
        match (&args.output, armored) {
            (None, Some(armored)) => ui.print(armored),
            _ => Ok(()),
        }
    })
}
