//! Append-only, age-encrypted snapshots of a directory that are opened only into RAM.
//!
//! | to | look at |
//! |---|---|
//! | list, open and seal snapshots | [`Store`] |
//! | say what is unpacked where | [`Tree`], [`Policy`] |
//! | unlock with a passphrase or an age identity | [`Key`] |
//! | get a private directory in RAM | [`Workdir`] |
//! | compare what two snapshots hold | [`Contents`] |
//! | know which vaults there are, and where | [`registry::Registry`] |
//! | replace a file so that a crash leaves the old or the new one | [`atomic`] |
//!
//! A snapshot is a plain tar archive in a binary age v1 file: `age -d FILE | tar x` restores it
//! where this crate is not at hand.

mod archive;
pub mod atomic;
mod contents;
mod error;
mod header;
mod identity;
mod key;
mod name;
mod pool;
mod prepaid;
mod random;
pub mod registry;
mod scrypt;
mod store;
mod tree;
pub mod workdir;

pub use self::{
    archive::{ArchiveError, EntryName, Limits},
    contents::{Contents, Entry, Kind},
    error::{Damage, NoNameLeft, OpenError, SealError},
    header::{Header, header_kind},
    identity::{BadRecipient, IdentityError, Recipient},
    key::{BadPassphrase, Key, KeyKind},
    name::{BadSlug, BadSnapshotName, Foreign, ForeignKind, Slug, SnapshotName},
    scrypt::{ScryptError, ScryptParams},
    store::{Listing, OpenOptions, Opened, SealOptions, Sealed, Snapshot, Store, Written},
    tree::{Place, Policy, Tree},
    workdir::{Workdir, WorkdirError, WorkdirOptions},
};
