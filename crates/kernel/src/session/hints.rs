//! Session errors on the wire: a code, and what to do next.

use gpgsmith_gpg::{Error as GpgError, ToolError};
use gpgsmith_vault::{OpenError, SealError, SnapshotName, WorkdirError, atomic::PathError};
use jiff::SignedDuration;

use super::{
    error::{ReadOnly, SessionError},
    heads::Refusal,
    seen::SeenError,
    trust::MasterKeyMismatch,
};
use crate::api::{ApiError, Code, Hint};

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        Self::chain(error.code(), &error).with_hint(error.hint())
    }
}

impl SessionError {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Closed => Code::NoSession,
            Self::ReadOnly { .. }
            | Self::Diverged { .. }
            | Self::SecretLost { .. }
            | Self::AsksForAead { .. }
            | Self::Refused { .. } => Code::Refused,
            Self::Busy { .. } | Self::Live { .. } => Code::Busy,
            Self::Unfinished { .. } => Code::Unfinished,
            Self::NothingToResume { .. } | Self::NoSuchSnapshot(_) | Self::AlreadyNewest(_) => {
                Code::BadRequest
            }
            Self::NoSnapshots { .. }
            | Self::NoNameLeft
            | Self::HomeGone { .. }
            | Self::Append(_) => Code::Io,
            Self::Damaged { .. } => Code::Damaged,
            Self::Open { source, .. } => open_code(source),
            Self::Seal { source, .. } => seal_code(source),
            Self::Workdir(WorkdirError::NoRamFilesystem { .. }) => Code::NoRam,
            Self::Workdir(WorkdirError::NoSpace { .. }) => Code::NoSpace,
            Self::Gpg(GpgError::WrongPassphrase { .. }) => Code::WrongPassphrase,
            Self::Gpg(_) => Code::Gpg,
            Self::Path(error)
            | Self::Seen(SeenError::Path(error))
            | Self::Workdir(WorkdirError::Path(error)) => path_code(error),
            Self::Seen(_) | Self::Lineage(_) | Self::Settings(_) | Self::Audit(_) => Code::BadFile,
            Self::Mismatch(_) => Code::MasterKeyMismatch,
            Self::Task(_) => Code::Internal,
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Closed => Some(Hint::run("Open the vault again.", "vault open", &[])),
            Self::ReadOnly { vault, why } => Some(read_only_hint(vault, why)),
            Self::Busy { vault } => Some(Hint::advice(format!(
                "Seal or discard the vault {vault} there first; the state directory holds its lock."
            ))),
            Self::Live { .. } => Some(Hint::advice(
                "Seal or discard it there. If that program is dead, try again 90 seconds after its last heartbeat.",
            )),
            Self::Unfinished { vault, .. } => Some(Hint::run(
                "Go on with it (or give --fresh to throw it away).",
                "vault open",
                &[vault, "--resume"],
            )),
            Self::NoSnapshots { dir } => Some(Hint::advice(format!(
                "Check that your sync service has brought the files into {}.",
                dir.display()
            ))),
            Self::Damaged { vault, before: Some(before), .. } => Some(Hint::run(
                "Open the snapshot before it, for reading.",
                "vault open",
                &[vault, "--snapshot", before],
            )),
            Self::NoSuchSnapshot(_) => {
                Some(Hint::run("See which snapshots there are.", "vault snapshots", &[]))
            }
            Self::Open { vault, source } => open_hint(vault, source),
            Self::Seal { source, .. } => seal_hint(source),
            Self::Path(error) => Some(path_hint(error)),
            Self::Workdir(error) => Some(workdir_hint(error)),
            Self::Gpg(error) => gpg_hint(error),
            Self::Mismatch(mismatch) => Some(mismatch_hint(mismatch)),
            Self::Refused { vault, why } => Some(refusal_hint(vault, why)),
            Self::Seen(SeenError::Parse { .. } | SeenError::Version { .. }) => Some(Hint::advice(
                "Mend that file. Removing it lets this machine forget what it has seen, so that a rollback would go unnoticed.",
            )),
            Self::AsksForAead { .. } => Some(Hint::advice(
                "Nothing has changed: programs that cannot read OCB could no longer write to you. Let gpg leave it out of the preferences.",
            )),
            Self::Diverged { .. } => Some(Hint::run(
                "Your work is safe in this session. Discard it and do it again on the newest snapshot, or seal it beside that one: both are kept, and yours, without the other's changes, opens next.",
                "vault seal",
                &["--fork"],
            )),
            Self::HomeGone { .. } => Some(Hint::run(
                "Nothing was written. Stop the daemon, then open the vault: it offers the last finished step.",
                "daemon stop",
                &[],
            )),
            _ => None,
        }
    }
}

fn open_code(error: &OpenError) -> Code {
    match error {
        OpenError::WrongPassphrase { .. } => Code::WrongPassphrase,
        OpenError::WrongIdentity { .. } => Code::WrongIdentity,
        OpenError::KeyKind { .. } => Code::NeedsPassphrase,
        OpenError::ExcessiveWork { .. } => Code::Refused,
        OpenError::NoSpace { .. } => Code::NoSpace,
        OpenError::Path(error) => path_code(error),
        _ => Code::Damaged,
    }
}

fn seal_code(error: &SealError) -> Code {
    match error {
        SealError::NameTaken { .. } => Code::Exists,
        SealError::NoSpace { .. } => Code::NoSpace,
        SealError::Path(error) => path_code(error),
        _ => Code::Io,
    }
}

/// The code of what the system said.
pub(crate) fn path_code(error: &PathError) -> Code {
    if error.is_full() { Code::NoSpace } else { Code::Io }
}

fn read_only_hint(vault: &str, why: &ReadOnly) -> Hint {
    match why {
        ReadOnly::Asked | ReadOnly::Older(_) => {
            Hint::run("Open it for work.", "vault open", &[vault])
        }
        ReadOnly::Future(_) => Hint::run(
            "Check this machine's clock. If it is right, and you know who sealed that snapshot:",
            "vault open",
            &[vault, "--accept-future"],
        ),
        ReadOnly::Unnamed(keys) => match keys.as_slice() {
            [only] => Hint::run(
                "If this is the fingerprint of your master key, say so, then open it again.",
                "vault trust",
                &[vault, only],
            ),
            _ => Hint::advice(format!(
                "Name your master key with `gpgsmith vault trust {vault} FINGERPRINT`, then open it again."
            )),
        },
    }
}

fn open_hint(vault: &str, error: &OpenError) -> Option<Hint> {
    match error {
        OpenError::WrongPassphrase { .. } => {
            Some(Hint::run("Try again; nothing has changed.", "vault open", &[vault]))
        }
        OpenError::WrongIdentity { .. } => Some(Hint::advice(
            "Name the age identity file that belongs to this vault in the registry.",
        )),
        OpenError::NoSpace { .. } => {
            Some(Hint::advice("Free space in RAM (`df -h /dev/shm`), then open it again."))
        }
        OpenError::Path(error) => Some(path_hint(error)),
        _ => None,
    }
}

fn seal_hint(error: &SealError) -> Option<Hint> {
    let advice = match (error, seal_code(error)) {
        (_, Code::NoSpace) => {
            "Free space in the vault's directory, then try again; the session is whole."
        }
        (SealError::NoExclusiveRename { .. }, _) => {
            "Keep the vault on a file system that can rename without replacing, such as that of your home directory."
        }
        (SealError::Path(_), _) => {
            "Make the vault's directory writable, then try again; the session is whole."
        }
        _ => return None,
    };
    Some(Hint::advice(advice))
}

fn path_hint(error: &PathError) -> Hint {
    Hint::advice(match path_code(error) {
        Code::NoSpace => "Free space on its disk, then try again; what was there is whole.",
        _ if error.source.kind() == std::io::ErrorKind::NotFound => {
            "Check that its disk is mounted, and that your sync service has brought it."
        }
        _ => "Make it readable and writable, then try again; what was there is whole.",
    })
}

fn workdir_hint(error: &WorkdirError) -> Hint {
    match error {
        WorkdirError::NoRamFilesystem { .. } => Hint::advice(
            "Mount one (`mount -t tmpfs -o mode=1777 tmpfs /dev/shm`), or allow a disk with `allow_disk_workdir: true` in gpgsmith.yaml beside the registry.",
        ),
        WorkdirError::NoSpace { .. } => {
            Hint::advice("Free space in RAM (`df -h /dev/shm`), then open it again.")
        }
        WorkdirError::Path(error) => path_hint(error),
    }
}

fn gpg_hint(error: &GpgError) -> Option<Hint> {
    match error {
        GpgError::Tool(ToolError::NotFound { .. }) => Some(Hint::advice(
            "Install GnuPG (Debian, Ubuntu: `apt install gnupg`; macOS: `brew install gnupg`), then try again.",
        )),
        GpgError::WrongPassphrase { .. } => {
            Some(Hint::advice("These keys have a passphrase of their own: give that one."))
        }
        _ => None,
    }
}

fn mismatch_hint(mismatch: &MasterKeyMismatch) -> Hint {
    let vault = mismatch.vault_name.as_str();
    if mismatch.found.parse::<gpgsmith_gpg::Fingerprint>().is_ok() {
        Hint::run(
            "Someone may have replaced the snapshot: do not go on unless you changed the master key yourself. If you did:",
            "vault trust",
            &[vault, &mismatch.found],
        )
    } else {
        Hint::run(
            "Someone may have replaced the snapshot: do not go on unless you know why. If you do:",
            "vault trust",
            &[vault, "--none"],
        )
    }
}

/// What to do where two machines have sealed under one name.
fn kept_advice(kept: &str, newest: &str) -> String {
    let above = newest.parse::<SnapshotName>().map(|newest| {
        let taken = newest.taken() + SignedDuration::from_secs(1);
        SnapshotName::new(taken, newest.slug().clone()).file_name()
    });
    let above = above.unwrap_or_else(|_| "the name of a newer snapshot".to_owned());
    format!(
        "Another machine may have sealed under the same name. Rename {kept} to {above}, and open again: both are kept then. If it is meant to be gone:"
    )
}

/// What is refused can be read at least, and what is only unusual can be accepted.
fn refusal_hint(vault: &str, why: &Refusal) -> Hint {
    let advice = match why {
        Refusal::Rollback { kept: Some(kept), newest, .. } => {
            return Hint::run(
                kept_advice(kept, newest),
                "vault open",
                &[vault, "--accept-rollback"],
            );
        }
        Refusal::Rollback { kept: None, .. } => {
            "Bring it back from the sync service's history, and open again. If it is meant to be gone:"
        }
        Refusal::Replay { .. } => {
            "Someone may want you to work on an old state: remove that file. If you put it there yourself:"
        }
        Refusal::OtherVault { .. } => {
            "Someone may have replaced the vault. If you put another one there yourself:"
        }
        Refusal::LineageLost { .. } => {
            "Someone may have replaced it with a snapshot of the time before this program. If you sealed it yourself:"
        }
        Refusal::Forged { head, .. } => {
            return Hint::run(
                "Someone who can only write to the vault made it: remove that file, and open again. What this machine saw last can be read:",
                "vault open",
                &[vault, "--snapshot", head],
            );
        }
    };
    Hint::run(advice, "vault open", &[vault, "--accept-rollback"])
}
