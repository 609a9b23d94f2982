//! The gpg program that is to be used, and what belongs to it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::error::ToolError;
use crate::tool::Call;

/// A gpg that was found and asked for its version, with its gpgconf and gpg-agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    gpg: PathBuf,
    gpgconf: PathBuf,
    agent: PathBuf,
    version: Version,
}

/// The three numbers of a GnuPG release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub struct Version {
    pub major: u16,
    pub minor: u16,
    pub patch: u16,
}

impl Version {
    /// The oldest that this crate drives.
    pub const OLDEST: Self = Self { major: 2, minor: 2, patch: 0 };
    /// From here on gpg reads `common.conf` and may offer OCB.
    pub(crate) const COMMON_CONF: Self = Self { major: 2, minor: 3, patch: 0 };
}

/// Enough for a machine that is busy; these programs answer in milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

impl Program {
    /// Finds `gpg` in `PATH`, or the given name there, or takes the given path; then its siblings.
    ///
    /// gpgconf is looked for beside gpg and then in `PATH`; it knows where its gpg-agent is.
    ///
    /// # Errors
    ///
    /// [`ToolError::NotFound`] for whichever of the three is missing; [`ToolError::TooOld`].
    pub async fn find(name_or_path: Option<&Path>) -> Result<Self, ToolError> {
        let gpg = locate(name_or_path.unwrap_or(Path::new("gpg")))?;
        let version = ask_version(&gpg).await?;
        if version < Version::OLDEST {
            return Err(ToolError::TooOld { program: gpg, found: version });
        }
        let gpgconf = sibling(&gpg, "gpgconf")?;
        let bin = list_dirs(&gpgconf, None, "bindir").await?;
        let agent = existing(bin.join("gpg-agent"))?;
        Ok(Self { gpg, gpgconf, agent, version })
    }

    /// The gpg program.
    pub fn path(&self) -> &Path {
        &self.gpg
    }

    /// What `gpg --version` says.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The gpg-agent of the same installation.
    pub fn agent(&self) -> &Path {
        &self.agent
    }

    /// The gpgconf of the same installation.
    pub(crate) fn gpgconf(&self) -> &Path {
        &self.gpgconf
    }

    /// Where programs of the installation look for the agent of this home: below `/run/user` when
    /// there is a directory for this user, else in the home. gpgconf makes the directory by asking.
    pub(crate) async fn socket(&self, home: &Path) -> Result<PathBuf, ToolError> {
        list_dirs(&self.gpgconf, Some(home), "agent-socket").await
    }

    /// Removes the directory below `/run/user` that this home's sockets were in, where there is
    /// one: after a crash, or after a gpg that no [`Client`](crate::Client) ran.
    ///
    /// The home itself need not exist any more. An agent that still runs loses its socket.
    ///
    /// # Errors
    ///
    /// gpgconf fails.
    pub async fn cleanup_socket_dir(&self, home: &Path) -> Result<(), ToolError> {
        if list_dirs(&self.gpgconf, Some(home), "socketdir").await? == home {
            return Ok(());
        }
        let call = Call::new(&self.gpgconf, Path::new("/"), PATIENCE).homedir(home);
        call.args(["--remove-socketdir"]).run().await.map(drop)
    }
}

fn locate(name: &Path) -> Result<PathBuf, ToolError> {
    if name.components().count() > 1 {
        return existing(name.to_owned());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| is_program(file));
    found.ok_or_else(|| ToolError::NotFound { program: name.to_owned() })
}

fn existing(file: PathBuf) -> Result<PathBuf, ToolError> {
    if !is_program(&file) {
        return Err(ToolError::NotFound { program: file });
    }
    std::path::absolute(&file).map_err(|source| ToolError::Start { program: file, source })
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn sibling(program: &Path, name: &str) -> Result<PathBuf, ToolError> {
    let beside = program.with_file_name(name);
    if is_program(&beside) { Ok(beside) } else { locate(Path::new(name)) }
}

async fn ask_version(gpg: &Path) -> Result<Version, ToolError> {
    let call = Call::new(gpg, Path::new("/"), PATIENCE).args(["--no-options", "--version"]);
    let output = call.run().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next().unwrap_or_default();
    let unclear = || ToolError::NoVersion { program: gpg.to_owned(), found: first.to_owned() };
    let number =
        first.split_once("(GnuPG").and_then(|(_, rest)| rest.split_whitespace().next_back());
    number.and_then(|text| text.parse().ok()).ok_or_else(unclear)
}

/// One line of `gpgconf --list-dirs`, where only `%`, `:` and control characters are escaped.
async fn list_dirs(gpgconf: &Path, home: Option<&Path>, name: &str) -> Result<PathBuf, ToolError> {
    let mut call = Call::new(gpgconf, Path::new("/"), PATIENCE);
    if let Some(home) = home {
        call = call.homedir(home);
    }
    let output = call.args(["--list-dirs", name]).run().await?;
    let line = output.stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(path_of(&crate::assuan::unescape(line)))
}

fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A text that is no version, such as `2.2`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version with three numbers")]
pub struct BadVersion(pub String);

impl FromStr for Version {
    type Err = BadVersion;

    /// What follows the third number, as in `2.4.5-unknown`, is passed over.
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let mut parts = text.splitn(3, '.').map(|part| {
            let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..digits).and_then(|number| number.parse().ok())
        });
        let mut next = || parts.next().flatten();
        match (next(), next(), next()) {
            (Some(major), Some(minor), Some(patch)) => Ok(Self { major, minor, patch }),
            _ => Err(BadVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_what_distributions_print() {
        let version = |text: &str| text.parse::<Version>().map(|version| version.to_string());
        assert_eq!(version("2.2.40").unwrap(), "2.2.40");
        assert_eq!(version("2.4.5-unknown").unwrap(), "2.4.5");
        assert_eq!(version("2.5.0-beta61").unwrap(), "2.5.0");
        for bad in ["", "2", "2.2", "two.two.two", "2..2"] {
            assert!(version(bad).is_err(), "{bad}");
        }
        assert!("2.10.0".parse::<Version>().unwrap() > "2.9.9".parse().unwrap());
    }
}
