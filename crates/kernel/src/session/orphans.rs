//! State files whose sidecar is missing, damaged, or another machine's: a sync service that brings
//! files in any order, or loses one, makes them. Only their content tells whose they are.

use std::fs;

use gpgsmith_vault::{
    Listing, SnapshotName,
    atomic::{At, PathError},
};

use super::{
    SessionError, Vault, claim,
    ephemeral::{Ephemeral, EphemeralInfo, EphemeralStatus, LockSource, parse_session_filename},
    opening::Opening,
};
use crate::home::lineage::{Itself, Lineage};

/// A state file that may lack a sidecar of its own.
#[derive(Debug)]
struct Orphan {
    state_name: String,
    canonical_base: String,
    host: String,
    /// What lies in the sidecar's place, if that is one.
    info: Option<EphemeralInfo>,
}

/// All state files in the directory, with what lies in their sidecars' places.
fn states(vault: &Vault, listing: &Listing) -> Result<Vec<Orphan>, PathError> {
    let dir = vault.store.dir();
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).at("read", dir)? {
        let entry = entry.at("read", dir)?;
        let Ok(state_name) = entry.file_name().into_string() else { continue };
        let Some((canonical_base, host)) = parse_session_filename(&state_name) else { continue };
        let is_state = canonical_base.parse::<SnapshotName>().is_ok()
            && entry.file_type().is_ok_and(|kind| kind.is_file())
            && state_name.strip_suffix(".info").is_none()
            && !listing.foreign.iter().any(|foreign| foreign.file_name == state_name);
        if is_state {
            let info = EphemeralInfo::read(&dir.join(format!("{state_name}.info"))).ok();
            let info = info.filter(|info| info.hostname == host);
            found.push(Orphan { state_name, canonical_base, host, info });
        }
    }
    found.sort_by(|a, b| a.state_name.cmp(&b.state_name));
    Ok(found)
}

impl Opening {
    /// Gives a new sidecar to each state file of this machine that has lost its own, and another
    /// name if another machine's sidecar is there.
    pub(super) async fn adopt_orphans(
        &self,
        listing: &Listing,
    ) -> Result<Vec<Ephemeral>, SessionError> {
        let machine = self.opts.state.machine();
        let mut adopted = Vec::new();
        for state in states(&self.vault, listing)? {
            let may_be_ours = match &state.info {
                None => true,
                Some(info) => {
                    let named_so = claim::host_names(&self.opts).take(9);
                    info.machine.as_ref().is_some_and(|found| found != machine)
                        && named_so.map(|host| host.to_string()).any(|host| host == state.host)
                }
            };
            if may_be_ours
                && let Some(lineage) = self.look_into(&state.state_name).await?
                && lineage.this.machine == *machine
            {
                adopted.push(self.adopt(state, &lineage.this)?);
            }
        }
        Ok(adopted)
    }

    fn adopt(&self, orphan: Orphan, this: &Itself) -> Result<Ephemeral, SessionError> {
        let Orphan { mut state_name, canonical_base, info, .. } = orphan;
        if info.is_some() {
            state_name =
                claim::rename_state(&self.vault, &self.opts, (&state_name, &canonical_base))?;
        }
        let dir = self.vault.store.dir();
        let host = parse_session_filename(&state_name).map(|(_, host)| host);
        let info = EphemeralInfo {
            hostname: host.unwrap_or_else(|| this.host.clone()),
            source: LockSource::Cli,
            started_at: this.time,
            last_heartbeat: this.time,
            generation: this.generation,
            status: EphemeralStatus::Active,
            machine: Some(this.machine.clone()),
            session: Some(this.session.clone()),
        };
        let info_path = dir.join(format!("{state_name}.info"));
        info.write(&info_path)?;
        Ok(Ephemeral {
            vault_dir: dir.to_owned(),
            canonical_base,
            session_path: Some(dir.join(state_name)),
            info_path,
            info,
        })
    }

    /// What the state file `name` says of itself; `None` when it does not open, or was written by
    /// a program without lineage.
    pub(super) async fn look_into(&self, name: &str) -> Result<Option<Lineage>, SessionError> {
        match Self::unpack(&self.vault, &self.entry, self.opts.clone(), name).await {
            Ok(state) if state.is_state_of_ours() => Ok(state.lineage),
            Ok(_) | Err(SessionError::Open { .. } | SessionError::Lineage(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
