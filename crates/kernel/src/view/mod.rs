//! What faces show: tables, phrases and questions, from [`crate::api`] values.
//!
//! Everything here is a pure function. It knows no colour, no terminal and no HTML: a [`Tone`]
//! says what a cell means, and a face chooses how that looks. What strangers wrote (user IDs, file
//! and host names) has its control characters made [`visible`].

pub mod audit;
pub mod daemon;
pub mod error;
pub mod exec;
pub mod identity;
pub mod key;
pub mod lock;
mod question;
mod table;
mod text;
mod time;
pub mod transfer;
pub mod vault;

pub use self::{
    question::{Answers, Choice, Prompt, question},
    table::{Cell, Section, Table, Tone},
    text::{count, visible},
    time::{ago, date, date_time, expiry, rfc3339, span},
};
