//! Error texts: what failed, on which thing.

use std::{error::Error, io, path::PathBuf};

use gpgsmith_vault::{
    ArchiveError, BadPassphrase, Damage, IdentityError, KeyKind, NoNameLeft, OpenError,
    ScryptError, SealError, Slug, SnapshotName, WorkdirError, atomic::PathError,
};

use crate::{at, slug};

fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    std::iter::once(error.to_string())
        .chain(causes.map(ToString::to_string))
        .collect::<Vec<_>>()
        .join(": ")
}

fn path() -> PathBuf {
    "/v/x.tar.age".into()
}

#[test]
fn opening() {
    let io = || io::Error::new(io::ErrorKind::InvalidData, "decryption error");
    let errors = [
        OpenError::WrongPassphrase { path: path() },
        OpenError::WrongIdentity { path: path() },
        OpenError::ExcessiveWork { path: path(), required: 22, allowed: 20 },
        OpenError::KeyKind { path: path(), file: KeyKind::Identity, given: KeyKind::Passphrase },
        OpenError::Damaged { path: path(), source: Damage::Payload(io()) },
        OpenError::Archive { path: path(), source: ArchiveError::Truncated },
        OpenError::NoSpace { path: path() },
        OpenError::NoSpace { path: "/v/\u{1b}[2Jx\n".into() },
        OpenError::Path(PathError { doing: "open", path: path(), source: io() }),
    ];
    let texts: Vec<_> = errors.iter().map(|error| chain(error)).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn sealing() {
    let read_back = Box::new(OpenError::WrongPassphrase { path: path() });
    let last = SnapshotName::new(at("2026-01-01T00:00:00Z"), slug("x"));
    let errors: [&dyn Error; 9] = [
        &SealError::NameTaken { path: path() },
        &SealError::NoExclusiveRename { path: path() },
        &SealError::NoSpace { path: path() },
        &SealError::Scrypt { path: path(), source: ScryptError::SelfTest },
        &SealError::Scrypt { path: path(), source: ScryptError::Unstable },
        &SealError::ReadBack { path: path(), source: read_back },
        &SealError::Differs { path: path() },
        &NoNameLeft::Exhausted { above: Box::new(last) },
        &WorkdirError::NoRamFilesystem { tried: vec!["/dev/shm".into(), "/run/user/1".into()] },
    ];
    let texts: Vec<_> = errors.iter().map(|error| chain(*error)).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn keys_and_names() {
    let errors: [&dyn Error; 8] = [
        &BadPassphrase::Empty,
        &BadPassphrase::TooLong { bytes: 300 },
        &BadPassphrase::LineBreak,
        &IdentityError::PassphraseNeeded { path: path() },
        &IdentityError::Syntax { path: path(), line: 3 },
        &IdentityError::Empty { path: path() },
        &"a b".parse::<Slug>().unwrap_err(),
        &"x".parse::<SnapshotName>().unwrap_err(),
    ];
    let texts: Vec<_> = errors.iter().map(|error| chain(*error)).collect();
    insta::assert_snapshot!(texts.join("\n"));
}
