//! A disk of its own, whose power can be cut.

use std::{
    fs::{self, File},
    os::fd::AsRawFd as _,
    path::{Path, PathBuf},
    process::Command,
};

use nix::libc;

use crate::{program::tool, tmpfs::as_root, wait::wait_until};

/// `_IOR('X', 125, __u32)`, linux/fs/ext4/ext4.h.
const EXT4_IOC_SHUTDOWN: libc::c_ulong = 0x8004_587d;

/// Neither data nor journal is written any more.
const NO_LOG_FLUSH: u32 = 2;

/// An ext4 file system in a file, mounted through a loop device; unmounted on drop. Mounting and
/// cutting need root. Nothing but what a program syncs comes to it in time.
#[derive(Debug)]
pub struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    /// Makes one in the file `image` and mounts it at a new or empty directory.
    ///
    /// # Panics
    /// It cannot be made or mounted.
    pub fn mount(image: &Path, at: &Path) -> Self {
        let file = File::create(image).expect("the image can be made");
        file.set_len(32 << 20).expect("the image can grow");
        let mut mkfs = Command::new(tool("mkfs.ext4"));
        let status = mkfs.args(["-q", "-F"]).arg(image).status().expect("mkfs.ext4 starts");
        assert!(status.success(), "no file system in {}", image.display());
        fs::create_dir_all(at).expect("the mount point can be made");
        let disk = Self { image: image.to_owned(), at: at.to_owned() };
        disk.attach();
        disk
    }

    /// The power fails: what is not on the disk by now never will be.
    ///
    /// # Panics
    /// Only root may do this.
    #[expect(unsafe_code, reason = "there is no other way to ask ext4 for it")]
    pub fn cut(&self) {
        let root = File::open(&self.at).expect("it is mounted");
        // SAFETY: the call reads one integer at a valid address, as its number says.
        let done = unsafe { libc::ioctl(root.as_raw_fd(), EXT4_IOC_SHUTDOWN, &NO_LOG_FLUSH) };
        assert_eq!(done, 0, "this test shuts a file system down: run it as root");
    }

    /// The power is there again. Nobody may have a file open on it any more.
    ///
    /// # Panics
    /// Somebody has.
    pub fn restore(&self) {
        wait_until("the disk is let go", || self.detach(&[]));
        self.attach();
    }

    /// Waits until all of it is on the disk.
    ///
    /// # Panics
    /// It cannot be.
    pub fn sync(&self) {
        let root = File::open(&self.at).expect("it is mounted");
        nix::unistd::syncfs(root).expect("it is healthy");
    }

    fn attach(&self) {
        let mut mount = as_root("mount");
        // The journal is committed when somebody asks for it, not by the clock.
        mount.args(["-t", "ext4", "-o", "loop,commit=3600"]).arg(&self.image).arg(&self.at);
        let status = mount.status().expect("mount starts");
        assert!(
            status.success(),
            "this test mounts an ext4 image through a loop device: run it as root on a machine \
             that has them (`losetup --find` names one; `modprobe loop` may bring them)"
        );
    }

    fn detach(&self, options: &[&str]) -> bool {
        let mut umount = as_root("umount");
        umount.args(options).arg("--quiet").arg(&self.at);
        umount.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a daemon that a failed test leaves may still be in it.
        assert!(self.detach(&["--lazy"]), "{} stays mounted", self.at.display());
    }
}
