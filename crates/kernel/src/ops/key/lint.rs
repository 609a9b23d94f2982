//! What other people's programs would, or will, stumble over.

use std::collections::BTreeMap;

use gpgsmith_gpg::{
    Algorithm, Certificate, Client, Fingerprint, Key, On, Resigning, Signature, Usage, UserIdEntry,
    Validity,
};
use jiff::{SignedDuration, Timestamp};

use super::{own, secret};
use crate::{
    api::{
        ApiError,
        key::{Finding, Flaw, Lint, LintKeys},
    },
    ops::Env,
    session::{Change, Home, Session, SessionError},
};

/// Looks the master key over, and with `fix` signs anew what gpg can mend by that.
///
/// # Errors
/// There is no master key, or gpg failed; the vault is then as it was.
pub async fn lint(env: &Env<'_>, session: &Session, call: &LintKeys) -> Result<Lint, ApiError> {
    let now = env.clock.now();
    let own = own(session).await?;
    let master = own.fingerprint();
    let signatures = session.with_gpg(async |gpg| gpg.signatures(&master).await).await?;
    let findings = found(&own, &signatures, now);
    let what = cure(&own, &signatures);
    let is_fixable = |finding: &Finding| finding.flaw.is_fixable();
    if !call.fix || own.primary.validity == Validity::Revoked || !findings.iter().any(is_fixable) {
        return Ok(Lint { master_fp: master.to_string(), findings, fixed: Vec::new() });
    }
    env.unlock_keys(session).await?;
    env.progress.check()?;
    env.progress.report("signing anew");
    let left =
        session.step(async |home: &Home<'_>| sign_anew(home, (&master, &what), now).await).await?;
    let fixed = findings.into_iter().filter(|finding| !left.contains(finding)).collect();
    Ok(Lint { master_fp: master.to_string(), findings: left, fixed })
}

async fn sign_anew(
    home: &Home<'_>,
    (master, what): (&Fingerprint, &Resigning),
    now: Timestamp,
) -> Result<Change<Vec<Finding>>, ApiError> {
    let done = home.gpg().resign(master, what, secret(home)?).await;
    done.map_err(SessionError::from)?;
    let left = again(home.gpg(), master, now).await.map_err(SessionError::from)?;
    let subkeys: Vec<_> = what.subkeys.iter().map(|key| key.key_id().to_string()).collect();
    let metadata = BTreeMap::from([("key_id".to_owned(), subkeys.join(" "))]);
    Ok(Change {
        value: left,
        action: "sign-anew",
        details: format!("signed parts of {master} anew"),
        metadata: if subkeys.is_empty() { BTreeMap::new() } else { metadata },
    })
}

async fn again(
    gpg: &Client,
    master: &Fingerprint,
    now: Timestamp,
) -> Result<Vec<Finding>, gpgsmith_gpg::Error> {
    let (own, signatures) = (gpg.certificate(master).await?, gpg.signatures(master).await?);
    Ok(found(&own, &signatures, now))
}

/// All flaws, those of the whole first.
fn found(own: &Certificate, signatures: &[Signature], now: Timestamp) -> Vec<Finding> {
    let mut findings = of_the_whole(own);
    for id in own.user_ids.iter().filter(|id| is_alive(id)) {
        let word = Signature::newest_own(signatures, &On::UserId(id.text.clone()));
        findings.extend(of_a_word(word).map(|flaw| Finding { on: id.text.clone(), flaw }));
    }
    for key in own.keys().filter(|key| key.is_live()) {
        let word = Signature::newest_own(signatures, &On::Subkey(key.fingerprint));
        let mut flaws: Vec<Flaw> = of_a_kind(key.algorithm).into_iter().collect();
        if key.fingerprint != own.fingerprint() {
            flaws.extend(of_a_word(word));
            flaws.extend(of_an_end(key, now));
        }
        if key.usage.contains(Usage::Sign) && key.fingerprint != own.fingerprint() {
            flaws.extend(word.and_then(of_a_claim));
        }
        let on = key.key_id.to_string();
        findings.extend(flaws.into_iter().map(|flaw| Finding { on: on.clone(), flaw }));
    }
    findings
}

fn is_alive(id: &UserIdEntry) -> bool {
    id.validity != Validity::Revoked
}

fn of_the_whole(own: &Certificate) -> Vec<Finding> {
    let flaws = match own.primary.validity {
        Validity::Revoked => vec![Flaw::MasterRevoked],
        Validity::Expired => vec![Flaw::MasterExpired],
        _ => {
            let served = |usage| own.keys().any(|key| key.serves(usage));
            let missing = [(Usage::Sign, Flaw::NoSigning), (Usage::Encrypt, Flaw::NoEncryption)];
            missing.into_iter().filter(|(usage, _)| !served(*usage)).map(|(_, flaw)| flaw).collect()
        }
    };
    let on = own.primary.key_id.to_string();
    flaws.into_iter().map(|flaw| Finding { on: on.clone(), flaw }).collect()
}

/// Of what the master key has signed last.
fn of_a_word(word: Option<&Signature>) -> impl Iterator<Item = Flaw> {
    let weak = word.filter(|word| word.hash.is_weak());
    let aead = word.is_some_and(Signature::prefers_aead);
    let weak = weak.map(|word| Flaw::WeakHash { hash: word.hash.to_string() });
    weak.into_iter().chain(aead.then_some(Flaw::Aead))
}

/// Of a signing subkey's claim that it belongs to the master key.
fn of_a_claim(word: &Signature) -> Option<Flaw> {
    match word.cross_certified() {
        None => Some(Flaw::NotCrossCertified),
        Some(hash) if hash.is_weak() => {
            Some(Flaw::WeakCrossCertification { hash: hash.to_string() })
        }
        Some(_) => None,
    }
}

/// NIST SP 800-131A: nothing below 112 bits of strength, and no more DSA.
fn of_a_kind(algorithm: Algorithm) -> Option<Flaw> {
    let weak = match algorithm {
        Algorithm::Rsa(bits) | Algorithm::Elgamal(bits) => bits < 2048,
        Algorithm::Dsa(_) => true,
        _ => false,
    };
    weak.then(|| Flaw::WeakKey { algorithm: algorithm.to_string() })
}

/// A subkey that is lost or forgotten should end by itself.
const FAR: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

fn of_an_end(key: &Key, now: Timestamp) -> Option<Flaw> {
    match key.expires {
        None => Some(Flaw::NoExpiry),
        Some(expires) if expires.duration_since(now) > FAR => Some(Flaw::FarExpiry { expires }),
        Some(_) => None,
    }
}

/// What has to be signed anew.
fn cure(own: &Certificate, signatures: &[Signature]) -> Resigning {
    let flawed = |on: &On| of_a_word(Signature::newest_own(signatures, on)).next().is_some();
    let mut names = own.user_ids.iter().filter(|id| is_alive(id));
    let subkeys = own.subkeys.iter().filter(|key| key.is_live());
    let claims = |key: &Key| {
        let word = Signature::newest_own(signatures, &On::Subkey(key.fingerprint));
        key.usage.contains(Usage::Sign)
            && word.and_then(of_a_claim) == Some(Flaw::NotCrossCertified)
    };
    Resigning {
        user_ids: names.any(|id| flawed(&On::UserId(id.text.clone()))),
        cross_certify: subkeys.clone().any(claims),
        subkeys: subkeys
            .map(|key| key.fingerprint)
            .filter(|key| flawed(&On::Subkey(*key)))
            .collect(),
    }
}
