//! The audit log of a vault: `gpgsmith-audit.yaml`, chained under the vault's id.

use std::path::Path;

use gpgsmith_audit::Log;

/// Its name in the home.
pub const FILE_NAME: &str = "gpgsmith-audit.yaml";

/// The action of a new passphrase.
pub const CHANGE_PASSPHRASE: &str = "change-passphrase";

/// The action of one more recipient.
pub const ADD_RECIPIENT: &str = "add-recipient";

/// The action of one recipient less.
pub const REMOVE_RECIPIENT: &str = "remove-recipient";

/// The actions that change what opens the vault: older snapshots may open with something else.
pub const RELOCKS: [&str; 3] = [CHANGE_PASSPHRASE, ADD_RECIPIENT, REMOVE_RECIPIENT];

/// The log of the vault with the id `vault`, whose home is open at `home`.
pub fn log(home: &Path, vault: &str) -> Log {
    Log::new(home.join(FILE_NAME), vault)
}
