//! Our own files inside a GNUPGHOME, as the Go program reads and writes them, and the rule for
//! what of a snapshot may enter one.

pub mod journal;
pub mod lineage;
pub mod policy;
pub mod settings;
mod text;
mod yaml;

pub(crate) use text::{read as read_text, read_own as read_own_text};
pub(crate) use yaml::{parse, scalar};
