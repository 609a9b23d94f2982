use std::alloc::{GlobalAlloc, Layout, System};

/// The system's allocator, but memory is zeroed before it is given back, so that the copies of a
/// secret that buffers leave behind as they grow, move and go (HTTP, JSON, strings) go too.
///
/// A program opts in:
/// ```
/// use gpgsmith_kernel::hardening::WipingAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: WipingAllocator = WipingAllocator;
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct WipingAllocator;

#[expect(unsafe_code, reason = "GlobalAlloc is an unsafe trait")]
// SAFETY: every call goes to the system's allocator unchanged; `realloc` is the trait's own, which
// allocates anew, copies, and deallocates (and thereby wipes) the old block.
unsafe impl GlobalAlloc for WipingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the one that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is `layout.size()` bytes long and the caller's alone until it is freed.
        unsafe { block.write_bytes(0, layout.size()) };
        zeroize::optimization_barrier(&block); // or the stores before a free count as dead
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{fs::File, os::unix::fs::FileExt};

    use super::*;

    /// What the kernel says is at an address: no pointer into freed memory is followed.
    fn memory_at(address: usize, length: usize) -> Vec<u8> {
        let mut seen = vec![0; length];
        let memory = File::open("/proc/self/mem").unwrap();
        memory.read_exact_at(&mut seen, address as u64).map_or(Vec::new(), |()| seen)
    }

    #[test]
    #[expect(unsafe_code, reason = "an allocator is called by hand")]
    fn freed_memory_holds_no_trace() {
        let layout = Layout::array::<u8>(4096).unwrap();
        let secret = b"correct horse battery staple";
        // SAFETY: the block is as large as the layout says.
        let block = unsafe { WipingAllocator.alloc(layout) };
        let address = block as usize + 1024;
        // SAFETY: 1024 + 28 bytes are inside the block.
        unsafe { block.add(1024).copy_from(secret.as_ptr(), secret.len()) };
        assert_eq!(memory_at(address, secret.len()), secret);
        // SAFETY: it comes from this allocator and is freed once.
        unsafe { WipingAllocator.dealloc(block, layout) };
        assert_ne!(memory_at(address, secret.len()), secret);
    }
}
