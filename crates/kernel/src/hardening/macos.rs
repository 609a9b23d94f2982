use nix::errno::Errno;

/// Refuses every debugger from now on (`PT_DENY_ATTACH`); one that is attached already ends us.
#[expect(unsafe_code, reason = "ptrace has no safe wrapper for this request")]
pub(super) fn deny_tracing() -> nix::Result<()> {
    // SAFETY: PT_DENY_ATTACH takes no address: the null pointer is never read.
    let outcome = unsafe { libc::ptrace(libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) };
    Errno::result(outcome).map(drop)
}
