//! `gpgsmith.yaml` (the Go program's: which key is the master, how subkeys are made) and
//! `gpgsmith-vault.yaml` (ours: settings that travel with the vault).

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use gpgsmith_gpg::Fingerprint;
use gpgsmith_vault::{
    BadRecipient, Recipient,
    atomic::{self, At, PathError},
};
use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::scalar;

/// The name of the Go program's settings file in the home.
pub const FILE_NAME: &str = "gpgsmith.yaml";

/// The name of the file with the settings that the Go program does not know.
pub const VAULT_FILE_NAME: &str = "gpgsmith-vault.yaml";

/// How long new subkeys live where nothing says so.
pub const SUBKEY_EXPIRY: &str = "2y";

/// What `gpgsmith.yaml` says; see reference 2.8. Keys that are not here are kept as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Settings {
    /// The master key's fingerprint as it is written there, which may be anything.
    #[serde(default, deserialize_with = "text")]
    pub master_fp: String,
    /// gpg's name of the algorithm for new subkeys.
    #[serde(default, deserialize_with = "text")]
    pub subkey_algo: String,
    /// How long new subkeys live, as gpg takes it.
    #[serde(default, deserialize_with = "text")]
    pub subkey_expiry: String,
}

/// A text, or nothing at all, as the Go program reads it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Why a settings file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It cannot be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is not YAML of that form.
    #[error("{path} does not parse")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<serde_saphyr::Error>,
    },
    /// It names a recipient that is none.
    #[error("{VAULT_FILE_NAME} names a recipient that is none")]
    Recipient(#[from] BadRecipient),
    /// Changing it line by line would change its meaning.
    #[error("{0} is laid out in a way that cannot be changed safely")]
    Layout(PathBuf),
}

impl Settings {
    /// The settings of `home`; all empty when there is no file.
    ///
    /// # Errors
    /// The file is there and cannot be read or parsed.
    pub fn load(home: &Path) -> Result<Self, SettingsError> {
        Ok(load(&home.join(FILE_NAME))?.unwrap_or_default())
    }

    /// The master key, if the file names one.
    pub fn master(&self) -> Option<Fingerprint> {
        self.master_fp.parse().ok()
    }

    /// Says which key is the master, and where nothing says so yet, that new subkeys are made as it
    /// was.
    pub fn name(&mut self, master: &Fingerprint, algorithm: &str) {
        self.master_fp = master.to_string();
        for (value, usual) in
            [(&mut self.subkey_algo, algorithm), (&mut self.subkey_expiry, SUBKEY_EXPIRY)]
        {
            if value.is_empty() {
                usual.clone_into(value);
            }
        }
    }

    /// Writes these three keys into the file of `home` and leaves every other line alone.
    ///
    /// # Errors
    /// The file cannot be read or written, or is laid out so that a line cannot be replaced.
    pub fn save(&self, home: &Path) -> Result<(), SettingsError> {
        let path = home.join(FILE_NAME);
        let old = read(&path)?.unwrap_or_default();
        let mut text = old.clone();
        for (key, value) in self.pairs() {
            text = with_line(&text, key, value);
        }
        let kept = |text: &str| others(text, &path);
        if parse::<Self>(&text, &path)? != *self || kept(&old)? != kept(&text)? {
            return Err(SettingsError::Layout(path));
        }
        Ok(atomic::replace(&path, text.as_bytes(), 0o600)?)
    }

    fn pairs(&self) -> [(&'static str, &str); 3] {
        [
            ("master_fp", &self.master_fp),
            ("subkey_algo", &self.subkey_algo),
            ("subkey_expiry", &self.subkey_expiry),
        ]
    }
}

/// `text` with the top-level line of `key` replaced, or added at its end.
fn with_line(text: &str, key: &str, value: &str) -> String {
    with_value(text, key, &scalar(value))
}

/// The same with a value that is YAML already.
fn with_value(text: &str, key: &str, value: &str) -> String {
    let line = format!("{key}: {value}");
    let is_it = |old: &str| old.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let mut lines: Vec<&str> = text.lines().filter(|old| *old != "{}").collect();
    match lines.iter_mut().find(|old| is_it(old)) {
        Some(old) => *old = &line,
        None => lines.push(&line),
    }
    lines.join("\n") + "\n"
}

/// The keys that are not ours to change.
fn others(text: &str, path: &Path) -> Result<Vec<String>, SettingsError> {
    #[expect(clippy::zero_sized_map_values, reason = "only the keys of the document matter")]
    let all: Option<BTreeMap<String, IgnoredAny>> = parse(text, path)?;
    let ours = ["master_fp", "subkey_algo", "subkey_expiry"];
    let keys = all.unwrap_or_default().into_keys();
    Ok(keys.filter(|key| !ours.contains(&key.as_str())).collect())
}

/// Settings that travel with the vault. All are optional, and so is the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct VaultSettings {
    /// Minutes without work until a session is put to rest; 5 if not set.
    #[serde(default)]
    pub idle_minutes: Option<u32>,
    /// Minutes until a session is put to rest in any case; none if not set.
    #[serde(default)]
    pub absolute_minutes: Option<u32>,
    /// Whether snapshots are compressed; the Go program cannot open such ones.
    #[serde(default)]
    pub gzip: bool,
    /// Whom a vault with an identity is sealed to, whoever seals: age recipients (`age1…`); none is
    /// the one who seals, alone.
    #[serde(default)]
    pub recipients: Vec<String>,
}

/// Without work, a session is put to rest after this time.
const IDLE_LIMIT: Duration = Duration::from_mins(5);

impl VaultSettings {
    /// The settings of the vault whose home this is.
    ///
    /// # Errors
    /// The file is there and cannot be read or parsed.
    pub fn load(home: &Path) -> Result<Self, SettingsError> {
        Ok(load(&home.join(VAULT_FILE_NAME))?.unwrap_or_default())
    }

    /// Whom the vault is sealed to.
    ///
    /// # Errors
    /// One of them is no recipient: nobody shall be left out silently.
    pub fn recipients(&self) -> Result<Vec<Recipient>, SettingsError> {
        self.recipients.iter().map(|text| Ok(text.parse()?)).collect()
    }

    /// Writes the list of recipients into the file of `home` and leaves every other key alone.
    ///
    /// # Errors
    /// The file cannot be read or written, or is laid out so that the list cannot be replaced.
    pub fn save_recipients(home: &Path, recipients: &[String]) -> Result<(), SettingsError> {
        let path = home.join(VAULT_FILE_NAME);
        let old = read(&path)?.unwrap_or_default();
        let list: Vec<String> = recipients.iter().map(|text| scalar(text)).collect();
        let text = with_value(&old, "recipients", &format!("[{}]", list.join(", ")));
        let wanted = Self { recipients: recipients.to_owned(), ..load(&path)?.unwrap_or_default() };
        if parse::<Self>(&text, &path)? != wanted {
            return Err(SettingsError::Layout(path));
        }
        Ok(atomic::replace(&path, text.as_bytes(), 0o600)?)
    }

    /// Time without work until a session is put to rest.
    pub fn idle(&self) -> Duration {
        self.idle_minutes.map_or(IDLE_LIMIT, minutes)
    }

    /// Time until a session is put to rest in any case.
    pub fn absolute(&self) -> Option<Duration> {
        self.absolute_minutes.map(minutes)
    }
}

fn minutes(count: u32) -> Duration {
    Duration::from_mins(u64::from(count))
}

fn load<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, SettingsError> {
    match read(path)? {
        Some(text) if text.trim().is_empty() => Ok(None),
        Some(text) => parse(&text, path).map(Some),
        None => Ok(None),
    }
}

fn read(path: &Path) -> Result<Option<String>, PathError> {
    match super::text::read(path, super::text::LARGEST) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", path),
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str, path: &Path) -> Result<T, SettingsError> {
    super::yaml::parse(text)
        .map_err(|source| SettingsError::Parse { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const FINGERPRINT: &str = "203E92AA7E59B62AFB0632831BAD42B9D3EB840E";

    fn settings() -> Settings {
        Settings {
            master_fp: FINGERPRINT.to_owned(),
            subkey_algo: "rsa4096".to_owned(),
            subkey_expiry: "2y".to_owned(),
        }
    }

    #[test]
    fn a_new_file_looks_as_the_go_program_writes_it() {
        let home = tempfile::tempdir().unwrap();
        settings().save(home.path()).unwrap();
        insta::assert_snapshot!(fs::read_to_string(home.path().join(FILE_NAME)).unwrap(), @r"
        master_fp: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
        subkey_algo: rsa4096
        subkey_expiry: 2y
        ");
        assert_eq!(Settings::load(home.path()).unwrap(), settings());
    }

    #[test]
    fn nothing_is_an_empty_text() {
        let home = tempfile::tempdir().unwrap();
        let text = "master_fp:\nsubkey_algo: ~\nsubkey_expiry: null\n";
        atomic::replace(&home.path().join(FILE_NAME), text.as_bytes(), 0o600).unwrap();
        assert_eq!(Settings::load(home.path()).unwrap(), Settings::default());
    }

    #[test]
    fn other_keys_and_comments_stay() {
        let home = tempfile::tempdir().unwrap();
        let old =
            "# mine\nmaster_fp: x\nsubkey_algo: rsa1024\npublish_targets:\n    - type: github\n";
        atomic::replace(&home.path().join(FILE_NAME), old.as_bytes(), 0o600).unwrap();
        settings().save(home.path()).unwrap();
        insta::assert_snapshot!(fs::read_to_string(home.path().join(FILE_NAME)).unwrap(), @r"
        # mine
        master_fp: 203E92AA7E59B62AFB0632831BAD42B9D3EB840E
        subkey_algo: rsa4096
        publish_targets:
            - type: github
        subkey_expiry: 2y
        ");
    }

    #[test]
    fn a_layout_that_lines_cannot_change_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(FILE_NAME);
        let old = "{master_fp: x, subkey_algo: y}\n";
        atomic::replace(&path, old.as_bytes(), 0o600).unwrap();
        assert!(settings().save(home.path()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), old);
    }

    #[test]
    fn limits_have_defaults() {
        let none = VaultSettings::default();
        assert_eq!((none.idle(), none.absolute()), (IDLE_LIMIT, None));
        let some = VaultSettings { idle_minutes: Some(60), absolute_minutes: Some(1), ..none };
        assert_eq!(some.idle(), Duration::from_hours(1));
        assert_eq!(some.absolute(), Some(Duration::from_mins(1)));
    }
}
