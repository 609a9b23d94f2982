/// Closes every descriptor from 3 on, which whoever started this process left open. To be called
/// before this process has opened anything itself.
#[expect(unsafe_code, reason = "descriptors that nobody here owns are closed by number")]
pub(crate) fn close_inherited() {
    // SAFETY: nothing in this process owns a descriptor above standard error yet.
    #[cfg(any(target_os = "linux", target_os = "freebsd"))]
    if unsafe { libc::close_range(3, libc::c_uint::MAX, 0) } == 0 {
        return;
    }
    for descriptor in 3..1024 {
        // SAFETY: as above; one that is not open is an error without effect.
        unsafe { libc::close(descriptor) };
    }
}
