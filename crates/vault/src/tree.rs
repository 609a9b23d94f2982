//! The directories that a snapshot is unpacked into and packed from.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    atomic::{At, PathError},
    contents::{Contents, Kind},
};

/// Where an entry goes when it is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into the main directory.
    Main,
    /// Beside it: kept as it is, and packed again.
    Aside,
    /// Nowhere; the next snapshot won't hold it.
    Drop,
}

/// Which entries may enter a tree's main directory, and which files are never packed.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    place: fn(&Path, Kind) -> Place,
    skip: fn(&Path) -> bool,
    inert: bool,
}

impl Policy {
    /// `place` decides at unpacking, `skip` at packing; both see paths relative to the root,
    /// and a directory that is skipped is not descended into.
    ///
    /// What enters the main directory is inert: no symbolic link (it goes aside) and no
    /// executable file.
    pub fn new(place: fn(&Path, Kind) -> Place, skip: fn(&Path) -> bool) -> Self {
        Self { place, skip, inert: true }
    }

    /// All entries go to the main directory: links as links when they stay inside it (else the
    /// archive is refused), and files keep their owner's executable bit.
    pub fn everything() -> Self {
        Self { place: |_, _| Place::Main, skip: |_| false, inert: false }
    }

    pub(crate) fn place(&self, path: &Path, kind: Kind) -> Place {
        match (self.place)(path, kind) {
            Place::Main if self.inert && kind == Kind::Link => Place::Aside,
            place => place,
        }
    }

    /// Of two entries with one name, the one that is packed; of two directories, both.
    fn settle(
        &self,
        path: &Path,
        main: Option<Kind>,
        aside: Option<Kind>,
    ) -> (Option<Kind>, Option<Kind>) {
        match (main, aside) {
            (Some(Kind::Directory), Some(Kind::Directory)) => (main, aside),
            (Some(kind), Some(_)) if self.place(path, kind) == Place::Main => (main, None),
            (Some(_), Some(_)) => (None, aside),
            one => one,
        }
    }

    /// Whether the main directory holds neither links nor executables.
    pub(crate) fn is_inert(&self) -> bool {
        self.inert
    }
}

/// A main directory and, optionally, one beside it that carries what must not enter the first.
#[derive(Clone, Debug)]
pub struct Tree {
    main: PathBuf,
    aside: Option<PathBuf>,
    policy: Policy,
}

impl Tree {
    /// Packs the union of both directories. Where both hold a name, `aside` wins, except over
    /// what the policy admits to `main`: nothing that is carried can stand in for that.
    pub fn new(main: impl Into<PathBuf>, aside: impl Into<PathBuf>, policy: Policy) -> Self {
        Self { main: main.into(), aside: Some(aside.into()), policy }
    }

    /// One directory that holds [everything](Policy::everything).
    pub fn plain(main: impl Into<PathBuf>) -> Self {
        Self { main: main.into(), aside: None, policy: Policy::everything() }
    }

    /// The main directory.
    pub fn main(&self) -> &Path {
        &self.main
    }

    /// The directory beside it.
    pub fn aside(&self) -> Option<&Path> {
        self.aside.as_deref()
    }

    /// The rules that it was made with.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What a snapshot taken now would hold.
    ///
    /// # Errors
    /// When a directory or file of the tree can't be read.
    pub fn contents(&self) -> Result<Contents, PathError> {
        crate::archive::scan(self)
    }

    /// Everything that would be packed, parents before children, siblings in byte order.
    pub(crate) fn walk(&self) -> Result<Vec<Found>, PathError> {
        let mut found = Vec::new();
        let roots = Roots { main: Some(&self.main), aside: self.aside.as_deref() };
        self.descend(Path::new(""), &roots.existing()?, &mut found)?;
        Ok(found)
    }

    fn descend(
        &self,
        at: &Path,
        roots: &Roots<'_>,
        found: &mut Vec<Found>,
    ) -> Result<(), PathError> {
        for (name, [main, aside]) in roots.children(at)? {
            let path = at.join(name);
            let (main, aside) = self.policy.settle(&path, main, aside);
            let Some(top) = aside.or(main).filter(|_| !(self.policy.skip)(&path)) else { continue };
            let root = if aside.is_some() { roots.aside } else { roots.main };
            found.push(Found { path: path.clone(), real: real(root, &path), kind: top });
            if top == Kind::Directory {
                self.descend(&path, &roots.that_are_directories(main, aside), found)?;
            }
        }
        Ok(())
    }
}

/// One entry of a walk.
pub(crate) struct Found {
    /// Relative to the tree.
    pub(crate) path: PathBuf,
    /// On the file system.
    pub(crate) real: PathBuf,
    pub(crate) kind: Kind,
}

/// The roots that still matter at one place of a walk.
struct Roots<'a> {
    main: Option<&'a Path>,
    aside: Option<&'a Path>,
}

impl Roots<'_> {
    /// Without the aside directory when there is none on the file system.
    fn existing(self) -> Result<Self, PathError> {
        let Some(aside) = self.aside else { return Ok(self) };
        let exists = aside.try_exists().at("look at", aside)?;
        Ok(Self { aside: exists.then_some(aside), ..self })
    }

    fn that_are_directories(&self, main: Option<Kind>, aside: Option<Kind>) -> Self {
        let directory = |kind: &Kind| *kind == Kind::Directory;
        Self {
            main: main.filter(directory).and(self.main),
            aside: aside.filter(directory).and(self.aside),
        }
    }

    /// Names below `at` with what they are in each root; sockets and devices are left out.
    fn children(&self, at: &Path) -> Result<BTreeMap<OsString, [Option<Kind>; 2]>, PathError> {
        let mut names = BTreeMap::<OsString, [Option<Kind>; 2]>::new();
        for (root, side) in [(self.main, 0), (self.aside, 1)] {
            let Some(root) = root else { continue };
            let dir = real(Some(root), at);
            for entry in fs::read_dir(&dir).at("list", &dir)? {
                let (name, kind) = entry.and_then(|entry| named_kind(&entry)).at("list", &dir)?;
                if let Some(slot) = names.entry(name).or_default().get_mut(side) {
                    *slot = kind;
                }
            }
        }
        Ok(names)
    }
}

fn real(root: Option<&Path>, path: &Path) -> PathBuf {
    let root = root.unwrap_or(Path::new(""));
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

fn named_kind(entry: &fs::DirEntry) -> io::Result<(OsString, Option<Kind>)> {
    let file_type = entry.file_type()?;
    let kind = if file_type.is_dir() {
        Some(Kind::Directory)
    } else if file_type.is_symlink() {
        Some(Kind::Link)
    } else {
        file_type.is_file().then_some(Kind::File)
    };
    Ok((entry.file_name(), kind))
}
