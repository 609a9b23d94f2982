//! Settings of this machine: `gpgsmith.yaml` beside the registry, all of them optional.

use std::{
    io,
    path::{Path, PathBuf},
};

use gpgsmith_vault::{WorkdirOptions, atomic::At as _};
use serde::Deserialize;

use super::error::Fail as _;
use crate::{
    api::{ApiError, Code, Hint},
    session::host::HostName,
};

/// Its name, in the directory of the registry.
pub const FILE_NAME: &str = "gpgsmith.yaml";

/// What a user can set for one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MachineSettings {
    /// The host name in file names and sidecars, instead of the system's.
    #[serde(default)]
    pub hostname: Option<String>,
    /// Lets a vault be opened on a disk where there is no file system in RAM.
    #[serde(default)]
    pub allow_disk_workdir: bool,
    /// The directory to open vaults in, instead of /dev/shm or the runtime directory.
    #[serde(default)]
    pub workdir: Option<PathBuf>,
}

impl MachineSettings {
    /// Reads the file beside `registry`; without one, all is default.
    ///
    /// # Errors
    /// `bad_file`: it does not parse, or names a setting that there is not.
    pub fn load(registry: &Path) -> Result<Self, ApiError> {
        let path = registry.with_file_name(FILE_NAME);
        let text = match crate::home::read_own_text(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.at("read", &path).fail(Code::Io)?,
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        crate::home::parse(&text).map_err(|error| {
            let mut failed = ApiError::chain(Code::BadFile, &error);
            failed.causes.insert(0, format!("{} does not parse", path.display()));
            failed.with_hint(Hint::advice("Mend or remove that file."))
        })
    }

    /// The host name to go by.
    ///
    /// # Errors
    /// `bad_file`: the one that is set cannot be a host name.
    pub fn host(&self) -> Result<HostName, ApiError> {
        let named = self.hostname.as_ref().map(|name| name.parse().fail(Code::BadFile));
        Ok(named.transpose()?.unwrap_or_else(HostName::of_system))
    }

    /// Where vaults are opened.
    pub fn workdir(&self) -> WorkdirOptions {
        WorkdirOptions { parent: self.workdir.clone(), allow_disk: self.allow_disk_workdir }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<MachineSettings, ApiError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        gpgsmith_vault::atomic::replace(&path, text.as_bytes(), 0o600).unwrap();
        MachineSettings::load(&dir.path().join("config.yaml"))
    }

    #[test]
    fn everything_has_a_default() {
        let dir = tempfile::tempdir().unwrap();
        let none = MachineSettings::load(&dir.path().join("config.yaml")).unwrap();
        assert_eq!(none, MachineSettings::default());
        assert_eq!(load("").unwrap(), none);
        assert_eq!(load("hostname: desk\n").unwrap().host().unwrap().as_str(), "desk");
    }

    #[test]
    fn a_setting_that_there_is_not_is_an_error() {
        assert_eq!(load("hostnam: desk\n").unwrap_err().code, Code::BadFile);
        assert_eq!(load("hostname: a/b\n").unwrap().host().unwrap_err().code, Code::BadFile);
    }
}
