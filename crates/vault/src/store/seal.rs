use std::{
    fmt,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use flate2::{Compression, write::GzEncoder};

use super::{OpenOptions, Snapshot, Store, hashing::Hashing, open::Encrypted};
use crate::{
    archive::{self, Checker, PackError},
    atomic::{At, PathError, Temp},
    contents::Contents,
    error::SealError,
    header::open_regular,
    key::Key,
    name::SnapshotName,
    scrypt::CEILING,
    tree::Tree,
};

/// How a snapshot is sealed.
#[derive(Clone, Copy, Default)]
pub struct SealOptions<'a> {
    /// Compresses the archive; not every program that reads snapshots knows this.
    pub gzip: bool,
    /// Told how many encrypted bytes have been written so far, and then read back.
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl fmt::Debug for SealOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealOptions").field("gzip", &self.gzip).finish_non_exhaustive()
    }
}

/// A new snapshot, on the disk, read back and found equal.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// What was packed.
    pub contents: Contents,
    /// Of the encrypted file.
    pub sha256: [u8; 32],
    /// Of the encrypted file, in bytes.
    pub size: u64,
}

/// A state file, on the disk, read back and found equal.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// What was packed.
    pub contents: Contents,
    /// Of the encrypted file.
    pub sha256: [u8; 32],
    /// Of the encrypted file, in bytes.
    pub size: u64,
}

impl Store {
    /// Packs and encrypts `tree` as a new snapshot. It gets its name only after it has been
    /// written to disk, read back, decrypted and compared with what was packed.
    ///
    /// # Errors
    /// When any of that fails; the directory is then as it was.
    #[expect(clippy::too_many_arguments, reason = "where, under which name, what, for whom, how")]
    pub fn seal(
        &self,
        name: &SnapshotName,
        tree: &Tree,
        key: &Key,
        options: &SealOptions<'_>,
    ) -> Result<Sealed, SealError> {
        let target = self.dir().join(name.file_name());
        if target.symlink_metadata().is_ok() {
            return Err(SealError::NameTaken { path: target });
        }
        let job = Job { target, writer: self.writer.as_deref(), tree, key, options };
        let (temp, proof) = job.write_and_prove()?;
        temp.create_new(&job.target).map_err(|error| job.name_error(error))?;
        let Proof { contents, sha256, size } = proof;
        let snapshot = Snapshot { name: name.clone(), path: job.target, size };
        Ok(Sealed { snapshot, contents, sha256, size })
    }

    /// As [`Store::seal`], but replaces the file of that name, atomically.
    ///
    /// # Errors
    /// When any step fails; the file is then as it was.
    pub fn write_state(
        &self,
        file_name: &str,
        tree: &Tree,
        key: &Key,
    ) -> Result<Written, SealError> {
        let target = self.path_of(file_name)?;
        let (writer, options) = (self.writer.as_deref(), &SealOptions::default());
        let job = Job { target, writer, tree, key, options };
        let (temp, proof) = job.write_and_prove()?;
        temp.replace(&job.target)?;
        let Proof { contents, sha256, size } = proof;
        Ok(Written { path: job.target, contents, sha256, size })
    }
}

/// What a file was proven to hold.
struct Proof {
    contents: Contents,
    sha256: [u8; 32],
    size: u64,
}

/// One file to be sealed.
struct Job<'a> {
    target: PathBuf,
    writer: Option<&'a str>,
    tree: &'a Tree,
    key: &'a Key,
    options: &'a SealOptions<'a>,
}

impl Job<'_> {
    fn write_and_prove(&self) -> Result<(Temp, Proof), SealError> {
        let temp = Temp::beside_by(self.writer, &self.target, 0o600)?;
        let proof = self.write(&temp)?;
        to_disk(&temp)?;
        self.prove(&temp, &proof)?;
        Ok((temp, proof))
    }

    fn write(&self, temp: &Temp) -> Result<Proof, SealError> {
        let scrypt = |source| SealError::Scrypt { path: self.target.clone(), source };
        let recipients = self.key.wrappers().map_err(scrypt)?;
        let output = Hashing::new(temp.file(), self.options.progress);
        let output = BufWriter::with_capacity(128 * 1024, output);
        let (output, contents) = encrypt(output, &recipients, self.tree, self.options.gzip)
            .map_err(|error| self.pack_error(error))?;
        let output = output.into_inner().map_err(io::IntoInnerError::into_error);
        let (sha256, size) = output.at("write", &self.target)?.finish();
        Ok(Proof { contents, sha256, size })
    }

    /// Reads the file from the disk, decrypts it, and compares it with what was packed.
    fn prove(&self, temp: &Temp, written: &Proof) -> Result<(), SealError> {
        let path = || self.target.clone();
        let options = OpenOptions {
            max_work_factor: CEILING,
            progress: self.options.progress,
            ..OpenOptions::default()
        };
        let read = Encrypted { file: open_regular(temp.path())?, path: temp.path() }
            .read(self.key, &options, &mut Checker::new(self.tree.policy()))
            .map_err(|error| SealError::ReadBack { path: path(), source: Box::new(error) })?;
        let same = read.sha256 == written.sha256
            && read.size == written.size
            && read.contents == written.contents;
        if same { Ok(()) } else { Err(SealError::Differs { path: path() }) }
    }

    fn pack_error(&self, error: PackError) -> SealError {
        match error {
            PackError::Tree(error) => SealError::Path(error),
            PackError::Output(source) => {
                PathError { doing: "write", path: self.target.clone(), source }.into()
            }
        }
    }

    fn name_error(&self, error: PathError) -> SealError {
        let path = self.target.clone();
        match error.kind() {
            io::ErrorKind::AlreadyExists => SealError::NameTaken { path },
            io::ErrorKind::Unsupported => SealError::NoExclusiveRename { path },
            _ => error.into(),
        }
    }
}

/// To the disk itself, and out of the page cache: whoever reads it now reads the disk.
fn to_disk(temp: &Temp) -> Result<(), PathError> {
    temp.file().sync_all().at("sync", temp.path())?;
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    {
        use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
        let advice = PosixFadviseAdvice::POSIX_FADV_DONTNEED;
        if let Err(error) = posix_fadvise(temp.file(), 0, 0, advice) {
            tracing::debug!(%error, "the page cache keeps what was written");
        }
    }
    Ok(())
}

fn encrypt<W: Write>(
    output: W,
    recipients: &[Box<dyn age::Recipient + '_>],
    tree: &Tree,
    gzip: bool,
) -> Result<(W, Contents), PackError> {
    let encryptor = age::Encryptor::with_recipients(recipients.iter().map(AsRef::as_ref));
    let encryptor = encryptor.map_err(|error| PackError::Output(io::Error::other(error)))?;
    let mut stream = encryptor.wrap_output(output).map_err(PackError::Output)?;
    let contents = if gzip {
        let mut zipped = GzEncoder::new(&mut stream, Compression::default());
        let contents = archive::pack(tree, &mut zipped)?;
        zipped.finish().map_err(PackError::Output)?;
        contents
    } else {
        archive::pack(tree, &mut stream)?
    };
    Ok((stream.finish().map_err(PackError::Output)?, contents))
}
