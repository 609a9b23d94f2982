//! Which files of a vault directory are this session's to replace and to remove. A sync service
//! writes there, too, and may bring the files of another machine of this host name.

use std::{io, mem, path::Path};

use gpgsmith_vault::atomic::PathError;

use super::{
    SessionError, SessionOpts, Shared, Vault,
    ephemeral::{
        EphemeralInfo, delete_ephemeral_files, parse_session_filename, session_filenames_for,
    },
    host::HostName,
    work::{Pair, Work},
};
use crate::id::MachineId;

impl Shared {
    /// Whether nothing but this session's own files is at the names of `pair`.
    pub(super) async fn holds(&self, pair: &Pair) -> Result<bool, SessionError> {
        Ok(self.is_own_info(&pair.info) && self.holds_state(pair).await?)
    }

    /// Whether the state file is as this session has written it, or missing.
    async fn holds_state(&self, pair: &Pair) -> Result<bool, SessionError> {
        let (store, name) = (self.store.clone(), pair.state_name.clone());
        match tokio::task::spawn_blocking(move || store.sha256(&name)).await? {
            Ok(found) => Ok(pair.written == Some(found)),
            Err(error) => Ok(error.kind() == io::ErrorKind::NotFound),
        }
    }

    /// Whether the sidecar at `info` is this machine's, or nobody's.
    pub(super) fn is_own_info(&self, info: &Path) -> bool {
        is_own_info(info, self.opts.state.machine())
    }

    /// Gives the pair other names where another machine's files have taken the place of its own;
    /// returns the old ones, under which a state of this session may still be.
    pub(super) async fn claim(&self, open: &mut Work) -> Result<Option<Pair>, SessionError> {
        if self.holds(&open.pair).await? {
            return Ok(None);
        }
        let base = self.brief().canonical_base;
        for host in host_names(&self.opts) {
            let free = Pair::new(self.store.dir(), &base, host.as_str());
            if self.holds(&free).await? {
                tracing::warn!(name = open.pair.state_name, "another machine has taken this name");
                *self.sidecar.lock().await = Some(free.info.clone());
                return Ok(Some(mem::replace(&mut open.pair, free)));
            }
        }
        Ok(None)
    }

    /// Removes what is this session's at the names of `pair`.
    pub(super) async fn remove(&self, pair: &Pair) -> Result<(), SessionError> {
        let state = self.holds_state(pair).await?.then_some(pair.state.as_path());
        let info = self.is_own_info(&pair.info).then_some(pair.info.as_path());
        Ok(delete_ephemeral_files(state, info)?)
    }
}

fn is_own_info(info: &Path, machine: &MachineId) -> bool {
    let found = EphemeralInfo::read(info).ok().and_then(|info| info.machine);
    found.is_none_or(|found| found == *machine)
}

/// The host names that this machine's files may have, the usual one first.
pub(super) fn host_names(opts: &SessionOpts) -> impl Iterator<Item = HostName> {
    let short = opts.state.machine().short().to_owned();
    let numbered = (2..).map(move |n: u64| format!("{short}-{n}"));
    let suffixes = std::iter::once(opts.state.machine().short().to_owned()).chain(numbered);
    let host = opts.host.clone();
    std::iter::once(opts.host.clone()).chain(suffixes.map(move |suffix| host.with_suffix(&suffix)))
}

/// The host name for the files of a session on `canonical` that begins: of `resumed`, if that is
/// this machine's state file; else the first under which no other machine's files lie.
pub(super) fn free_host(
    vault: &Vault,
    opts: &SessionOpts,
    (canonical, resumed): (&str, Option<&str>),
) -> HostName {
    let dir = vault.store.dir();
    let machine = opts.state.machine();
    let is_free = |host: &HostName| {
        let (state, info) = session_filenames_for(canonical, host.as_str());
        match EphemeralInfo::read(&dir.join(info)) {
            Ok(info) => info.machine.is_none_or(|found| found == *machine),
            Err(_) => dir.join(state).symlink_metadata().is_err(),
        }
    };
    let of_resumed =
        resumed.and_then(parse_session_filename).and_then(|(_, host)| host.parse().ok());
    let own = |host: &HostName| host_names(opts).take(9).any(|own| own == *host);
    let mut hosts = of_resumed.filter(own).into_iter().chain(host_names(opts));
    hosts.find(is_free).unwrap_or_else(|| opts.host.clone())
}

/// Renames a state file of this machine to the first name that is free. Whoever writes the sidecar
/// of that name makes it durable.
pub(super) fn rename_state(
    vault: &Vault,
    opts: &SessionOpts,
    (state_name, canonical): (&str, &str),
) -> Result<String, PathError> {
    use gpgsmith_vault::atomic::At as _;
    let host = free_host(vault, opts, (canonical, None));
    let (name, _) = session_filenames_for(canonical, host.as_str());
    let dir = vault.store.dir();
    std::fs::rename(dir.join(state_name), dir.join(&name)).at("rename", &dir.join(state_name))?;
    Ok(name)
}
