//! The daemon: holds open sessions, and lets faces work on them over a socket.
//!
//! Plumbing only. A request is read whole and handed to the one thread on which everything else
//! happens; its handler finds the session, calls [`crate::ops`], and publishes an event. What may
//! take long or ask is a job: it runs to its end whether or not the face stays.
//! Limits, a signal, `daemon stop` or the loss of the socket put sessions to rest; nothing is ever
//! discarded for lack of time.
//!
//! | to | look at |
//! |---|---|
//! | become a daemon | [`hidden_main`], [`run`], [`serve()`] |
//! | say where it keeps things, what it puts up with | [`Options`], [`Bounds`] |

mod context;
mod dispatch;
mod entry;
mod error;
mod events;
mod guesses;
mod handlers;
mod headers;
mod http;
mod impatient;
mod job;
mod jobs;
mod lifecycle;
mod limits;
mod log;
mod options;
mod process;
mod reaper;
mod route;
mod serve;
mod sessions;
mod socket;
mod stream;
#[cfg(test)]
mod tests;

pub use self::{
    error::DaemonError,
    options::{Bounds, Options},
    process::{hidden_main, hidden_main_with, run, serve},
};
