//! An append-only, tamper-evident log in YAML with constant-time appends.
//!
//! | to | look at |
//! |---|---|
//! | append, load, verify, mend | [`Log`] |
//! | say what happened | [`Entry`] |
//! | read what a check found | [`Report`] |
//! | compare with a log seen earlier | [`Head`], [`is_prefix`] |
//!
//! # The file
//!
//! ```yaml
//! entries:
//!     - timestamp: 2026-05-14T08:40:11Z
//!       action: publish
//!       metadata:
//!         chain: "2:5e0c…"
//!       details: "published to 2 servers"
//! ```
//!
//! # The chain
//!
//! R₀ = SHA-256(`gpgsmith-audit-v1` ‖ seed) and Rᵢ = SHA-256(Rᵢ₋₁ ‖ canon(eᵢ)), where canon(e) is
//! each of timestamp (UTC, nine decimals), action, details, and the metadata's keys and values in
//! order, without `chain`, as UTF-8 behind its length (64 bits, big-endian). Entry i carries
//! `chain: "<i>:<Rᵢ₋₁>"`. Since values are hashed, not text, the chain survives a program that
//! reads the file and writes it anew; entries that such a program adds have no link of their
//! own, and are covered by the next one that has.
//!
//! It tells of accidents and of foreign hands, not of someone who can compute the chain anew.
//! Whoever remembers a [`Head`] notices that, and a shortened log, too.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod chain;
mod entry;
mod error;
mod file;
mod log;
mod text;
mod verify;
mod yaml;

pub use self::{
    chain::{BadDigest, BadLink, Digest, Head, Link},
    entry::{BadEntry, Entry},
    error::{AppendError, LoadError, PathError},
    log::{Log, Mended},
    verify::{Report, Span, is_prefix},
};
