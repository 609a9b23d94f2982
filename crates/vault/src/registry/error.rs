use std::{error::Error, path::PathBuf};

use super::BadVaultName;
use crate::atomic::{PathError, Printable};

/// Why the registry can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The system refused.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Not YAML, not UTF-8, or not of the form of a registry. It was not changed.
    #[error("{} is not a registry of vaults at line {line}, column {column}", Printable(.path))]
    Syntax {
        /// The registry.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// Counted from 1, in characters.
        column: u64,
        /// What the parser said, without quoting the file.
        source: Box<dyn Error + Send + Sync>,
    },
    /// More than any registry needs.
    #[error("{} has more than {allowed} bytes", Printable(.path))]
    TooBig {
        /// The registry.
        path: PathBuf,
        /// The limit.
        allowed: u64,
    },
}

/// Why an update of the registry did not happen.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError<E: Error + 'static> {
    /// The file is at fault.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The change was not to be made.
    #[error(transparent)]
    Change(E),
}

/// Why no vault is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// No name was given, and the registry has no default.
    #[error("no vault is configured as the default")]
    NoDefault,
    /// No vault has this name.
    #[error("there is no vault {name:?}")]
    Unknown {
        /// As given, or the registry's default.
        name: String,
    },
}

/// Why a vault can't be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// The name is not one for a new vault.
    #[error(transparent)]
    Name(#[from] BadVaultName),
    /// Another one has it; `default` is taken where the registry has the old form, too.
    #[error("there is a vault {name:?} already")]
    Taken {
        /// As given.
        name: String,
    },
    /// The entry does not say where the vault is.
    #[error("the vault {name:?} has no path")]
    NoPath {
        /// As given.
        name: String,
    },
}

/// Why a trust anchor can't be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// There is no such vault.
    #[error(transparent)]
    Vault(#[from] ResolveError),
    /// It is no fingerprint.
    #[error("{text:?} is not a fingerprint, which has 40 hex digits")]
    Fingerprint {
        /// As given.
        text: String,
    },
}
