//! A small file system in RAM, to be filled.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::program::tool;

/// A mounted tmpfs, unmounted on drop. Mounting needs root, or `sudo` without a password.
#[derive(Debug)]
pub struct Tmpfs(PathBuf);

impl Tmpfs {
    /// Mounts one with these options (`size=64k`) on a new directory, owned by us, 0700.
    ///
    /// # Panics
    /// That is not allowed.
    pub fn mount(at: &Path, options: &str) -> Self {
        fs::create_dir_all(at).expect("the mount point can be made");
        let (uid, gid) = (nix::unistd::getuid(), nix::unistd::getgid());
        let options = format!("{options},mode=0700,uid={uid},gid={gid}");
        let mut mount = as_root("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at);
        let status = mount.status().expect("mount starts");
        assert!(status.success(), "this test mounts a tmpfs: run it as root, or allow sudo");
        Self(at.to_owned())
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it to the last byte but `left`, with one file.
    ///
    /// # Panics
    /// The file cannot be made.
    pub fn fill(&self, left: u64) {
        let mut file = fs::File::create(self.0.join("ballast")).expect("there is room for a file");
        while file.write_all(&[0; 1024]).is_ok() {}
        let full = file.metadata().expect("it is open").len();
        file.set_len(full.saturating_sub(left)).expect("it can be cut");
    }

    /// Gives the space back that [`Tmpfs::fill`] took.
    ///
    /// # Panics
    /// It was not filled.
    pub fn free(&self) {
        fs::remove_file(self.0.join("ballast")).expect("it was filled");
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: a daemon that a failed test leaves may still be in it.
        let status = as_root("umount").arg("--lazy").arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "{} stays mounted", self.0.display());
    }
}

/// A command that runs as root.
pub(crate) fn as_root(name: &str) -> Command {
    if nix::unistd::geteuid().is_root() {
        return Command::new(tool(name));
    }
    let mut sudo = Command::new(tool("sudo"));
    sudo.arg("-n").arg(tool(name));
    sudo
}
