//! What no user does and every machine sees: kills at any moment, crowds, clients that stand still,
//! no descriptors left, somebody else's directory in the way. No finished step is lost, nothing
//! decrypted is left, and afterwards everything works as before.

mod clocks;
mod crowds;
mod descriptors;
mod kills;
mod places;
