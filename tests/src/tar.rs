//! A tar archive, taken apart header by header.

/// An entry of a plain USTAR archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub name: String,
    /// Permission bits, as the header spells them.
    pub mode: String,
    /// `0` file, `5` directory, `2` symbolic link; others as they are.
    pub kind: char,
    /// `ustar`, NUL, and the version.
    pub magic: Vec<u8>,
    /// What it holds.
    pub content: Vec<u8>,
}

/// The entries of `archive`, in its order.
///
/// # Panics
/// It is cut short, or a header is no header.
pub fn entries(archive: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut rest = archive;
    while let Some((header, tail)) = rest.split_at_checked(512) {
        if header.iter().all(|&byte| byte == 0) {
            return entries;
        }
        let size = usize::from_str_radix(&field(header, 124, 12), 8).expect("a size in octal");
        let (content, _) = tail.split_at_checked(size).expect("as much as the header says");
        entries.push(Entry {
            name: field(header, 0, 100),
            mode: field(header, 100, 8),
            kind: field(header, 156, 1).chars().next().unwrap_or('0'),
            magic: header.get(257..265).expect("512 bytes").to_vec(),
            content: content.to_vec(),
        });
        rest = tail.get(size.next_multiple_of(512)..).expect("whole blocks");
    }
    panic!("the archive has no end")
}

/// A field up to its first NUL.
fn field(header: &[u8], start: usize, length: usize) -> String {
    let field = header.get(start..start + length).expect("512 bytes");
    let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).trim().to_owned()
}
