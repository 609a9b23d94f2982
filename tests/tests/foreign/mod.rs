//! What a stranger can put into the vault directory, or a snapshot bring along: refused or inert,
//! with nothing written outside and nothing left in RAM.

mod archives;
mod damage;
mod directory;
mod keyrings;
mod options;
mod yaml;
