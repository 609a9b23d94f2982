//! What the kernel tells of processes.

use std::fs;

use nix::unistd::Pid;

/// The processes that `parent` has started, with their names.
///
/// # Panics
/// The processes cannot be listed.
pub fn children_of(parent: Pid) -> Vec<(Pid, String)> {
    let child = |pid: i32| {
        let (name, rest) = stat(pid)?;
        let is_child = rest.get(1)? == &parent.to_string();
        is_child.then(|| (Pid::from_raw(pid), name))
    };
    all().filter_map(child).collect()
}

/// All processes with their command lines, the words apart by zeros. Some have none.
///
/// # Panics
/// The processes cannot be listed.
pub(crate) fn commands() -> impl Iterator<Item = (Pid, String)> {
    all().filter_map(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((Pid::from_raw(pid), String::from_utf8_lossy(&line).into_owned()))
    })
}

fn all() -> impl Iterator<Item = i32> {
    let processes = fs::read_dir("/proc").expect("the processes are listed").flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
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
