//! What a process does before it touches a secret, each in a process of its own.

use std::{env, process::Command};

use gpgsmith_kernel::hardening::{harden_face, harden_process};
use nix::sys::{
    prctl::get_dumpable,
    resource::{Resource, getrlimit, setrlimit},
};

/// Runs the test `name` of this file once more, in a process of its own; whether this is it.
fn alone(name: &str) -> bool {
    const MARK: &str = "GPGSMITH_TEST_ALONE";
    if env::var_os(MARK).is_some() {
        return true;
    }
    let mut test = Command::new(env::current_exe().unwrap());
    test.arg(format!("hardening::{name}")).args(["--exact", "--nocapture"]).env(MARK, "1");
    assert!(test.status().unwrap().success());
    false
}

fn core_limit() -> (u64, u64) {
    getrlimit(Resource::RLIMIT_CORE).unwrap()
}

#[test]
fn w44_a_hardened_process_cannot_be_dumped() {
    if alone("w44_a_hardened_process_cannot_be_dumped") {
        for _ in 0..2 {
            harden_process().unwrap();
            assert!(!get_dumpable().unwrap());
            assert_eq!(core_limit(), (0, 0));
        }
    }
}

#[test]
fn w44_a_face_keeps_the_limit_of_its_subshell() {
    if alone("w44_a_face_keeps_the_limit_of_its_subshell") {
        let (_, hard) = core_limit();
        let soft = hard.min(4096);
        setrlimit(Resource::RLIMIT_CORE, soft, hard).unwrap();
        let limit = harden_face().unwrap();
        assert!(!get_dumpable().unwrap());
        assert_eq!(core_limit(), (0, hard));
        assert_eq!(limit.lifted(core_limit), (soft, hard));
        let child = limit.lifted(|| Command::new("sh").args(["-c", "ulimit -c"]).output().unwrap());
        assert_ne!(String::from_utf8(child.stdout).unwrap().trim(), "0");
        assert_eq!(core_limit(), (0, hard));
    }
}
