//! What the kernel tells of processes.

use std::fs;

use nix::unistd::Pid;

/// The processes that `parent` has started, with their names.
///
/// # Panics
/// The processes cannot be listed.
pub fn children_of(parent: Pid) -> Vec<(Pid, String)> {
    let processes = fs::read_dir("/proc").expect("the processes are listed").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let child = |pid: i32| {
        let (name, rest) = stat(pid)?;
        let is_child = rest.get(1)? == &parent.to_string();
        is_child.then(|| (Pid::from_raw(pid), name))
    };
    pids.filter_map(child).collect()
}

/// Whether it runs still; one that nobody has waited for does not.
pub fn is_alive(pid: Pid) -> bool {
    stat(pid.as_raw()).is_some_and(|(_, rest)| rest.first().is_some_and(|state| state != "Z"))
}

/// Its name, and what comes after it: the state, the parent.
fn stat(pid: i32) -> Option<(String, Vec<String>)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    Some((name.to_owned(), rest.split_whitespace().map(str::to_owned).collect()))
}
