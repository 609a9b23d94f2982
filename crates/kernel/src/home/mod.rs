//! Our own files inside a GNUPGHOME, as the Go program reads and writes them, and the rule for
//! what of a snapshot may enter one.

pub mod journal;
pub mod lineage;
pub mod policy;
pub mod settings;
mod yaml;

pub(crate) use yaml::{parse, scalar};
