//! `gpgsmith-lineage.yaml`: where a snapshot or state file comes from. Every one carries it; the
//! Go program carries it unchanged, which is how its seals are told from ours.

use std::{io, path::Path};

use gpgsmith_vault::{
    Contents,
    atomic::{self, At, PathError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{MachineId, hex, random, random_hex};

/// Its name in the home.
pub const FILE_NAME: &str = "gpgsmith-lineage.yaml";

/// Files that do not count in a manifest: this one, and those that the Go program rewrites at
/// every open.
const NOT_IN_MANIFEST: [&str; 3] = [FILE_NAME, "gpg.conf", "gpg-agent.conf"];

/// No more ancestors than this are carried; older ones are forgotten.
const MAX_ANCESTORS: usize = 256;

/// A number above this is a stranger's: it would run over, and no vault has come so far.
const LARGEST_COUNT: u64 = 1 << 53;

/// Where a file of a vault comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// 1.
    pub version: u32,
    /// The vault's id: 32 hex digits, made with the first snapshot.
    pub vault: String,
    /// Secrets of 32 bytes as hex, newest first: who has read a snapshot knows them.
    pub secrets: Vec<String>,
    /// The file itself.
    #[serde(rename = "self")]
    pub this: Itself,
    /// What it was made from.
    pub parents: Vec<Parent>,
    /// Older ones, newest first; at most 256.
    pub ancestors: Vec<Ancestor>,
    /// Keygrips whose secret part is in the file.
    pub local_secrets: Vec<String>,
    /// The audit log's length and chain value.
    pub audit: AuditMark,
}

/// The file that carries a lineage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Itself {
    /// Its file name when it was written.
    pub name: String,
    /// 32 random hex digits.
    pub id: String,
    /// 1 + the largest of its parents'.
    pub seq: u64,
    /// What kind of file it is.
    pub kind: FileKind,
    /// The session that wrote it: 32 hex digits.
    pub session: String,
    /// That session's steps.
    pub generation: u64,
    /// How many of them a snapshot of that session holds; of a snapshot, all.
    #[serde(default)]
    pub sealed: u64,
    /// The machine that wrote it.
    pub machine: MachineId,
    /// Its host name.
    pub host: String,
    /// The program: `gpgsmith 0.1.0`.
    pub program: String,
    /// When.
    pub time: Timestamp,
    /// SHA-256 over its content, in hex; see [`manifest`].
    pub manifest: String,
}

/// What kind of file a lineage describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A snapshot.
    Canonical,
    /// The state file of a session.
    Ephemeral,
}

/// A snapshot that a file was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its file name.
    pub name: String,
    /// SHA-256 of the encrypted file, in hex.
    pub sha256: String,
    /// Its id.
    pub id: String,
    /// Its place in the order.
    pub seq: u64,
}

/// A snapshot further back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its file name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its place in the order.
    pub seq: u64,
}

/// How far the audit log had come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditMark {
    /// Its entries.
    pub count: u64,
    /// Its chain value after them, in hex.
    pub head: String,
}

/// Why a lineage cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LineageError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// It is no lineage.
    #[error("{FILE_NAME} does not parse")]
    Parse(#[source] Box<serde_saphyr::Error>),
    /// It cannot be put into YAML.
    #[error("{FILE_NAME} cannot be written as YAML")]
    Emit(#[source] Box<serde_saphyr::ser_error::Error>),
    /// It is of a later program's.
    #[error("{FILE_NAME} has version {0}; this program knows version 1")]
    Version(u32),
    /// It counts further than any vault can have come.
    #[error("{FILE_NAME} counts to {0}, where no vault has come")]
    Count(u64),
}

/// Reads the lineage in `home`; `None` if there is none.
///
/// # Errors
/// It is garbled, or of a later version.
pub fn read(home: &Path) -> Result<Option<Lineage>, LineageError> {
    let path = home.join(FILE_NAME);
    match super::text::read(&path, super::text::LARGEST) {
        Ok(text) => parse(&text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at("read", &path).map_err(LineageError::from),
    }
}

/// Reads a lineage from its text.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str) -> Result<Lineage, LineageError> {
    let lineage: Lineage = super::yaml::parse(text).map_err(LineageError::Parse)?;
    if lineage.version != 1 {
        return Err(LineageError::Version(lineage.version));
    }
    match lineage.largest_count() {
        count if count > LARGEST_COUNT => Err(LineageError::Count(count)),
        _ => Ok(lineage),
    }
}

impl Lineage {
    /// Writes it into `home`, atomically.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, home: &Path) -> Result<(), LineageError> {
        let text =
            serde_saphyr::to_string(self).map_err(|error| LineageError::Emit(Box::new(error)))?;
        Ok(atomic::replace(&home.join(FILE_NAME), text.as_bytes(), 0o600)?)
    }

    fn largest_count(&self) -> u64 {
        let Itself { seq, generation, sealed, .. } = self.this;
        let before = self.parents.iter().map(|parent| parent.seq);
        let before = before.chain(self.ancestors.iter().map(|ancestor| ancestor.seq));
        before.chain([seq, generation, sealed, self.audit.count]).max().unwrap_or_default()
    }

    /// SHA-256("gpgsmith-vault-secret-v1" ‖ secret) of its newest secret: what a machine pins.
    pub fn pin(&self) -> Option<String> {
        self.secrets.first().map(|secret| pin(secret))
    }

    /// As [`Lineage::pin`], of each of its secrets, newest first.
    pub fn pins(&self) -> Vec<String> {
        self.secrets.iter().map(|secret| pin(secret)).collect()
    }

    /// Whether one of its secrets is the pinned one.
    pub fn has_pinned(&self, pinned: &str) -> bool {
        self.secrets.iter().any(|secret| pin(secret) == pinned)
    }
}

fn pin(secret: &str) -> String {
    hex(&Sha256::new().chain_update("gpgsmith-vault-secret-v1").chain_update(secret).finalize())
}

/// A secret that nobody has read yet.
pub fn new_secret() -> String {
    hex(&random::<32>())
}

/// The manifest of a file's content: over type, path and content of each entry, without the
/// lineage itself and the two option files that the Go program writes at each open.
pub fn manifest(contents: &Contents) -> String {
    hex(&contents.digest(&NOT_IN_MANIFEST))
}

/// What a session stands on: the snapshot that it was opened from or last sealed, and the line
/// behind it. Made by [`Base::of`]; the first snapshot of a vault stands on [`Base::none`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// The vault's id.
    pub vault: String,
    /// Its secrets.
    pub secrets: Vec<String>,
    /// The snapshot; `None` before the first.
    pub parent: Option<Parent>,
    /// Other heads that the next file takes the place of.
    pub also: Vec<Parent>,
    /// Behind it.
    pub ancestors: Vec<Ancestor>,
    /// Whose secret part it holds.
    pub local_secrets: Vec<String>,
}

impl Base {
    /// A new vault.
    pub fn none() -> Self {
        Self {
            vault: random_hex::<16>(),
            secrets: vec![new_secret()],
            parent: None,
            also: Vec::new(),
            ancestors: Vec::new(),
            local_secrets: Vec::new(),
        }
    }

    /// The snapshot `name` with the content that was read from it. Without a lineage (a vault of
    /// the Go program's) it begins one. With one that does not describe it (sealed by a program
    /// without lineage), its parent is what the lineage describes.
    pub fn of(name: &str, sha256: &[u8; 32], lineage: Option<&Lineage>, manifest: &str) -> Self {
        let sha256 = hex(sha256);
        // Without an id of its own, a file gets one that every machine derives alike.
        let derived = sha256.get(..32).unwrap_or_default().to_owned();
        let Some(lineage) = lineage else {
            let parent = Parent { name: name.to_owned(), sha256, id: derived, seq: 0 };
            return Self { parent: Some(parent), ..Self::none() };
        };
        let mut ancestors: Vec<Ancestor> = lineage.parents.iter().map(Ancestor::from).collect();
        ancestors.extend(lineage.ancestors.iter().cloned());
        let (id, seq) = if lineage.this.manifest == manifest {
            (lineage.this.id.clone(), lineage.this.seq)
        } else {
            ancestors.insert(0, Ancestor::from(&lineage.this));
            (derived, lineage.this.seq + 1)
        };
        Self {
            vault: lineage.vault.clone(),
            secrets: lineage.secrets.clone(),
            parent: Some(Parent { name: name.to_owned(), sha256, id, seq }),
            also: Vec::new(),
            ancestors,
            local_secrets: lineage.local_secrets.clone(),
        }
    }

    /// The base of a state file: what its session stood on when it was written.
    pub fn of_state(lineage: &Lineage) -> Self {
        Self {
            vault: lineage.vault.clone(),
            secrets: lineage.secrets.clone(),
            parent: lineage.parents.first().cloned(),
            also: lineage.parents.iter().skip(1).cloned().collect(),
            ancestors: lineage.ancestors.clone(),
            local_secrets: lineage.local_secrets.clone(),
        }
    }

    /// The base of a state file that a program without lineage wrote on top of the snapshot
    /// `canonical`: it carries that snapshot's own lineage, if there is one.
    pub fn before_foreign_state(canonical: &str, carried: Option<&Lineage>) -> Self {
        let Some(lineage) = carried else { return Self::none() };
        let mut ancestors: Vec<Ancestor> = lineage.parents.iter().map(Ancestor::from).collect();
        ancestors.extend(lineage.ancestors.iter().cloned());
        let parent = Parent {
            name: canonical.to_owned(),
            sha256: String::new(),
            id: lineage.this.id.clone(),
            seq: lineage.this.seq,
        };
        Self { parent: Some(parent), also: Vec::new(), ancestors, ..Self::of_state(lineage) }
    }

    /// The lineage of the next file that stands on it.
    pub fn next(&self, this: NextFile<'_>) -> Lineage {
        let mut ancestors = self.ancestors.clone();
        ancestors.truncate(MAX_ANCESTORS);
        Lineage {
            version: 1,
            vault: self.vault.clone(),
            secrets: self.secrets.clone(),
            this: Itself {
                name: this.name.to_owned(),
                id: random_hex::<16>(),
                seq: self.parents().map(|parent| parent.seq).max().unwrap_or(0) + 1,
                kind: this.kind,
                session: this.session.to_owned(),
                generation: this.generation,
                sealed: this.sealed,
                machine: this.machine.clone(),
                host: this.host.to_owned(),
                program: concat!("gpgsmith ", env!("CARGO_PKG_VERSION")).to_owned(),
                time: this.time,
                manifest: this.manifest,
            },
            parents: self.parents().cloned().collect(),
            ancestors,
            local_secrets: this.local_secrets,
            audit: this.audit,
        }
    }

    fn parents(&self) -> impl Iterator<Item = &Parent> {
        self.parent.iter().chain(&self.also)
    }

    /// Whether it is the snapshot of this id, or descends from it.
    pub fn holds(&self, id: &str) -> bool {
        self.parents().any(|parent| parent.id == id)
            || self.ancestors.iter().any(|ancestor| ancestor.id == id)
    }

    /// Whether it is the snapshot `name`, or descends from it.
    pub fn descends_from(&self, name: &str) -> bool {
        self.parents().any(|parent| parent.name == name)
            || self.ancestors.iter().any(|ancestor| ancestor.name == name)
    }
}

/// What [`Base::next`] says of the file that is about to be written.
#[derive(Debug)]
pub struct NextFile<'a> {
    /// Its file name.
    pub name: &'a str,
    /// Its kind.
    pub kind: FileKind,
    /// The session's id.
    pub session: &'a str,
    /// The session's steps.
    pub generation: u64,
    /// How many of them a snapshot holds.
    pub sealed: u64,
    /// This machine.
    pub machine: &'a MachineId,
    /// Its host name.
    pub host: &'a str,
    /// Now.
    pub time: Timestamp,
    /// [`manifest`] of its content.
    pub manifest: String,
    /// Keygrips whose secret part is in it.
    pub local_secrets: Vec<String>,
    /// How far its audit log has come.
    pub audit: AuditMark,
}

impl From<&Parent> for Ancestor {
    fn from(parent: &Parent) -> Self {
        Self { name: parent.name.clone(), id: parent.id.clone(), seq: parent.seq }
    }
}

impl From<&Itself> for Ancestor {
    fn from(this: &Itself) -> Self {
        Self { name: this.name.clone(), id: this.id.clone(), seq: this.seq }
    }
}

#[cfg(test)]
mod tests;
