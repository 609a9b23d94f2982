//! Completion of the words of a command line, asked for by the scripts of `completions`.

use std::env;

use clap::CommandFactory as _;
use clap_complete::{ArgValueCandidates, CompleteEnv, CompletionCandidate};
use gpgsmith_kernel::registry::{Registry, default_config_path};

use crate::args::Cli;

/// Where a completion script says that it wants an answer.
pub(crate) const VARIABLE: &str = "COMPLETE";

/// Answers a completion script, if this process was started by one.
pub(crate) fn answered() -> bool {
    if env::var_os(VARIABLE).is_none() {
        return false;
    }
    let cwd = env::current_dir().ok();
    let complete = CompleteEnv::with_factory(Cli::command).var(VARIABLE);
    complete.try_complete(env::args_os(), cwd.as_deref()).unwrap_or(false)
}

/// The names of the vaults, from the registry alone: no daemon is started.
pub(crate) fn vaults() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let config = default_config_path().and_then(|path| Registry::at(path).load().ok());
        let names = config.map(|config| config.vault_names()).unwrap_or_default();
        names.into_iter().map(CompletionCandidate::new).collect()
    })
}
