//! The log: append, load, verify, mend.

use std::path::{Path, PathBuf};

use crate::{
    AppendError, Entry, Head, LoadError, Report,
    file::LogFile,
    text::{self, Place},
    verify, yaml,
};

/// How much of the file's start is searched for its first entry.
const HEAD: u64 = 4 << 10;
/// How much of the file's end is searched for its last entry, before more is read.
const TAIL: u64 = 4 << 10;

/// An audit log at a path.
///
/// Any number of processes and threads may append to it and read it at once: they lock the file
/// itself, which is never replaced. Nothing is kept between calls.
#[derive(Clone, Debug)]
pub struct Log {
    path: PathBuf,
    origin: Head,
}

/// What [`Log::mend`] took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mended {
    /// The file's length now.
    pub kept: u64,
    /// The bytes behind that: the beginning of an entry that was never finished.
    pub cut: Vec<u8>,
}

/// The last entry, found without reading those before it.
struct Tail {
    last: Entry,
    place: Place,
}

/// A log that was read whole.
struct Whole {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    mended: Option<Mended>,
}

impl Log {
    /// The log at `path`, whether it exists or not. Logs with different `seed`s have different
    /// chains: an entry of one does not fit the other.
    pub fn new(path: impl Into<PathBuf>, seed: &str) -> Self {
        Self { path: path.into(), origin: Head::origin(seed) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds `entry` with its link, and returns it once it is on the device.
    ///
    /// Takes the same time however long the log is, except after an entry of another program;
    /// then the log is read whole. A torn end is cut off first, as [`Log::mend`] does.
    ///
    /// # Errors
    /// Nothing was appended.
    pub fn append(&self, entry: Entry) -> Result<Entry, AppendError> {
        let entry = Entry { chain: None, ..entry };
        entry.check()?;
        let file = LogFile::own(&self.path)?;
        let (entry, place) = match Self::tail(&file)? {
            Some((tail, head)) => (entry.linked(head.link()), tail.place),
            None => self.place_thoroughly(&file, entry)?,
        };
        file.write(place.offset as u64, place.text(&entry).as_bytes())?;
        Ok(entry)
    }

    /// All entries, oldest first; none when there is no file.
    ///
    /// # Errors
    /// When an entry can't be read, be it the last, torn one.
    pub fn load(&self) -> Result<Vec<Entry>, LoadError> {
        match LogFile::share(&self.path)? {
            Some(file) => yaml::parse(&file.read(0, file.size()?)?, &self.path),
            None => Ok(Vec::new()),
        }
    }

    /// The number of entries and the digest over them; as fast as an append.
    ///
    /// # Errors
    /// As of [`Log::load`].
    pub fn head(&self) -> Result<Head, LoadError> {
        let Some(file) = LogFile::share(&self.path)? else { return Ok(self.origin) };
        if let Some((_, head)) = Self::tail(&file)? {
            return Ok(head);
        }
        let entries = yaml::parse(&file.read(0, file.size()?)?, &self.path)?;
        Ok(self.origin.after_all(&entries))
    }

    /// The head after each number of entries, beginning with none: whether a log that was seen
    /// earlier is the beginning of this one. As [`Log::head`], a link is believed.
    ///
    /// # Errors
    /// As of [`Log::load`].
    pub fn heads(&self) -> Result<Vec<Head>, LoadError> {
        let entries = self.load()?;
        let mut heads = vec![self.origin];
        let mut head = self.origin;
        for entry in &entries {
            head = entry.chain().map_or(head, Head::before).after(entry);
            heads.push(head);
        }
        Ok(heads)
    }

    /// Compares every link with the entries before it.
    ///
    /// # Errors
    /// As of [`Log::load`].
    pub fn verify(&self) -> Result<Report, LoadError> {
        Ok(verify::verify(self.origin, &self.load()?))
    }

    /// Cuts off an entry that was never finished; `None` when there is nothing to mend.
    ///
    /// # Errors
    /// When the log can't be read even without its last entry; it is left as it is.
    pub fn mend(&self) -> Result<Option<Mended>, LoadError> {
        if !self.path.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        Ok(self.whole(&LogFile::own(&self.path)?)?.mended)
    }

    /// The last entry and the head after it, if that entry has a link.
    fn tail(file: &LogFile<'_>) -> Result<Option<(Tail, Head)>, LoadError> {
        let Some(tail) = find_tail(file)? else { return Ok(None) };
        let head = tail.last.chain().map(|link| Head::before(link).after(&tail.last));
        Ok(head.map(|head| (tail, head)))
    }

    /// Reads everything, and proves that what is going to be written will be an entry.
    fn place_thoroughly(
        &self,
        file: &LogFile<'_>,
        entry: Entry,
    ) -> Result<(Entry, Place), AppendError> {
        let Whole { bytes, mut entries, .. } = self.whole(file)?;
        let entry = entry.linked(self.origin.after_all(&entries).link());
        let layout = || AppendError::Layout { path: self.path.clone() };
        let place = Place::of(&bytes, entries.is_empty()).ok_or_else(layout)?;
        let mut after = bytes;
        after.truncate(place.offset);
        after.extend(place.text(&entry).into_bytes());
        entries.push(entry.clone());
        match yaml::parse(&after, &self.path) {
            Ok(read) if read == entries => Ok((entry, place)),
            _ => Err(layout()),
        }
    }

    /// All that can be read, once a torn end is cut off.
    fn whole(&self, file: &LogFile<'_>) -> Result<Whole, LoadError> {
        let mut bytes = file.read(0, file.size()?)?;
        let error = match yaml::parse(&bytes, &self.path) {
            Ok(entries) => return Ok(Whole { bytes, entries, mended: None }),
            Err(error) => error,
        };
        for len in text::cuts(&bytes) {
            let kept = bytes.get(..len).unwrap_or_default();
            if let Ok(entries) = yaml::parse(kept, &self.path) {
                file.cut(len as u64)?;
                let cut = bytes.split_off(len);
                return Ok(Whole {
                    bytes,
                    entries,
                    mended: Some(Mended { kept: len as u64, cut }),
                });
            }
        }
        Err(error)
    }
}

/// `None` when it is not plain to see where the last entry begins, or it can't be read.
fn find_tail(file: &LogFile<'_>) -> Result<Option<Tail>, LoadError> {
    let size = file.size()?;
    let Some(column) = text::column(&file.read(0, HEAD)?) else { return Ok(None) };
    let mut window = TAIL.min(size);
    loop {
        let bytes = file.read(size - window, window)?;
        if let Some(start) = text::last_item(&bytes, column, window < size) {
            let item = bytes.get(start..).unwrap_or_default();
            let place =
                Place::behind(usize::try_from(size).unwrap_or(usize::MAX), column, bytes.last());
            return Ok(only_entry(item, column).map(|last| Tail { last, place }));
        }
        if window == size {
            return Ok(None);
        }
        window = (window * 8).min(size);
    }
}

/// The entry that this item is, alone.
fn only_entry(item: &[u8], column: usize) -> Option<Entry> {
    let log = [b"entries:\n", item].concat();
    let entries = yaml::parse(&log, Path::new("")).ok()?;
    let [entry] = <[Entry; 1]>::try_from(entries).ok()?;
    text::is_one_item(item, column).then_some(entry)
}
