//! The side of unpacking that writes files.

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{OFlag, open, openat},
    sys::stat::{Mode, mkdirat},
    unistd::symlinkat,
};

use super::{
    error::{ArchiveError, EntryName, UnpackError},
    reader::{Output, Sink},
};
use crate::{
    atomic::{At, PathError},
    contents::Kind,
    tree::{Place, Policy, Tree},
};

/// Writes entries below the roots of a [`Tree`], which are empty when it starts, and empties
/// them again when it is dropped before [`Unpacker::keep`].
pub(crate) struct Unpacker<'a> {
    policy: &'a Policy,
    main: Root<'a>,
    aside: Option<Root<'a>>,
    keep: bool,
}

impl<'a> Unpacker<'a> {
    /// Makes missing roots; refuses those that hold something.
    pub(crate) fn claim(tree: &'a Tree) -> Result<Self, PathError> {
        let main = Root::claim(tree.main())?;
        let aside = tree.aside().map(Root::claim).transpose()?;
        Ok(Self { policy: tree.policy(), main, aside, keep: false })
    }

    /// Leaves in place what was unpacked.
    pub(crate) fn keep(mut self) {
        self.keep = true;
    }

    fn root(&mut self, path: &Path, kind: Kind) -> Option<(&mut Root<'a>, Place)> {
        match self.policy.place(path, kind) {
            Place::Main => Some((&mut self.main, Place::Main)),
            Place::Aside => self.aside.as_mut().map(|root| (root, Place::Aside)),
            Place::Drop => None,
        }
    }
}

impl Sink for Unpacker<'_> {
    fn directory(&mut self, path: &Path) -> Result<(), UnpackError> {
        if let Some((root, _)) = self.root(path, Kind::Directory) {
            let made = root.enter(path).map(drop);
            made.at("create", &root.path.join(path))?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, executable: bool) -> Result<Option<Output>, UnpackError> {
        let inert = self.policy.is_inert();
        let Some((root, place)) = self.root(path, Kind::File) else { return Ok(None) };
        let executable = executable && !(inert && place == Place::Main);
        let mode = if executable { Mode::S_IRWXU } else { Mode::S_IRUSR | Mode::S_IWUSR };
        let real = root.path.join(path);
        let file = root.create(path, mode).at("create", &real)?;
        Ok(Some(Output { file, path: real }))
    }

    fn link(&mut self, path: &Path, target: &Path) -> Result<(), UnpackError> {
        check_link(self.policy, path, target)?;
        if let Some((root, _)) = self.root(path, Kind::Link) {
            root.link(path, target).at("create", &root.path.join(path))?;
        }
        Ok(())
    }
}

impl Drop for Unpacker<'_> {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        for root in [Some(&self.main), self.aside.as_ref()].into_iter().flatten() {
            if let Err(error) = empty(root.path) {
                tracing::error!(%error, path = %root.path.display(), "unpacked files may remain");
            }
        }
    }
}

/// Writes nothing: for an archive that is only read to see what it holds.
pub(crate) struct Checker<'a>(&'a Policy);

impl<'a> Checker<'a> {
    pub(crate) fn new(policy: &'a Policy) -> Self {
        Self(policy)
    }
}

impl Sink for Checker<'_> {
    fn directory(&mut self, _: &Path) -> Result<(), UnpackError> {
        Ok(())
    }

    fn file(&mut self, _: &Path, _: bool) -> Result<Option<Output>, UnpackError> {
        Ok(None)
    }

    fn link(&mut self, path: &Path, target: &Path) -> Result<(), UnpackError> {
        Ok(check_link(self.0, path, target)?)
    }
}

/// Under [`Policy::everything`], a link must stay inside: relative, and `..` only in front.
///
/// Since no entry lies below a link, the leading `..` climb real directories; the rest descends,
/// if through other links, then through ones that obey the same rule.
fn check_link(policy: &Policy, path: &Path, target: &Path) -> Result<(), ArchiveError> {
    use std::{os::unix::ffi::OsStrExt, path::Component};
    if policy.is_inert() {
        return Ok(());
    }
    let mut depth = path.components().count().saturating_sub(1);
    let mut descending = false;
    for part in target.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(_) => descending = true,
            Component::ParentDir if !descending && depth > 0 => depth -= 1,
            _ => {
                return Err(ArchiveError::LinkEscapes(EntryName::new(path.as_os_str().as_bytes())));
            }
        }
    }
    Ok(())
}

/// Removes all that lies in `dir`, but not `dir`.
fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

const DIRECTORY: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// A directory that is written through its descriptor, so that no link is ever followed.
struct Root<'a> {
    path: &'a Path,
    fd: OwnedFd,
    /// The directory that was used last: archives list siblings one after the other.
    last: Option<(PathBuf, OwnedFd)>,
}

impl<'a> Root<'a> {
    fn claim(path: &'a Path) -> Result<Self, PathError> {
        use std::os::unix::fs::DirBuilderExt;
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => created.at("create", path)?,
        }
        if fs::read_dir(path).at("list", path)?.next().is_some() {
            return Err(io::Error::from(io::ErrorKind::DirectoryNotEmpty)).at("unpack into", path);
        }
        let fd = open(path, DIRECTORY, Mode::empty()).map_err(io::Error::from).at("open", path)?;
        Ok(Self { path, fd, last: None })
    }

    fn create(&mut self, path: &Path, mode: Mode) -> io::Result<File> {
        let (parent, name) = self.split(path)?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        Ok(openat(parent, name, flags | OFlag::O_CLOEXEC, mode)?.into())
    }

    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        let (parent, name) = self.split(path)?;
        Ok(symlinkat(target, parent, name)?)
    }

    fn split<'p>(&mut self, path: &'p Path) -> io::Result<(&OwnedFd, &'p std::ffi::OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.enter(path.parent().unwrap_or(Path::new("")))?, name))
    }

    /// Opens a directory below the root; makes it and its parents where they are missing.
    fn enter(&mut self, path: &Path) -> io::Result<&OwnedFd> {
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            let mut fd = self.fd.try_clone()?;
            for name in path {
                match mkdirat(fd.as_fd(), name, Mode::S_IRWXU) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(error) => return Err(error.into()),
                }
                fd = openat(fd.as_fd(), name, DIRECTORY, Mode::empty())?;
            }
            self.last = Some((path.to_owned(), fd));
        }
        Ok(self.last.as_ref().map_or(&self.fd, |(_, fd)| fd))
    }
}
