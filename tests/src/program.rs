//! The programs under test and the tools that the tests need.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    sync::OnceLock,
};

/// What to install a tool with, by its name.
const PACKAGES: [(&str, &str); 13] = [
    ("age", "age"),
    ("age-keygen", "age"),
    ("curl", "curl"),
    ("faketime", "faketime"),
    ("gpg", "gnupg"),
    ("gpg-agent", "gpg-agent"),
    ("mkfs.ext4", "e2fsprogs"),
    ("mount", "mount"),
    ("prlimit", "util-linux"),
    ("setpriv", "util-linux"),
    ("setsid", "util-linux"),
    ("tar", "tar"),
    ("umount", "mount"),
];

/// `gpgsmith`, built by the cargo and with the profile of the running test, once a process.
///
/// # Panics
/// It does not build.
pub fn gpgsmith() -> &'static Path {
    static PROGRAM: OnceLock<Result<PathBuf, ExitStatus>> = OnceLock::new();
    match PROGRAM.get_or_init(|| built("gpgsmith")) {
        Ok(program) => program,
        Err(status) => panic!("gpgsmith does not build: {status}"),
    }
}

/// Cargo knows whether the program is up to date; it lies two directories above the test, which
/// is in `<target>/<profile>/deps`.
fn built(package: &str) -> Result<PathBuf, ExitStatus> {
    let test = env::current_exe().expect("this test has a path");
    let profile = test.ancestors().nth(2).expect("the test lies in a target directory");
    let target = profile.parent().expect("the profile lies in the target directory");
    let name = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", package, "--profile", name]);
    cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    let status = cargo.status().expect("cargo starts");
    if status.success() { Ok(profile.join(package)) } else { Err(status) }
}

/// Where a tool is.
///
/// # Panics
/// It is not in `PATH`; the message is the command that installs it.
pub fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        let package = PACKAGES.iter().find(|(tool, _)| *tool == name).map_or(name, |(_, p)| p);
        panic!("this test needs {name}: apt-get install -y {package}")
    })
}
