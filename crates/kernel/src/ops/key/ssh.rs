use gpgsmith_gpg::{Certificate, Key, Usage};

use super::{live, pick};
use crate::{
    api::{ApiError, Code, Hint, key::SshLine},
    session::Session,
};

/// The line for ssh of the key that `name` names, else of the newest live one that may
/// authenticate (W-54).
///
/// # Errors
/// There is no such key, or it may not authenticate.
pub async fn ssh_public_key(session: &Session, name: Option<&str>) -> Result<SshLine, ApiError> {
    let own = live(session).await?;
    let fit = fit(&own);
    let key = match name {
        Some(name) => pick::one(&own, name)?,
        None => fit.first().copied().ok_or_else(|| none(session))?,
    };
    let key = key.fingerprint;
    let ssh = session.with_gpg(async |gpg| gpg.ssh_key(&key).await).await?;
    let others = fit.iter().filter(|other| other.fingerprint != key);
    Ok(SshLine {
        key_id: ssh.key.key_id().to_string(),
        fingerprint: ssh.key.to_string(),
        line: ssh.line,
        others: others.map(|other| other.key_id.to_string()).collect(),
    })
}

/// The live keys that may authenticate, newest first.
fn fit(own: &Certificate) -> Vec<&Key> {
    let mut fit: Vec<_> = own.keys().filter(|key| key.serves(Usage::Authenticate)).collect();
    fit.sort_by_key(|key| std::cmp::Reverse(key.created));
    fit
}

fn none(session: &Session) -> ApiError {
    let text = format!("the vault {} has no live key to log in with", session.vault_name());
    let hint = Hint::run("Make one.", "keys generate", &["--usage", "auth"]);
    ApiError::new(Code::BadRequest, text).with_hint(hint)
}
