//! What goes wrong on real machines: the session or the last state stays whole, and the error
//! says what to do.

pub(crate) mod bench;
mod calls;
mod opening;
mod registry;
mod sealing;
