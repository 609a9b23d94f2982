//! One handler a call. A handler of more than 25 lines has a workflow in it that belongs in
//! [`crate::ops`].

mod audit;
mod daemon;
mod exec;
mod identity;
mod job;
mod key;
mod lock;
mod transfer;
mod vault;

use super::route::{Route, route};
use crate::api::{
    audit::{ShowAudit, VerifyAudit},
    daemon::{DaemonStatus, StopDaemon},
    event::{AnswerJob, CancelJob},
    exec::ExecCommand,
    identity::{AddIdentity, ListIdentities, RevokeIdentity, SetPrimaryIdentity},
    key::{
        CertifyKey, CreateKeys, ExportKeys, ExportSecretSubkeys, GenerateKeys, KeysStatus,
        LintKeys, ListKeys, PlanKeys, RenewKeys, RevocationCert, RevokeKeys, RevokeMaster,
        SshPublicKey,
    },
    lock::{AddRecipient, ChangePassphrase, ListRecipients, RemoveRecipient},
    transfer::{ExportVault, ImportVault, RestoreVault},
    vault::{
        AddVault, CheckVault, CreateVault, DiscardVault, ListSnapshots, ListVaults, OpenVault,
        RevertVault, SealVault, TrustVault, VaultStatus,
    },
};

/// Every call, once.
pub(super) fn routes() -> Vec<Route> {
    vec![
        route::<AddIdentity>(),
        route::<AddRecipient>(),
        route::<AddVault>(),
        route::<AnswerJob>(),
        route::<CancelJob>(),
        route::<CertifyKey>(),
        route::<ChangePassphrase>(),
        route::<CheckVault>(),
        route::<CreateKeys>(),
        route::<CreateVault>(),
        route::<DaemonStatus>(),
        route::<DiscardVault>(),
        route::<ExecCommand>(),
        route::<ExportKeys>(),
        route::<ExportSecretSubkeys>(),
        route::<ExportVault>(),
        route::<GenerateKeys>(),
        route::<ImportVault>(),
        route::<KeysStatus>(),
        route::<LintKeys>(),
        route::<ListIdentities>(),
        route::<ListKeys>(),
        route::<ListRecipients>(),
        route::<ListSnapshots>(),
        route::<ListVaults>(),
        route::<OpenVault>(),
        route::<PlanKeys>(),
        route::<RenewKeys>(),
        route::<RevertVault>(),
        route::<RevocationCert>(),
        route::<RemoveRecipient>(),
        route::<RestoreVault>(),
        route::<RevokeIdentity>(),
        route::<RevokeKeys>(),
        route::<RevokeMaster>(),
        route::<SealVault>(),
        route::<SetPrimaryIdentity>(),
        route::<ShowAudit>(),
        route::<SshPublicKey>(),
        route::<StopDaemon>(),
        route::<TrustVault>(),
        route::<VaultStatus>(),
        route::<VerifyAudit>(),
    ]
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    /// The sources of `api`, whatever directory below they are in.
    fn sources(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let read = |path: PathBuf| {
            if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).unwrap()] }
        };
        entries.flat_map(read).collect()
    }

    /// The verbs in the source of `api`, as its macro `call!` names them.
    fn verbs_of_the_api() -> Vec<String> {
        let text = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api")).concat();
        let calls = text.lines().filter_map(|line| line.strip_prefix("call!("));
        calls.map(|call| call.split('"').nth(1).unwrap().to_owned()).collect()
    }

    #[test]
    fn every_call_is_routed_exactly_once() {
        let mut routed: Vec<_> = routes().iter().map(|route| route.verb.to_owned()).collect();
        let mut known = verbs_of_the_api();
        assert!(known.len() > 4, "the calls of the api were not found");
        routed.sort();
        known.sort();
        assert_eq!(routed, known);
        assert_eq!(routed.iter().collect::<BTreeSet<_>>().len(), routed.len());
    }
}
