//! Which vaults there are, where they are, and which master key each is trusted to hold.
//!
//! The registry is `locksmith/config.yaml` in the user's configuration directory, which other
//! programs and people edit, too. So it is locked while it is changed, replaced as a whole,
//! never overwritten when it does not parse, and edited rather than rewritten: comments, unknown
//! keys, the order of keys and `~` stay.

mod config;
mod edit;
mod error;
mod name;
mod yaml;

use std::{
    env,
    error::Error,
    ffi::OsString,
    fs::{DirBuilder, OpenOptions},
    io::{ErrorKind, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

pub use self::{
    config::{Config, Entry, LEGACY_DEFAULT_NAME},
    error::{AddError, RegistryError, ResolveError, TrustError, UpdateError},
    name::{BadVaultName, VaultName},
};
use crate::atomic::{self, At, FileLock, PathError};

/// Largest registry that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Where the registry is for this user; `None` when the environment does not say.
///
/// `$XDG_CONFIG_HOME/locksmith/config.yaml`, else `~/.config/locksmith/config.yaml`; on macOS
/// `~/Library/Application Support/locksmith/config.yaml`.
pub fn default_config_path() -> Option<PathBuf> {
    config_dir(|name| env::var_os(name), cfg!(target_os = "macos"))
        .map(|dir| dir.join("locksmith/config.yaml"))
}

fn config_dir(variable: impl Fn(&str) -> Option<OsString>, is_macos: bool) -> Option<PathBuf> {
    let path = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if is_macos {
        return path("HOME").map(|home| home.join("Library/Application Support"));
    }
    path("XDG_CONFIG_HOME").or_else(|| path("HOME").map(|home| home.join(".config")))
}

/// The registry in one file, which need not exist yet. Nothing is kept between calls.
#[derive(Clone, Debug)]
pub struct Registry {
    path: PathBuf,
}

impl Registry {
    /// The registry at `path`; see [`default_config_path`].
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says; nothing, when there is no file.
    ///
    /// # Errors
    /// When it can't be read or does not parse.
    pub fn load(&self) -> Result<Config, RegistryError> {
        let text = read(&self.path)?;
        yaml::parse(text.as_deref().unwrap_or_default(), &self.path)
    }

    /// Lets `change` work on what it says now, and saves that, while no other process can.
    ///
    /// # Errors
    /// Those of `change`; when the file can't be read, does not parse or can't be written. It is
    /// as it was.
    pub fn update<T, E: Error + 'static>(
        &self,
        change: impl FnOnce(&mut Config) -> Result<T, E>,
    ) -> Result<T, UpdateError<E>> {
        let path = self.resolved();
        let _lock = lock(&path).map_err(RegistryError::from)?;
        let text = read(&path)?.unwrap_or_default();
        let old = yaml::parse(&text, &path)?;
        let mut new = old.clone();
        let done = change(&mut new).map_err(UpdateError::Change)?;
        if new != old {
            let text = rewritten(&text, &old, &new, &path);
            atomic::replace(&path, text.as_bytes(), 0o600).map_err(RegistryError::from)?;
        }
        Ok(done)
    }

    /// The file itself where the path is a symbolic link, which stays one.
    fn resolved(&self) -> PathBuf {
        self.path.canonicalize().unwrap_or_else(|_missing| self.path.clone())
    }
}

/// Locks a file beside `path`, whose directory is made where it is missing.
fn lock(path: &Path) -> Result<FileLock, PathError> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create", dir)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    FileLock::acquire(&dir.join(name))
}

/// The text edited where its form is understood, else written anew.
fn rewritten(text: &str, old: &Config, new: &Config, path: &Path) -> String {
    let says_new = |edited: &String| {
        yaml::parse(edited, path).is_ok_and(|read| read.without_blanks() == new.without_blanks())
    };
    let edited = || edit::edited(text, old, new).filter(says_new);
    let is_blank = text.trim().is_empty();
    (!is_blank).then(edited).flatten().unwrap_or_else(|| {
        if !is_blank {
            tracing::warn!(path = %path.display(), "comments in the registry were lost");
        }
        yaml::render(new)
    })
}

/// `None` when there is no file.
fn read(path: &Path) -> Result<Option<String>, RegistryError> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    let file = match opened {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.at("open", path)?,
    };
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).at("read", path)?;
    if bytes.len() as u64 > LARGEST {
        return Err(RegistryError::TooBig { path: path.to_owned(), allowed: LARGEST });
    }
    String::from_utf8(bytes).map(Some).map_err(|error| yaml::not_utf8(&error, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(variables: &[(&str, &str)], is_macos: bool) -> Option<PathBuf> {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name);
        config_dir(|name| find(name).map(|(_, value)| (*value).into()), is_macos)
    }

    #[test]
    fn the_directory_is_that_of_the_go_program() {
        let (home, xdg) = (("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/cfg"));
        assert_eq!(dir(&[home, xdg], false), Some("/cfg".into()));
        assert_eq!(dir(&[home], false), Some("/home/ann/.config".into()));
        assert_eq!(dir(&[home, ("XDG_CONFIG_HOME", "")], false), Some("/home/ann/.config".into()));
        let support = "/home/ann/Library/Application Support";
        assert_eq!(dir(&[home, xdg], true), Some(support.into()));
        assert_eq!(dir(&[], false), None);
    }
}
