use std::path::{Path, PathBuf};

use gpgsmith_gpg::{Certificate, Client, Error as GpgError};
use gpgsmith_vault::atomic;
use secrecy::ExposeSecret as _;

use super::own;
use crate::{
    api::{
        ApiError, Code, Hint,
        event::About,
        key::{ExportKeys, ExportedKeys, ExportedSubkeys},
    },
    ops::{Env, error::Fail as _},
    session::Session,
};

/// Exports the public key; with `into`, also imports it there, with placeholders for keys on
/// cards, and says there that it is the user's own.
///
/// # Errors
/// There is no master key, `into` is no directory, or gpg failed.
pub async fn export(session: &Session, call: ExportKeys) -> Result<ExportedKeys, ApiError> {
    let own = own(session).await?;
    let master = own.fingerprint();
    if let Some(dir) = call.into.as_ref().filter(|dir| !dir.is_dir()) {
        let text = format!("{} is not a directory", dir.display());
        let hint = Hint::run(
            "Run gpg once to make it, or write a file.",
            "keys export",
            &["--output", "key.asc"],
        );
        return Err(ApiError::new(Code::BadRequest, text).with_hint(hint));
    }
    let (armored, on_cards) = session
        .with_gpg(async |gpg| {
            let armored = if call.minimal {
                gpg.export_minimal(&master).await?
            } else {
                gpg.export_public(&master).await?
            };
            let on_cards = match &call.into {
                Some(dir) => settle(gpg, &own, (dir, &armored)).await?,
                None => Vec::new(),
            };
            Ok((armored, on_cards))
        })
        .await?;
    Ok(ExportedKeys {
        master_fp: master.to_string(),
        armored: String::from_utf8_lossy(&armored).into_owned(),
        imported_into: call.into,
        on_cards,
    })
}

/// Makes a key at home in the user's own GNUPGHOME.
async fn settle(
    gpg: &Client,
    own: &Certificate,
    (dir, armored): (&Path, &[u8]),
) -> Result<Vec<String>, GpgError> {
    gpg.import_public_into(dir, armored).await?;
    gpg.trust_ultimately_in(dir, &own.fingerprint()).await?;
    let stubs = gpg.copy_stubs_into(dir, own)?;
    Ok(stubs.iter().map(|key| key.key_id().to_string()).collect())
}

/// Writes the secret subkeys to a new file that only its owner can read.
///
/// # Errors
/// The file is there or cannot be written, no secret subkey is in the vault, the user said no, or
/// gpg failed.
pub async fn export_secret_subkeys(
    env: &Env<'_>,
    session: &Session,
    file: PathBuf,
) -> Result<ExportedSubkeys, ApiError> {
    let master = super::master(session)?;
    if file.symlink_metadata().is_ok() {
        let text = format!("{} is there already", file.display());
        let hint = Hint::advice("remove it, or name another file");
        return Err(ApiError::new(Code::Exists, text).with_hint(hint));
    }
    env.confirm(About::ExportSecrets { file: file.display().to_string() }, "--yes").await?;
    env.unlock_keys(session).await?;
    let Some(passphrase) = session.key_passphrase() else {
        return Err(ApiError::new(
            Code::NeedsPassphrase,
            "the passphrase of the keys is not known",
        ));
    };
    env.progress.report("exporting the secret subkeys");
    let export = async |gpg: &Client| gpg.export_secret_subkeys(&master, &passphrase).await;
    let secrets = session.with_gpg(export).await?;
    let text = secrets.armored.expose_secret().as_bytes();
    atomic::create_new(&file, text, 0o600).fail(Code::Io)?;
    Ok(ExportedSubkeys {
        master_fp: master.to_string(),
        keys: secrets.keys.iter().map(|key| key.key_id().to_string()).collect(),
        file,
    })
}
