use serde::{Deserialize, Serialize};

use super::Reason;
use crate::api::{Target, call};

/// The revocation certificate of the master key; where the vault has none, one is made and kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RevocationCert {
    /// Which session.
    #[serde(default)]
    pub target: Target,
}
call!(RevocationCert, "keys revocation-cert", Job, RevocationPaper);

/// A revocation certificate, tried on a copy of the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationPaper {
    /// The key that it revokes.
    pub master_fp: String,
    /// The identities of that key which are not revoked.
    pub identities: Vec<String>,
    /// What it gives as the reason.
    pub reason: Reason,
    /// ASCII armor. Whoever imports it revokes the key.
    pub armored: String,
    /// Whether it was made just now.
    pub made: bool,
}
