use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use flate2::bufread::GzDecoder;

use super::{Store, hashing::Hashing};
use crate::{
    archive::{self, ArchiveError, Limits, Sink, UnpackError, Unpacker},
    atomic::{At, PathError},
    contents::Contents,
    error::{Damage, OpenError},
    header::{Header, open_regular},
    key::Key,
    tree::Tree,
};

/// How a file is opened.
#[derive(Clone, Copy)]
pub struct OpenOptions<'a> {
    /// The highest scrypt work factor to pay for; never above 22.
    pub max_work_factor: u8,
    /// How much may come out of it.
    pub limits: Limits,
    /// Told how many encrypted bytes have been read so far.
    pub progress: Option<&'a dyn Fn(u64)>,
}

impl Default for OpenOptions<'_> {
    fn default() -> Self {
        Self { max_work_factor: 20, limits: Limits::default(), progress: None }
    }
}

impl fmt::Debug for OpenOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("max_work_factor", &self.max_work_factor)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// All entries of the archive, those too that the policy dropped.
    pub contents: Contents,
    /// Of the encrypted file.
    pub sha256: [u8; 32],
    /// Of the encrypted file, in bytes.
    pub size: u64,
    /// Of a passphrase file.
    pub work_factor: Option<u8>,
}

impl Store {
    /// Decrypts a file of this directory, a snapshot or a state file, into `tree`, whose
    /// directories are empty or missing. On failure they are empty again.
    ///
    /// # Errors
    /// When the file can't be read, the key does not fit, or the file is damaged or hostile.
    #[expect(clippy::too_many_arguments, reason = "where, which file, for whom, into what, how")]
    pub fn open(
        &self,
        file_name: &str,
        key: &Key,
        tree: &Tree,
        options: &OpenOptions<'_>,
    ) -> Result<Opened, OpenError> {
        let path = self.path_of(file_name)?;
        let file = open_regular(&path)?;
        let mut unpacker = Unpacker::claim(tree)?;
        let opened = Encrypted { file, path: &path }.read(key, options, &mut unpacker)?;
        unpacker.keep();
        Ok(opened)
    }

    /// SHA-256 of a file of this directory as it is on the disk, encrypted; needs no key.
    ///
    /// # Errors
    /// When the file can't be read, or is not a regular file.
    pub fn sha256(&self, file_name: &str) -> Result<[u8; 32], PathError> {
        let path = self.path_of(file_name)?;
        let file = open_regular(&path)?;
        let options = OpenOptions::default();
        let mut hashing = Hashing::new(&file, options.progress);
        io::copy(&mut hashing, &mut io::sink()).at("read", &path)?;
        Ok(hashing.finish().0)
    }

    /// What tells that a file of this directory is not the one that it was: as long as this stays
    /// the same, its content has not been written to. No sync service can set it.
    ///
    /// # Errors
    /// When the file is not there.
    pub fn stamp(&self, file_name: &str) -> Result<String, PathError> {
        let path = self.path_of(file_name)?;
        let meta = path.symlink_metadata().at("look at", &path)?;
        Ok(format!("{}:{}:{}.{:09}", meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec()))
    }
}

/// An encrypted file, and the name to call it by in errors.
pub(super) struct Encrypted<'a> {
    pub(super) file: File,
    pub(super) path: &'a Path,
}

impl Encrypted<'_> {
    /// Hands all entries to `sink`; they count only when this returns without an error.
    pub(super) fn read(
        mut self,
        key: &Key,
        options: &OpenOptions<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Opened, OpenError> {
        let header = Header::read(&mut self.file, self.path)?;
        self.check(header, key, options)?;
        let mut input =
            BufReader::with_capacity(128 * 1024, Hashing::new(&self.file, options.progress));
        let openers = key.openers(options.max_work_factor);
        let stream = age::Decryptor::new_buffered(&mut input)
            .and_then(|file| file.decrypt(openers.iter().map(AsRef::as_ref)))
            .map_err(|error| self.decrypt_error(error, options))?;
        let contents = read_payload(stream, options.limits, sink)
            .map_err(|error| self.payload_error(error))?;
        let (sha256, size) = input.into_inner().finish();
        Ok(Opened { contents, sha256, size, work_factor: header.work_factor })
    }

    fn check(&self, header: Header, key: &Key, options: &OpenOptions<'_>) -> Result<(), OpenError> {
        let path = self.path.to_owned();
        if header.kind != key.kind() {
            return Err(OpenError::KeyKind { path, file: header.kind, given: key.kind() });
        }
        let allowed = options.max_work_factor.min(crate::scrypt::CEILING);
        match header.work_factor {
            Some(required) if required > allowed => {
                Err(OpenError::ExcessiveWork { path, required, allowed })
            }
            _ => Ok(()),
        }
    }

    fn decrypt_error(&self, error: age::DecryptError, options: &OpenOptions<'_>) -> OpenError {
        let path = self.path.to_owned();
        let source = match error {
            age::DecryptError::DecryptionFailed => return OpenError::WrongPassphrase { path },
            age::DecryptError::NoMatchingKeys => return OpenError::WrongIdentity { path },
            age::DecryptError::ExcessiveWork { required, .. } => {
                let allowed = options.max_work_factor;
                return OpenError::ExcessiveWork { path, required, allowed };
            }
            age::DecryptError::Io(error) => return self.read_error(error),
            age::DecryptError::InvalidMac => Damage::Mac,
            age::DecryptError::UnknownFormat => Damage::Format,
            _ => Damage::Header,
        };
        OpenError::Damaged { path, source }
    }

    fn payload_error(&self, error: UnpackError) -> OpenError {
        match error {
            UnpackError::Stream(error) => self.read_error(error),
            UnpackError::Target(error) => error.into(),
            UnpackError::Refused(source) => {
                OpenError::Archive { path: self.path.to_owned(), source }
            }
        }
    }

    /// An error of the operating system is about reading, any other one about what was read.
    fn read_error(&self, error: io::Error) -> OpenError {
        if error.raw_os_error().is_some() {
            let path = self.path.to_owned();
            return OpenError::Path(PathError { doing: "read", path, source: error });
        }
        OpenError::Damaged { path: self.path.to_owned(), source: Damage::Payload(error) }
    }
}

/// A tar stream, which may be compressed: told by the magic number of gzip.
fn read_payload(
    stream: impl Read,
    limits: Limits,
    sink: &mut dyn Sink,
) -> Result<Contents, UnpackError> {
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    if !io::BufRead::fill_buf(&mut stream).map_err(UnpackError::Stream)?.starts_with(GZIP) {
        return archive::read(stream, limits, sink);
    }
    let mut unzipped = GzDecoder::new(stream);
    let contents = archive::read(&mut unzipped, limits, sink)?;
    let mut rest = unzipped.into_inner();
    if io::BufRead::fill_buf(&mut rest).map_err(UnpackError::Stream)?.is_empty() {
        return Ok(contents);
    }
    Err(ArchiveError::TrailingData.into())
}

/// The magic number of gzip, and its only method.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];
