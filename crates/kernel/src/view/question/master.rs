//! Questions about what the master key alone does.

use super::{Prompt, visible, yes_or_no};
use crate::{
    api::key::{Certificate, Level},
    view::key::grouped,
};

pub(super) fn certify(
    key: &Certificate,
    identities: &[String],
    (level, expiry, local): (Level, &str, bool),
) -> Prompt {
    let mut text = vec![
        "This signs, with your master key, the key".to_owned(),
        format!("  {}", grouped(&key.primary.fingerprint)),
        "as that of".to_owned(),
    ];
    text.extend(identities.iter().map(|name| format!("  {}", visible(name))));
    let others = key.identities.iter().filter(|id| !identities.contains(&id.uid));
    text.extend(others.map(|id| format!("  but not of {}", visible(&id.uid))));
    let level = match level {
        Level::Unsaid => "It does not say how well you checked that",
        Level::None => "It says that you did not check that",
        Level::Casual => "It says that you checked that a little",
        Level::Thorough => "It says that you checked that thoroughly",
    };
    let ends = match expiry {
        "0" => "does not expire".to_owned(),
        expiry => format!("expires {}", visible(expiry)),
    };
    let reach = if local { "is for this vault only" } else { "is for all who see it" };
    text.push(format!("{level}, {ends}, and {reach}."));
    text.push("Compare the fingerprint with what its owner tells you, by another way.".to_owned());
    yes_or_no(text, "Sign it?")
}
