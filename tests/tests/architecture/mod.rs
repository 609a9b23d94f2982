//! How the house is built: which crate and which module may name which, and which words belong
//! where.

mod crates;
mod modules;
mod paths;
mod words;
