use std::{collections::BTreeMap, io::ErrorKind};

use gpgsmith_gpg::{Certificate, Error as GpgError, Revocation, RevocationCertificate, Validity};

use super::{live, secret};
use crate::{
    api::{
        ApiError,
        key::{Reason, RevocationPaper},
    },
    ops::Env,
    session::{Change, Home, Session, SessionError},
};

/// The revocation certificate that was made along with the master key, tried on a copy of it. A
/// vault that has none gets one, as a step.
///
/// # Errors
/// There is no master key or it is revoked; what the vault keeps is no revocation of it; gpg
/// failed.
pub async fn revocation_cert(
    env: &Env<'_>,
    session: &Session,
) -> Result<RevocationPaper, ApiError> {
    let own = live(session).await?;
    let master = own.fingerprint();
    let kept = session.with_gpg(async |gpg| gpg.stored_revocation(&master).await).await;
    match kept {
        Ok(kept) => Ok(paper(&own, kept, false)),
        Err(SessionError::Gpg(GpgError::Path { source, .. }))
            if source.kind() == ErrorKind::NotFound =>
        {
            Ok(paper(&own, make(env, session, &own).await?, true))
        }
        Err(error) => Err(error.into()),
    }
}

fn paper(own: &Certificate, certificate: RevocationCertificate, made: bool) -> RevocationPaper {
    let alive = own.user_ids.iter().filter(|id| id.validity != Validity::Revoked);
    RevocationPaper {
        master_fp: own.fingerprint().to_string(),
        identities: alive.map(|id| id.text.clone()).collect(),
        reason: reason(certificate.why.reason),
        armored: certificate.armored,
        made,
    }
}

fn reason(reason: gpgsmith_gpg::Reason) -> Reason {
    match reason {
        gpgsmith_gpg::Reason::Compromised => Reason::Compromised,
        gpgsmith_gpg::Reason::Superseded => Reason::Superseded,
        gpgsmith_gpg::Reason::Retired => Reason::Retired,
        gpgsmith_gpg::Reason::Unspecified => Reason::None,
    }
}

async fn make(
    env: &Env<'_>,
    session: &Session,
    own: &Certificate,
) -> Result<RevocationCertificate, ApiError> {
    env.unlock_keys(session).await?;
    env.progress.check()?;
    env.progress.report("making the revocation certificate");
    let master = own.fingerprint();
    session
        .step(async |home: &Home<'_>| {
            let why = Revocation::default();
            let made = home.gpg().make_revocation(&master, &why, secret(home)?).await;
            let made = made.map_err(SessionError::from)?;
            home.gpg().keep_revocation(&master, &made).map_err(SessionError::from)?;
            let kept = home.gpg().stored_revocation(&master).await.map_err(SessionError::from)?;
            Ok::<_, ApiError>(Change {
                value: kept,
                action: "make-revocation-cert",
                details: format!("made a revocation certificate for {master}"),
                metadata: BTreeMap::new(),
            })
        })
        .await
}
