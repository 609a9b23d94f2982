use std::{fs::OpenOptions, io::Read as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use gpgsmith_gpg::{Care, Certificate, Certification, Expiry, Fingerprint, UserId, Validity};
use gpgsmith_vault::atomic::At as _;

use super::{live, secret};
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{CertifiedKey, CertifyKey, Level},
    },
    ops::{Env, error::Fail as _, listing, metadata},
    session::{Change, Home, Session, SessionError},
};

/// Larger than any key that is not an attack, in bytes.
const LARGEST: u64 = 16 << 20;

/// Somebody else's key: from a file, or from the vault.
#[derive(Debug)]
struct Theirs {
    certificate: Certificate,
    /// What has to be imported first.
    text: Option<Vec<u8>>,
}

/// Signs somebody else's key, after showing whose it is, and exports it with the new signatures.
///
/// # Errors
/// There is no such key, the user said no, or gpg failed; the vault is then as it was.
pub async fn certify(
    env: &Env<'_>,
    session: &Session,
    call: &CertifyKey,
) -> Result<CertifiedKey, ApiError> {
    let by = live(session).await?.fingerprint();
    let expiry: Expiry = call.expiry.as_deref().unwrap_or("0").parse().bad_request()?;
    let theirs = theirs(session, call).await?;
    let key = theirs.certificate.fingerprint();
    if key == by {
        let text = "that is the vault's own master key, which certifies itself already";
        return Err(ApiError::new(Code::BadRequest, text));
    }
    must_stand(&theirs.certificate)?;
    let user_ids = names(&theirs.certificate, &call.identities)?;
    let about = About::Certify {
        key: Box::new(listing::certificate(&theirs.certificate)),
        identities: user_ids.iter().map(ToString::to_string).collect(),
        level: call.level,
        expiry: expiry.to_string(),
        local: call.local,
    };
    env.confirm(about, "--yes").await?;
    env.unlock_keys(session).await?;
    let care = care(call.level);
    let what = Certification { key, user_ids, care, expiry, exportable: !call.local };
    let work = async |home: &Home<'_>| sign(home, (&by, &what), theirs.text.as_deref()).await;
    let armored = session.step(work).await?;
    Ok(CertifiedKey {
        fingerprint: key.to_string(),
        master_fp: by.to_string(),
        identities: what.user_ids.iter().map(ToString::to_string).collect(),
        armored: armored.filter(|_| !call.local),
    })
}

fn care(level: Level) -> Care {
    match level {
        Level::Unsaid => Care::Unsaid,
        Level::None => Care::None,
        Level::Casual => Care::Casual,
        Level::Thorough => Care::Thorough,
    }
}

async fn theirs(session: &Session, call: &CertifyKey) -> Result<Theirs, ApiError> {
    let wanted = call.fingerprint.as_ref().map(|text| {
        let compact: String = text.split_whitespace().collect();
        compact.trim_start_matches("0x").parse::<Fingerprint>()
    });
    let wanted = wanted.transpose().bad_request()?;
    let (text, mut found, place) = if let Some(file) = &call.file {
        let text = read(file)?;
        let found = session.with_gpg(async |gpg| gpg.preview(&text).await).await;
        let found = found.map_err(|error| no_key(file, &error))?;
        (Some(text), found, file.display().to_string())
    } else {
        let found = session.with_gpg(async |gpg| gpg.check_self_signatures().await).await?;
        (None, found, format!("the vault {}", session.vault_name()))
    };
    match (wanted, found.len()) {
        (None, 1) if text.is_some() => {}
        (None, number) if text.is_some() => {
            let text = format!("{place} holds {number} keys; a file with the one key is needed");
            return Err(ApiError::new(Code::BadRequest, text));
        }
        // The whole text would be imported.
        (Some(wanted), 2..) if text.is_some() => {
            let text = format!("{place} holds other keys besides {wanted}");
            return Err(ApiError::new(Code::BadRequest, text));
        }
        (wanted, _) => found.retain(|certificate| Some(certificate.fingerprint()) == wanted),
    }
    let certificate = found.into_iter().next().ok_or_else(|| {
        let wanted = call.fingerprint.as_deref().unwrap_or_default();
        let text = format!("there is no key {wanted} in {place}");
        let hint = Hint::run("Give a file with the key.", "keys certify", &["FILE"]);
        ApiError::new(Code::BadRequest, text).with_hint(hint)
    })?;
    Ok(Theirs { certificate, text })
}

fn no_key(file: &Path, error: &SessionError) -> ApiError {
    let mut refusal = ApiError::chain(Code::BadRequest, error);
    refusal.causes.insert(0, format!("there is no public key in {}", file.display()));
    refusal
}

fn read(file: &Path) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(file);
    let opened = opened.at("read", file).fail(Code::Io)?;
    let size = opened.metadata().at("read", file).fail(Code::Io)?.len();
    opened.take(LARGEST + 1).read_to_end(&mut text).at("read", file).fail(Code::Io)?;
    if text.len() as u64 <= LARGEST {
        return Ok(text);
    }
    // A pipe has no size.
    let size = size.max(text.len() as u64);
    let text = format!("{} has {size} bytes, and no key has over {LARGEST}", file.display());
    let hint = Hint::advice(
        "Export that one key to a file of its own: `gpg --armor --export FINGERPRINT >FILE`.",
    );
    Err(ApiError::new(Code::BadRequest, text).with_hint(hint))
}

/// What its owner has ended is not to be vouched for, and gpg does not.
fn must_stand(certificate: &Certificate) -> Result<(), ApiError> {
    let ended = match certificate.primary.validity {
        Validity::Revoked => "is revoked",
        Validity::Expired => "has expired",
        _ => return Ok(()),
    };
    let text = format!("key {} {ended}", certificate.fingerprint());
    let hint = Hint::advice("Ask its owner for the key as it is now.");
    Err(ApiError::new(Code::BadRequest, text).with_hint(hint))
}

/// The identities to be certified: all that their owner stands by, or those that are named.
fn names(certificate: &Certificate, wanted: &[String]) -> Result<Vec<UserId>, ApiError> {
    let bound = certificate.user_ids.iter().filter(|id| id.is_bound());
    let fit: Vec<UserId> = bound.filter_map(|id| id.text.parse().ok()).collect();
    let key = certificate.fingerprint();
    if let Some(unknown) =
        wanted.iter().find(|text| fit.iter().all(|id| id.as_str() != text.as_str()))
    {
        let text = format!("key {key} has no identity {unknown:?} that could be certified");
        return Err(ApiError::new(Code::BadRequest, text));
    }
    let chosen = |id: &UserId| wanted.is_empty() || wanted.iter().any(|text| text == id.as_str());
    let chosen: Vec<UserId> = fit.into_iter().filter(chosen).collect();
    if chosen.is_empty() {
        let text = format!("key {key} has no identity that could be certified");
        return Err(ApiError::new(Code::BadRequest, text));
    }
    Ok(chosen)
}

async fn sign(
    home: &Home<'_>,
    (by, what): (&Fingerprint, &Certification),
    text: Option<&[u8]>,
) -> Result<Change<Option<String>>, ApiError> {
    if let Some(text) = text {
        home.gpg().import_public(text).await.map_err(SessionError::from)?;
    }
    let made = home.gpg().certify(by, what, secret(home)?).await.map_err(SessionError::from)?;
    let armored = home.gpg().export_public(&what.key).await.map_err(SessionError::from)?;
    let names: Vec<_> = what.user_ids.iter().map(ToString::to_string).collect();
    let pairs = [
        ("fingerprint", what.key.to_string()),
        ("identities", names.join(", ")),
        ("expires", what.expiry.to_string()),
        ("local", (!what.exportable).to_string()),
    ];
    Ok(Change {
        value: Some(String::from_utf8_lossy(&armored).into_owned()),
        action: "certify-key",
        details: format!("certified {} of key {}", made.len(), what.key),
        metadata: metadata(pairs),
    })
}
