//! Questions about what the master key alone does.

use super::{
    Answers, Prompt,
    key::{IN_DOUBT, words},
    visible, yes_or_no,
};
use crate::{
    api::key::{Certificate, Key, Level, Reason},
    view::key::{grouped, named},
};

pub(super) fn revoke(key: &Certificate, (why, message): (Reason, &str)) -> Prompt {
    let mut text = vec![
        "This revokes the master key".to_owned(),
        format!("  {}", grouped(&key.primary.fingerprint)),
        format!("for good{}. It ends for", words(why, message)),
    ];
    let names = key.identities.iter().filter(|identity| identity.validity != "r");
    text.extend(names.map(|identity| format!("  {}", visible(&identity.uid))));
    let subkeys: Vec<&Key> = key.subkeys.iter().filter(|key| key.validity != "r").collect();
    if !subkeys.is_empty() {
        text.push("and takes along".to_owned());
        text.extend(subkeys.iter().map(|key| format!("  {}", named(key))));
    }
    text.push(
        "Nobody will believe what you sign, encrypt to you, or go by your word on other people's \
         keys. What was encrypted to you stays readable."
            .to_owned(),
    );
    let log_in = subkeys.iter().filter(|key| key.usage.contains('a'));
    let log_in: Vec<_> = log_in.map(|key| key.key_id.as_str()).collect();
    if !log_in.is_empty() {
        text.push(format!(
            "Servers that know the ssh key of {} go on letting it in, so take it away there.",
            log_in.join(", ")
        ));
    }
    if why == Reason::Compromised {
        text.push(IN_DOUBT.to_owned());
    }
    text.push(
        "Others learn of it when you publish the revoked key; nothing takes it back then. What \
         remains is to tell people, and to make a new key: `gpgsmith setup --vault-name new`."
            .to_owned(),
    );
    Prompt {
        text,
        prompt: format!("Type the key id {} to revoke it:", key.primary.key_id),
        answers: Answers::Text,
        dangerous: true,
    }
}

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
