//! Which of the imported keys is the master.

use gpgsmith_gpg::{Certificate, Fingerprint, Secret};

use crate::{
    api::{
        ApiError, Code,
        event::{About, Answer, Candidate},
        transfer::ImportVault,
    },
    home::settings::Settings,
    ops::Env,
};

/// W-24: the master key is found among the primary keys; what `gpgsmith.yaml` names counts only if
/// it is one of them.
pub(super) async fn choose_master(
    env: &Env<'_>,
    own: &[Certificate],
    (call, settings): (&ImportVault, &Settings),
) -> Result<Fingerprint, ApiError> {
    let find = |wanted: &str| own.iter().map(Certificate::fingerprint).find(|f| is(f, wanted));
    if let Some(wanted) = &call.master {
        return find(wanted).ok_or_else(|| no_such_master(wanted));
    }
    if let Some(named) = settings.master().and_then(|named| find(&named.to_string())) {
        return Ok(named);
    }
    if let [only] = own {
        return Ok(only.fingerprint());
    }
    let candidates: Vec<Candidate> = own.iter().map(candidate).collect();
    let about = About::ChooseMaster { candidates };
    match env.asker.ask(about, "--master").await? {
        Answer::Text(text) => {
            let number = text.trim().parse::<usize>().ok();
            let by_number = number.and_then(|number| own.get(number.checked_sub(1)?));
            let chosen = by_number.map(Certificate::fingerprint).or_else(|| find(&text));
            chosen.ok_or_else(|| no_such_master(&text))
        }
        _ => Err(ApiError::new(Code::Declined, "no master key was chosen; nothing has changed")),
    }
}

/// Fingerprints may be typed in groups and in any case.
pub(super) fn is(fingerprint: &Fingerprint, text: &str) -> bool {
    let compact: String = text.split_whitespace().collect();
    fingerprint.to_string().eq_ignore_ascii_case(compact.trim_start_matches("0x"))
}

fn no_such_master(wanted: &str) -> ApiError {
    let text = format!("{:?} is none of the primary keys to be imported", wanted.trim());
    ApiError::new(Code::BadRequest, text)
}

fn candidate(certificate: &Certificate) -> Candidate {
    Candidate {
        fingerprint: certificate.fingerprint().to_string(),
        identities: certificate.user_ids.iter().map(|id| id.text.clone()).collect(),
        created: certificate.primary.created,
        secret: certificate.primary.secret == Secret::Present,
    }
}
