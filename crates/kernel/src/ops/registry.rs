//! The registry as workflows use it: what fails says what to do.

use std::error::Error;

use gpgsmith_gpg::Fingerprint;
use gpgsmith_vault::registry::{Config, RegistryError, UpdateError};

use super::Env;
use crate::{
    api::{ApiError, Code, Hint},
    session::path_code,
};

impl Env<'_> {
    /// What it says.
    pub(super) fn config(&self) -> Result<Config, ApiError> {
        self.registry.load().map_err(|error| failed(&error))
    }

    /// Changes it; what `change` itself refuses has this code.
    pub(super) fn change<T, E: Error + 'static>(
        &self,
        code: Code,
        change: impl FnOnce(&mut Config) -> Result<T, E>,
    ) -> Result<T, ApiError> {
        self.registry.update(change).map_err(|error| match error {
            UpdateError::Registry(error) => failed(&error),
            UpdateError::Change(error) => ApiError::chain(code, &error),
        })
    }

    /// Records the trust anchor of a vault that has none yet.
    pub(super) fn record_anchor(&self, vault: &str, master: Fingerprint) -> Result<(), ApiError> {
        let text = master.to_string();
        self.change(Code::BadFile, |config| config.trust(vault, Some(&text)))
    }

    /// The same after a seal, which is done whatever becomes of this: where it fails, the next
    /// open is the first use.
    pub(super) fn note_anchor(&self, vault: &str, master: Option<Fingerprint>) {
        let recorded = master.map(|master| self.record_anchor(vault, master));
        if let Some(Err(error)) = recorded {
            tracing::warn!(vault, %error, "the trust anchor is recorded at the next open");
        }
    }
}

fn failed(error: &RegistryError) -> ApiError {
    let (code, path) = match error {
        RegistryError::Path(error) => {
            let code = path_code(error);
            let advice = match code {
                Code::NoSpace => "Free space on its disk, then try again; the registry is whole.",
                _ => "Make it readable and writable, then try again; the registry is whole.",
            };
            return ApiError::chain(code, error).with_hint(Hint::advice(advice));
        }
        RegistryError::Syntax { path, .. } | RegistryError::TooBig { path, .. } => {
            (Code::BadFile, path.display())
        }
    };
    let advice = format!("Mend {path}; it was not changed.");
    ApiError::chain(code, error).with_hint(Hint::advice(advice))
}
