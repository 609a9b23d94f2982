//! A copy of the keys in RAM for a command that is not ours, with an agent of its own.
//!
//! The vault's own home is out of its reach: what it leaves running, half done or lying about can
//! touch no later step, our own files are not there to be changed, and where it is cut short there
//! is nothing to undo.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use gpgsmith_gpg::{Client, ClientOptions};
use gpgsmith_vault::{
    Kind, Place, Workdir, WorkdirOptions,
    atomic::{self, At as _, PathError},
};
use zeroize::Zeroizing;

use crate::{
    home::policy,
    session::{Home, SessionError},
};

/// The copy.
#[derive(Debug)]
pub(super) struct Bench {
    /// Dropped first: its agent ends before the copy goes.
    gpg: Client,
    workdir: Workdir,
}

impl Bench {
    /// Copies what is gpg's.
    pub(super) async fn set_up(
        home: &Home<'_>,
        options: &WorkdirOptions,
    ) -> Result<Self, SessionError> {
        let workdir = Workdir::create(options)?;
        let copy = workdir.path().join("home");
        make_dir(&copy)?;
        for path in Contents::of(home.dir())?.gpgs {
            put(&home.dir().join(&path), &copy.join(&path))?;
        }
        let gpg = Client::open(ClientOptions::new(copy, home.gpg().program().clone())).await?;
        Ok(Self { gpg, workdir })
    }

    /// The GNUPGHOME.
    pub(super) fn home(&self) -> PathBuf {
        self.gpg.home().to_owned()
    }

    /// Ends it, and makes what is gpg's in `home` what the copy holds. Returns the names of other
    /// files there, which stay out.
    pub(super) async fn clear(self, home: &Path) -> Result<Vec<String>, SessionError> {
        let Self { gpg, workdir } = self;
        let copy = gpg.home().to_owned();
        gpg.close().await?;
        // Whoever was left running finds it no more.
        let taken = workdir.path().join("taken");
        fs::rename(&copy, &taken).at("take", &copy)?;
        let (before, after) = (Contents::of(home)?, Contents::of(&taken)?);
        for path in &after.gpgs {
            put(&taken.join(path), &home.join(path))?;
        }
        for path in before.gpgs.difference(&after.gpgs) {
            let path = home.join(path);
            fs::remove_file(&path).at("remove", &path)?;
        }
        workdir.wipe()?;
        Ok(after.others.iter().map(|path| path.to_string_lossy().into_owned()).collect())
    }
}

/// The files in a home.
#[derive(Debug, Default)]
struct Contents {
    /// Keys, rings, trust, revocations.
    gpgs: BTreeSet<PathBuf>,
    /// What is none of these and nothing passing.
    others: BTreeSet<PathBuf>,
}

impl Contents {
    fn of(home: &Path) -> Result<Self, PathError> {
        let mut contents = Self::default();
        let mut open = vec![PathBuf::new()];
        while let Some(below) = open.pop() {
            let dir = home.join(&below);
            for entry in fs::read_dir(&dir).at("read", &dir)? {
                let entry = entry.at("read", &dir)?;
                let path = below.join(entry.file_name());
                match entry.file_type().at("look at", &entry.path())? {
                    kind if kind.is_dir() => open.push(path),
                    kind if kind.is_file() => contents.sort(path, Kind::File),
                    kind if kind.is_symlink() => contents.sort(path, Kind::Link),
                    _ => {}
                }
            }
        }
        Ok(contents)
    }

    fn sort(&mut self, path: PathBuf, kind: Kind) {
        let is_backup = path.extension().is_some_and(|end| end.to_string_lossy().ends_with('~'));
        if policy::is_gpgs(&path, kind) {
            self.gpgs.insert(path);
        } else if policy::place(&path, kind) != Place::Drop && !is_backup {
            self.others.insert(path);
        }
    }
}

/// Copies a file unless it is there as it is.
fn put(from: &Path, to: &Path) -> Result<(), PathError> {
    let bytes = Zeroizing::new(fs::read(from).at("read", from)?);
    let same = fs::read(to).is_ok_and(|there| *Zeroizing::new(there) == *bytes);
    if same {
        return Ok(());
    }
    if let Some(dir) = to.parent() {
        make_dir(dir)?;
    }
    atomic::replace(to, &bytes, 0o600)
}

fn make_dir(dir: &Path) -> Result<(), PathError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).at("create", dir)
}
