use gpgsmith_kernel::{api::key::RenewKeys, view};

use super::Ended;
use crate::context::Context;

/// Give keys a new end, expired ones too.
///
/// Without an ID: all subkeys that are not revoked, and the master key if it expires. Shows which
/// keys get which new end, and asks. An ID is a key ID or a fingerprint, in either case, with or
/// without `0x` and blanks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The key IDs or fingerprints of the keys
    #[arg(value_name = "ID")]
    keys: Vec<String>,
    /// When they expire: `2030-12-31`, `2030-12-31T12:00:00Z`, `never`
    #[arg(long, value_name = "DATE", value_parser = date)]
    until: Option<String>,
    /// How long from now they live: `2y`, `18m`, `90d`; if missing, as the subkeys were made to
    #[arg(long = "for", value_name = "SPAN", value_parser = span, conflicts_with = "until")]
    lasting: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  gpgsmith keys renew
  gpgsmith keys renew --for 1y 0x33DC8F1EEE57B934
  gpgsmith keys renew --until 2030-12-31 --yes";

pub(crate) fn run(args: &Args, cx: &Context<'_>) -> Ended {
    let expiry = args.until.as_ref().or(args.lasting.as_ref()).cloned();
    let renewed = cx.run(&RenewKeys { target: cx.target(), keys: args.keys.clone(), expiry })?;
    cx.ui.confirm(&renewed, &view::key::renewed(&renewed))
}

/// The kernel reads it; here only a span is told from a date.
fn date(text: &str) -> Result<String, String> {
    let is_date = text.contains('-') || text == "never";
    if is_date { Ok(text.to_owned()) } else { Err("a date is written 2030-12-31".to_owned()) }
}

fn span(text: &str) -> Result<String, String> {
    let is_span = text.starts_with(|c: char| ('1'..='9').contains(&c)) && !text.contains('-');
    if is_span { Ok(text.to_owned()) } else { Err("a span is written 2y, 18m or 90d".to_owned()) }
}
