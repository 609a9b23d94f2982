//! A directory tree as a tar stream and back.

mod entry;
mod error;
mod reader;
mod unpack;
mod ustar;
mod writer;

pub(crate) use self::{
    error::UnpackError,
    reader::{Sink, read},
    unpack::{Checker, Unpacker},
    writer::{PackError, pack, scan},
};
pub use self::{
    error::{ArchiveError, EntryName},
    reader::Limits,
};
