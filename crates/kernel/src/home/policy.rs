//! What a snapshot brings is inert: only this allow-list enters the home that gpg sees; the rest
//! is carried beside it and sealed again.
//!
//! gpg, its agent and scdaemon obey option files (`gpg.conf`, `gpg.conf-2`, `gpg-agent.conf`,
//! `scdaemon.conf`, `common.conf`), run an executable `scd-event`, and follow a text file
//! `S.gpg-agent` to another agent; whoever can write a snapshot could run a program with any of
//! them.

use std::path::{Component, Path};

use gpgsmith_vault::{Kind, Place, Policy};

/// Files of the top level that gpg or gpgsmith needs.
const FILES: [&str; 3] = ["pubring.kbx", "pubring.gpg", "trustdb.gpg"];

/// The policy for a GNUPGHOME of ours.
pub fn gnupg_home() -> Policy {
    Policy::new(place, skip)
}

/// Where an entry of a GNUPGHOME goes: what gpg may see, what is carried beside it, what is left out.
pub fn place(path: &Path, kind: Kind) -> Place {
    if is_transient(path) {
        Place::Drop
    } else if enters_home(path, kind) {
        Place::Main
    } else {
        Place::Aside
    }
}

/// Whether it is gpg's: what enters the home, but for our own files.
pub fn is_gpgs(path: &Path, kind: Kind) -> bool {
    place(path, kind) == Place::Main && !path.to_str().is_some_and(is_ours)
}

fn skip(path: &Path) -> bool {
    is_transient(path)
}

fn enters_home(path: &Path, kind: Kind) -> bool {
    let mut names = path.components().filter_map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    match (kind, names.next(), names.next(), names.next()) {
        (Kind::File, Some(name), None, None) => FILES.contains(&name) || is_ours(name),
        (Kind::Directory, Some("private-keys-v1.d" | "openpgp-revocs.d"), None, None) => true,
        (Kind::File, Some("private-keys-v1.d"), Some(name), None) => is_hex40(name, ".key"),
        (Kind::File, Some("openpgp-revocs.d"), Some(name), None) => is_hex40(name, ".rev"),
        _ => false,
    }
}

/// `gpgsmith.yaml`, `gpgsmith-audit.yaml`, `gpgsmith-lineage.yaml` and their kin.
fn is_ours(name: &str) -> bool {
    name.strip_suffix(".yaml").is_some_and(|stem| stem.starts_with("gpgsmith"))
}

fn is_hex40(name: &str, suffix: &str) -> bool {
    name.strip_suffix(suffix)
        .is_some_and(|stem| stem.len() == 40 && stem.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What gpg makes anew, at every depth: sockets, locks, the random seed, history.
fn is_transient(path: &Path) -> bool {
    path.components().any(|component| {
        component.as_os_str().to_str().is_some_and(|name| {
            name.starts_with(".#lk")
                || name.starts_with("S.")
                || name.strip_suffix(".lock").is_some()
                || name == "random_seed"
                || name == ".gpg-connect-history"
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn where_goes(path: &str) -> Place {
        place(Path::new(path), Kind::File)
    }

    #[test]
    fn only_the_allow_list_enters_the_home() {
        let key = format!("private-keys-v1.d/{}.key", "A".repeat(40));
        let revocation = format!("openpgp-revocs.d/{}.rev", "0".repeat(40));
        for name in ["pubring.kbx", "trustdb.gpg", "gpgsmith.yaml", &key, &revocation] {
            assert_eq!(where_goes(name), Place::Main, "{name}");
        }
    }

    #[test]
    fn w27_option_files_are_kept_and_not_obeyed() {
        for name in [
            "gpg.conf",
            "gpg.conf-2",
            "gpg.conf-2.2.40",
            "gpg-agent.conf",
            "scdaemon.conf",
            "common.conf",
            "scd-event",
            "dirmngr.conf",
            "crls.d/DIR.txt",
            "private-keys-v1.d/x.key",
            "sub/pubring.kbx",
            "tofu.db",
            "pubring.kbx~",
            "private-keys-v1.d/a/b.key",
        ] {
            assert_eq!(where_goes(name), Place::Aside, "{name}");
        }
    }

    #[test]
    fn w21_sockets_and_locks_are_left_out() {
        for name in [
            "S.gpg-agent",
            "S.scdaemon",
            "S.dirmngr",
            "S.keyboxd",
            "pubring.kbx.lock",
            ".#lk0x1",
            "random_seed",
        ] {
            assert_eq!(where_goes(name), Place::Drop, "{name}");
        }
    }

    #[test]
    fn no_link_stands_in_for_an_allowed_name() {
        assert_eq!(place(Path::new("pubring.kbx"), Kind::Link), Place::Aside);
        assert_eq!(place(Path::new("private-keys-v1.d"), Kind::Link), Place::Aside);
    }
}
