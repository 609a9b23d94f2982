//! The second wall: what gpg and its agent may touch, whatever a hostile home makes them try.
//!
//! They may read and run what the system installed, and read and write their home, but run nothing
//! from it; nothing else is there for them, and no network.

use std::io;
use std::path::{Path, PathBuf};

/// Whether the children of a [`Client`](crate::Client) are walled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// By Landlock: all that its rules name, or as much of it as this Linux knows.
    Landlock,
    /// Not, because this system has no Landlock.
    Unsupported,
    /// Not, because the caller did not want it.
    Off,
}

/// Which paths the children get, besides the system's own.
#[derive(Debug)]
pub(crate) struct Rooms<'a> {
    /// May be read, and programs run from there.
    pub(crate) programs: &'a [PathBuf],
    /// May be read and written, but nothing run.
    pub(crate) writable: &'a [PathBuf],
}

/// A rule set that a child enters before it runs its program, and can never leave.
#[derive(Debug)]
pub(crate) struct Wall {
    #[cfg(target_os = "linux")]
    rules: std::os::fd::OwnedFd,
}

/// Where a system keeps programs, libraries and their settings.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/etc",
    "/nix/store",
    "/gnu/store",
    "/run/current-system/sw",
];
const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

#[cfg(target_os = "linux")]
mod linux {
    use super::{DEVICES, Path, PathBuf, Rooms, SYSTEM, Wall, io};
    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
        RulesetCreated, RulesetCreatedAttr, RulesetError, path_beneath_rules,
    };
    use std::os::fd::{AsRawFd, OwnedFd};

    impl Wall {
        /// `None` where the system has no Landlock.
        pub(crate) fn build(rooms: &Rooms<'_>) -> io::Result<Option<Self>> {
            let rules = rules(rooms).map_err(io::Error::other)?;
            Ok(Option::<OwnedFd>::from(rules).map(|rules| Self { rules }))
        }

        /// Runs between fork and exec: system calls only.
        #[expect(unsafe_code, reason = "the landlock crate's own call may allocate")]
        pub(crate) fn enter(&self) -> io::Result<()> {
            nix::sys::prctl::set_no_new_privs()?;
            // SAFETY: takes a descriptor that `self` owns, and touches no memory.
            let done = unsafe {
                libc::syscall(libc::SYS_landlock_restrict_self, self.rules.as_raw_fd(), 0)
            };
            if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
        }
    }

    fn rules(rooms: &Rooms<'_>) -> Result<RulesetCreated, RulesetError> {
        let abi = ABI::V7;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let run = read | AccessFs::Execute;
        let devices = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        let work: BitFlags<AccessFs> = AccessFs::from_all(abi) & !BitFlags::from(AccessFs::Execute);
        Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, run))?
            .add_rules(path_beneath_rules(rooms.programs, run))?
            .add_rules(path_beneath_rules(["/proc"], read))?
            .add_rules(path_beneath_rules(DEVICES, devices))?
            .add_rules(path_beneath_rules(rooms.writable, work))
    }

    /// The directories that a program outside the system's own needs: its siblings and libraries.
    pub(crate) fn of_program(program: &Path) -> Vec<PathBuf> {
        let Some(bin) = program.parent() else { return Vec::new() };
        let beside = |name: &str| bin.parent().map(|prefix| prefix.join(name));
        let libraries = ["lib", "lib64", "libexec", "share", "etc"].into_iter().filter_map(beside);
        let inside = |dir: &PathBuf| !SYSTEM.iter().any(|system| dir.starts_with(system));
        std::iter::once(bin.to_owned()).chain(libraries).filter(inside).collect()
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::of_program;

#[cfg(not(target_os = "linux"))]
impl Wall {
    pub(crate) fn build(_rooms: &Rooms<'_>) -> io::Result<Option<Self>> {
        Ok(None)
    }

    pub(crate) fn enter(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn of_program(_program: &Path) -> Vec<PathBuf> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::Call;
    use std::sync::Arc;
    use std::time::Duration;

    /// What a confined shell prints; it tells with `no` what it could not do.
    async fn confined(home: &Path, script: &str) -> String {
        let writable = [home.to_owned()];
        let wall = Wall::build(&Rooms { programs: &[], writable: &writable }).unwrap();
        let wall = Arc::new(wall.expect("this system has Landlock"));
        let mut call = Call::new(Path::new("/bin/bash"), home, Duration::from_secs(20));
        call.wall = Some(wall);
        let call = call.args(["-c", script]);
        String::from_utf8(call.run().await.unwrap().stdout).unwrap()
    }

    fn dirs() -> (tempfile::TempDir, tempfile::TempDir) {
        let dir = || tempfile::Builder::new().prefix("wall-").tempdir().unwrap();
        (dir(), dir())
    }

    #[tokio::test]
    async fn a_child_behind_the_wall_sees_its_home_and_the_system_only() {
        let (home, other) = dirs();
        let outside = other.path().join("secret");
        nix::unistd::mkfifo(&outside, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let path = other.path().display();
        let script = format!(
            "try() {{ \"$@\" 2>/dev/null && echo yes || echo no; }}
            cd ~; try touch inside; try cat inside
            try ls {path}; try touch {path}/new; try mkdir {path}/dir; try head -c0 /etc/passwd; try ls /var"
        );
        let tried = confined(home.path(), &script).await.replace('\n', " ");
        insta::assert_snapshot!(tried, @"yes yes no no no yes no");
    }

    #[tokio::test]
    async fn a_child_behind_the_wall_runs_nothing_from_its_home() {
        let (home, _) = dirs();
        let script = "cd ~; cp /bin/true mine; chmod +x mine; ./mine 2>/dev/null && echo ran || echo refused";
        assert_eq!(confined(home.path(), script).await, "refused\n");
    }

    #[tokio::test]
    async fn a_child_behind_the_wall_has_no_network() {
        let (home, _) = dirs();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached || echo refused");
        assert_eq!(
            confined(home.path(), &format!("({script}) 2>/dev/null || echo refused")).await,
            "refused\n"
        );
    }
}
