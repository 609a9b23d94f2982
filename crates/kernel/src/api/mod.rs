//! What a face says to the daemon, and what it hears: plain data, no logic.
//!
//! A request type names its reply ([`Call`]), so that client and daemon are one generic function
//! each. Most calls are answered at once; a [`Kind::Job`] runs to its end whether or not the face
//! stays, and is followed by its numbered [`event::JobEvent`]s.

pub mod audit;
pub mod daemon;
pub mod error;
pub mod event;
pub mod exec;
pub mod identity;
pub mod key;
pub mod lock;
pub mod transfer;
pub mod vault;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use self::error::{ApiError, Code, Hint};

/// The version of the wire protocol; client and daemon must agree on it exactly.
pub const PROTOCOL: u32 = 1;

/// The environment variable with the session token of a subshell, as in the Go program.
pub const SESSION_VARIABLE: &str = "GPGSMITH_SESSION";

/// The environment variable with the vault's name, for information only.
pub const VAULT_VARIABLE: &str = "GPGSMITH_VAULT_NAME";

/// A request. Its JSON is the body of `POST /v1/<verb, blanks as slashes>`.
pub trait Call: Serialize + DeserializeOwned {
    /// The words of the command line, of the route, and of a hint: `keys identity add`.
    const VERB: &'static str;

    /// Whether the answer comes with the response or at the end of a job.
    const KIND: Kind;

    /// What it is answered with.
    type Reply: Serialize + DeserializeOwned;
}

/// How a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In the response itself.
    Now,
    /// The response is [`event::Started`]; the reply comes with the event `done` of that job.
    Job,
}

/// The session that a call means: by token, by vault, or (neither) the only one that is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The token that `vault open` gave: 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The name of a vault that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<String>,
}

/// Which face a request comes from; recorded in the sidecar as `source`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Face {
    /// The command line.
    #[default]
    Cli,
    /// The web UI.
    Ui,
    /// The terminal UI.
    Tui,
}

/// An empty reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {}

/// Says of a request type which verb, kind and reply it has.
macro_rules! call {
    ($request:ty, $verb:literal, $kind:ident, $reply:ty) => {
        impl $crate::api::Call for $request {
            const VERB: &'static str = $verb;
            const KIND: $crate::api::Kind = $crate::api::Kind::$kind;
            type Reply = $reply;
        }
    };
}
pub(crate) use call;
