//! The 512-byte header block of tar: POSIX.1-1988 "ustar", read in its older and GNU forms too.

/// Everything in a tar stream comes in multiples of this.
pub(super) const BLOCK: usize = 512;
/// The largest number that fits the seven octal digits of uid, gid and mode.
pub(super) const LARGEST_ID: u64 = 0o7_777_777;
/// The largest size and time: eleven octal digits.
const LARGEST_SIZE: u64 = 0o77_777_777_777;

const CHECKSUM: std::ops::Range<usize> = 148..156;

/// A header block that was read.
pub(super) struct Block(tar::Header);

impl Block {
    pub(super) fn new(bytes: &[u8; BLOCK]) -> Self {
        let mut header = tar::Header::new_old();
        header.as_mut_bytes().copy_from_slice(bytes);
        Self(header)
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.as_bytes().iter().all(|b| *b == 0)
    }

    /// The content's size, when checksum and size make sense.
    pub(super) fn checked_size(&self) -> Option<u64> {
        let sum = checksum(self.0.as_bytes());
        let size = self.0.entry_size().ok()?;
        (self.0.cksum().ok()? == sum && size <= LARGEST_SIZE).then_some(size)
    }

    pub(super) fn type_flag(&self) -> u8 {
        let [flag] = self.0.as_old().linkflag;
        flag
    }

    pub(super) fn path(&self) -> Vec<u8> {
        self.0.path_bytes().into_owned()
    }

    pub(super) fn link_name(&self) -> Vec<u8> {
        self.0.link_name_bytes().map_or_else(Vec::new, std::borrow::Cow::into_owned)
    }

    pub(super) fn mode(&self) -> u32 {
        self.0.mode().unwrap_or(0)
    }
}

/// The sum of all bytes, with the checksum field itself taken as spaces.
fn checksum(bytes: &[u8; BLOCK]) -> u32 {
    let sum = |(i, b): (usize, &u8)| u32::from(if CHECKSUM.contains(&i) { b' ' } else { *b });
    bytes.iter().enumerate().map(sum).sum()
}

/// The fields of a header that is written.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) name: &'a [u8],
    pub(super) prefix: &'a [u8],
    pub(super) mode: u64,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) size: u64,
    pub(super) mtime: u64,
    pub(super) type_flag: u8,
    pub(super) link_name: &'a [u8],
    pub(super) user: &'a [u8],
    pub(super) group: &'a [u8],
}

impl Fields<'_> {
    pub(super) const EMPTY: Self = Self {
        name: b"",
        prefix: b"",
        mode: 0,
        uid: 0,
        gid: 0,
        size: 0,
        mtime: 0,
        type_flag: b'0',
        link_name: b"",
        user: b"",
        group: b"",
    };

    /// The block, byte for byte as Go's archive/tar writes it.
    pub(super) fn encode(&self) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        let mut put = |at: usize, width: usize, text: &[u8]| {
            for (to, from) in block.iter_mut().skip(at).take(width).zip(text) {
                *to = *from;
            }
        };
        let octal = |value: u64, digits: usize| format!("{value:0digits$o}").into_bytes();
        put(0, 100, self.name);
        put(100, 8, &octal(self.mode & LARGEST_ID, 7));
        put(108, 8, &octal(self.uid.min(LARGEST_ID), 7));
        put(116, 8, &octal(self.gid.min(LARGEST_ID), 7));
        put(124, 12, &octal(self.size.min(LARGEST_SIZE), 11));
        put(136, 12, &octal(self.mtime.min(LARGEST_SIZE), 11));
        put(156, 1, &[self.type_flag]);
        put(157, 100, self.link_name);
        put(257, 8, b"ustar\x0000");
        put(265, 32, self.user);
        put(297, 32, self.group);
        put(329, 8, b"0000000");
        put(337, 8, b"0000000");
        put(345, 155, self.prefix);
        let sum = octal(u64::from(checksum(&block)), 6);
        for (to, from) in block.iter_mut().skip(CHECKSUM.start).zip(sum.iter().chain(b"\0 ")) {
            *to = *from;
        }
        block
    }
}
