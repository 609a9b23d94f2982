use nix::sys::prctl;

/// Clears the dumpable flag: no ptrace, no `/proc/<pid>/mem`, no core file. A program started by
/// this process gets the flag back at `execve`.
pub(super) fn deny_tracing() -> nix::Result<()> {
    prctl::set_dumpable(false)
}
