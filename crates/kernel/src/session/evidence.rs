//! What a home says about its master key, gathered from key material.

use std::path::Path;

use gpgsmith_gpg::{Certificate, Fingerprint, Key, Secret, SecretState, SelfSignature};

use super::{
    SessionError,
    keyring::Keyring,
    trust::{Evidence, Primary},
};
use crate::home::settings::Settings;

/// Gathers what [`Evidence::judge`] decides by: a listing alone is no proof (a key file of
/// garbage is listed as present, a tampered user ID as valid), so the agent is asked for the
/// secret part, and the self-signatures are verified.
pub(super) async fn gather(
    gpg: &Keyring,
    home: &Path,
    anchor: Option<&str>,
    local_secrets: Option<&[String]>,
) -> Result<Evidence, SessionError> {
    let certificates = gpg.check_self_signatures().await?;
    let mut primaries = Vec::new();
    let mut had_master_secret = false;
    for certificate in certificates.iter().filter(|certificate| is_sound(certificate)) {
        let key = &certificate.primary;
        let stub = match key.secret {
            Secret::Absent => continue,
            Secret::Present => !is_here(&gpg.secret_of(key).await?),
            Secret::Stub | Secret::Card(_) => true,
        };
        had_master_secret |= stub && !was_stub(key, local_secrets);
        primaries.push(Primary { fingerprint: key.fingerprint, stub });
    }
    let named = Settings::load(home)?.master_fp;
    Ok(Evidence { primaries, named, anchor: anchor.map(str::to_owned), had_master_secret })
}

/// Whether the lineage says that the secret part was not here before either; without a lineage
/// nothing says so.
fn was_stub(key: &Key, local_secrets: Option<&[String]>) -> bool {
    let grip = key.keygrip.map(|grip| grip.to_string());
    grip.is_some_and(|grip| local_secrets.is_some_and(|local| !local.contains(&grip)))
}

/// At least one user ID is bound by a signature that verifies, and nothing by one that does not:
/// a listing would show a name that somebody else wrote as one of the user's own.
fn is_sound(certificate: &Certificate) -> bool {
    let user_ids = certificate.user_ids.iter().map(|id| id.self_signature);
    let mut all = user_ids.clone().chain(certificate.subkeys.iter().map(|key| key.binding));
    user_ids.clone().any(|verdict| verdict == SelfSignature::Good)
        && !all.any(|verdict| verdict == SelfSignature::Bad)
}

fn is_here(state: &SecretState) -> bool {
    matches!(state, SecretState::Protected | SecretState::Clear)
}

/// The master key: what `gpgsmith.yaml` names, if it is among the certificates.
pub(super) fn master(home: &Path, certificates: &[Certificate]) -> Option<Fingerprint> {
    let named = Settings::load(home).ok()?.master()?;
    certificates.iter().any(|certificate| certificate.fingerprint() == named).then_some(named)
}
