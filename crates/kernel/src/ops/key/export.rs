use super::master;
use crate::{
    api::{ApiError, Code, Hint, key::ExportedKeys},
    session::Session,
};

/// Exports the public key; with `into`, also imports it there.
///
/// # Errors
/// There is no master key, `into` is no directory, or gpg failed.
pub async fn export(
    session: &Session,
    into: Option<std::path::PathBuf>,
) -> Result<ExportedKeys, ApiError> {
    let master = master(session)?;
    if let Some(dir) = into.as_ref().filter(|dir| !dir.is_dir()) {
        let text = format!("{} is not a directory", dir.display());
        let hint = Hint::run(
            "Run gpg once to make it, or write a file.",
            "keys export",
            &["--output", "key.asc"],
        );
        return Err(ApiError::new(Code::BadRequest, text).with_hint(hint));
    }
    let armored = session
        .with_gpg(async |gpg| {
            let armored = gpg.export_public(&master).await?;
            if let Some(dir) = &into {
                gpg.import_public_into(dir, &armored).await?;
            }
            Ok(armored)
        })
        .await?;
    let armored = String::from_utf8_lossy(&armored).into_owned();
    Ok(ExportedKeys { master_fp: master.to_string(), armored, imported_into: into })
}
