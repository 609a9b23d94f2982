use std::{
    collections::HashSet,
    env,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{AddError, ResolveError, TrustError, VaultName};

/// What the one vault of the registry's old form is called.
pub const LEGACY_DEFAULT_NAME: &str = "default";

/// What a registry says, in the words of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The one vault's directory in the old form, which is read as a vault named `default`.
    pub vault_dir: Option<String>,
    /// The age identity file of vaults that name none.
    pub identity: Option<String>,
    /// The gpg program for vaults that name none.
    pub gpg_binary: Option<String>,
    /// In the order of the file; where two have one name, the first counts.
    #[serde(deserialize_with = "super::yaml::list")]
    pub vaults: Vec<Entry>,
    /// The name of the vault that is meant when none is given.
    pub default: Option<String>,
}

/// One vault in the registry, in the words of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Any text: only names of new vaults are checked.
    #[serde(deserialize_with = "super::yaml::text")]
    pub name: String,
    /// The directory; may start with `~/`.
    #[serde(deserialize_with = "super::yaml::text")]
    pub path: String,
    /// The age identity file; may start with `~/`.
    pub identity: Option<String>,
    /// The gpg program.
    pub gpg_binary: Option<String>,
    /// The fingerprint of the master key that the vault is trusted to hold.
    pub trusted_master_fp: Option<String>,
}

impl Entry {
    /// The vault's directory, `~` and `~/…` expanded.
    pub fn dir(&self) -> PathBuf {
        expanded(&self.path, home().as_deref())
    }

    /// The age identity file, `~` and `~/…` expanded.
    pub fn identity_file(&self) -> Option<PathBuf> {
        present(self.identity.as_ref()).map(|text| expanded(text, home().as_deref()))
    }

    fn with_defaults_of(&self, config: &Config) -> Self {
        let or = |own: &Option<String>, top: &Option<String>| {
            present(own.as_ref()).or(present(top.as_ref())).cloned()
        };
        Self {
            identity: or(&self.identity, &config.identity),
            gpg_binary: or(&self.gpg_binary, &config.gpg_binary),
            ..self.clone()
        }
    }

    fn without_blanks(&self) -> Self {
        Self {
            identity: present(self.identity.as_ref()).cloned(),
            gpg_binary: present(self.gpg_binary.as_ref()).cloned(),
            trusted_master_fp: present(self.trusted_master_fp.as_ref()).cloned(),
            ..self.clone()
        }
    }
}

impl Config {
    /// The vault called `name`; without a name the `default` one, else the one named `default`.
    /// What its entry leaves open is filled in from the top of the file.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn resolve(&self, name: Option<&str>) -> Result<Entry, ResolveError> {
        let given = name.filter(|name| !name.is_empty());
        let wanted = given.or(present(self.default.as_ref()).map(String::as_str));
        let name = wanted.unwrap_or(LEGACY_DEFAULT_NAME);
        let entry = self.vaults.iter().find(|entry| entry.name == name);
        let legacy = || self.legacy().filter(|legacy| legacy.name == name);
        entry.map(|entry| entry.with_defaults_of(self)).or_else(legacy).ok_or_else(
            || match wanted {
                Some(name) => ResolveError::Unknown { name: name.to_owned() },
                None => ResolveError::NoDefault,
            },
        )
    }

    /// The vault of the old form.
    fn legacy(&self) -> Option<Entry> {
        let path = present(self.vault_dir.as_ref())?.clone();
        let entry = Entry { name: LEGACY_DEFAULT_NAME.to_owned(), path, ..Entry::default() };
        Some(entry.with_defaults_of(self))
    }

    /// The names that [`Config::resolve`] knows, in the order of the file.
    pub fn vault_names(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let legacy = present(self.vault_dir.as_ref()).map(|_| LEGACY_DEFAULT_NAME);
        let names = self.vaults.iter().map(|entry| entry.name.as_str()).chain(legacy);
        names.filter(|name| !name.is_empty() && seen.insert(*name)).map(str::to_owned).collect()
    }

    /// Every vault once; the one of the old form is left out where an entry has its path.
    pub fn listing(&self) -> Vec<Entry> {
        let mut seen = HashSet::new();
        let named = self.vaults.iter().filter(|e| !e.name.is_empty() && seen.insert(&e.name));
        let mut listing: Vec<_> = named.map(|entry| entry.with_defaults_of(self)).collect();
        let legacy = self.legacy().filter(|legacy| {
            listing.iter().all(|entry| entry.name != legacy.name && entry.dir() != legacy.dir())
        });
        listing.extend(legacy);
        listing
    }

    /// Adds a new vault, which becomes the default if it is the first.
    ///
    /// # Errors
    /// When its name can't be one or is taken, or it has no path.
    pub fn add_vault(&mut self, entry: Entry) -> Result<(), AddError> {
        let name = entry.name.parse::<VaultName>()?;
        if self.vault_names().iter().any(|taken| taken == name.as_str()) {
            return Err(AddError::Taken { name: entry.name });
        }
        if entry.path.is_empty() {
            return Err(AddError::NoPath { name: entry.name });
        }
        let is_first = self.vaults.is_empty() && self.legacy().is_none();
        if is_first && present(self.default.as_ref()).is_none() {
            self.default = Some(entry.name.clone());
        }
        self.vaults.push(entry);
        Ok(())
    }

    /// Takes a vault out of the registry, with all entries of its name, and returns the one that
    /// counted. The vault's files stay.
    pub fn remove_vault(&mut self, name: &str) -> Option<Entry> {
        let removed = self.resolve(Some(name)).ok().filter(|entry| entry.name == name);
        self.vaults.retain(|entry| entry.name != name);
        if name == LEGACY_DEFAULT_NAME {
            self.vault_dir = None;
        }
        if self.default.as_deref() == Some(name) {
            self.default = None;
        }
        removed
    }

    /// Sets or removes the fingerprint that a vault is trusted to hold, in upper case. The vault
    /// of the old form gets an entry for it.
    ///
    /// # Errors
    /// When there is no such vault, or it is no fingerprint.
    pub fn trust(&mut self, name: &str, fingerprint: Option<&str>) -> Result<(), TrustError> {
        let fingerprint = fingerprint.map(upper_case).transpose()?;
        let Entry { name, path, .. } = self.resolve(Some(name))?;
        match self.vaults.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.trusted_master_fp = fingerprint,
            None if fingerprint.is_none() => {}
            None => {
                let trusted_master_fp = fingerprint;
                self.vaults.push(Entry { name, path, trusted_master_fp, ..Entry::default() });
            }
        }
        Ok(())
    }

    /// The same, with nothing where there is an empty text.
    pub(super) fn without_blanks(&self) -> Self {
        let top = |text: &Option<String>| present(text.as_ref()).cloned();
        Self {
            vault_dir: top(&self.vault_dir),
            identity: top(&self.identity),
            gpg_binary: top(&self.gpg_binary),
            vaults: self.vaults.iter().map(Entry::without_blanks).collect(),
            default: top(&self.default),
        }
    }
}

fn present(text: Option<&String>) -> Option<&String> {
    text.filter(|text| !text.is_empty())
}

fn upper_case(text: &str) -> Result<String, TrustError> {
    let is_fingerprint = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_fingerprint {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(TrustError::Fingerprint { text: text.to_owned() })
    }
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// With `home` for a leading `~`; `~bob` is a name like any other.
fn expanded(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_users_own_home_is_expanded() {
        let home = Some(Path::new("/home/ann"));
        assert_eq!(expanded("~", home), Path::new("/home/ann"));
        assert_eq!(expanded("~/v", home), Path::new("/home/ann/v"));
        assert_eq!(expanded("~//etc", home), Path::new("/home/ann/etc"));
        assert_eq!(expanded("~bob/v", home), Path::new("~bob/v"));
        assert_eq!(expanded("/a/~", home), Path::new("/a/~"));
        assert_eq!(expanded("~/v", None), Path::new("~/v"));
    }
}
