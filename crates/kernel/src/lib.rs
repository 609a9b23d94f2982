//! Sessions over an encrypted vault of OpenPGP keys, and the daemon that holds them.
//!
//! Data flows one way: a face calls through [`client`], speaks [`api`], and shows with [`view`];
//! the [`daemon`] hands a call to [`ops`], which works on a [`session`] and the files of its
//! [`home`]. `api`, [`clock`], [`secret`] and [`hardening`] stand lowest.

pub mod api;
pub mod client;
pub mod clock;
pub mod daemon;
pub mod endpoint;
pub mod hardening;
pub mod home;
mod id;
pub mod ops;
pub mod secret;
pub mod session;
pub mod view;
mod wire;

pub use gpgsmith_vault::registry;
