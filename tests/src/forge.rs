//! Archives as a stranger would make them: header by header, whatever they say.

use crate::tar::Entry;

/// A header and what follows it. The content of a link (`1`, `2`) is its target.
///
/// # Panics
/// The path or the target is longer than the header's field.
pub fn part(path: &[u8], kind: u8, mode: u32, content: &[u8]) -> Vec<u8> {
    let is_link = kind == b'1' || kind == b'2';
    let (target, body) = if is_link { (content, &[][..]) } else { (&[][..], content) };
    let mut header = [0_u8; 512];
    let mut put = |start: usize, length: usize, text: &[u8]| {
        assert!(text.len() <= length, "{} does not fit", String::from_utf8_lossy(text));
        header.iter_mut().skip(start).zip(text).for_each(|(to, from)| *to = *from);
    };
    put(0, 100, path);
    put(100, 8, format!("{mode:07o}").as_bytes());
    put(108, 8, b"0000000");
    put(116, 8, b"0000000");
    put(124, 12, format!("{:011o}", body.len()).as_bytes());
    put(136, 12, b"00000000000");
    put(148, 8, b"        ");
    put(156, 1, &[kind]);
    put(157, 100, target);
    put(257, 8, b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    header.iter_mut().skip(148).zip(sum.as_bytes()).for_each(|(to, from)| *to = *from);
    let padding = vec![0; body.len().next_multiple_of(512) - body.len()];
    [&header, body, &padding].concat()
}

/// A regular file, 0600.
pub fn file(path: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    part(path.as_bytes(), b'0', 0o600, content.as_ref())
}

/// An executable file.
pub fn program(path: &str, content: impl AsRef<[u8]>) -> Vec<u8> {
    part(path.as_bytes(), b'0', 0o755, content.as_ref())
}

/// A directory.
pub fn directory(path: &str) -> Vec<u8> {
    part(path.as_bytes(), b'5', 0o700, b"")
}

/// A symbolic link.
pub fn link(path: &str, target: &str) -> Vec<u8> {
    part(path.as_bytes(), b'2', 0o777, target.as_bytes())
}

/// An extended header for the next entry.
///
/// # Panics
/// No length fits.
pub fn pax(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest..rest + 10).find(|length| *length == rest + length.to_string().len());
    let length = length.expect("a length that counts itself");
    let record = [format!("{length} {key}=").as_bytes(), value, b"\n"].concat();
    part(b"pax", b'x', 0o600, &record)
}

/// An entry of another archive.
///
/// # Panics
/// Its header does not fit into one.
pub fn copy(entry: &Entry) -> Vec<u8> {
    let kind = u8::try_from(entry.kind).expect("a type flag is a byte");
    let mode = u32::from_str_radix(&entry.mode, 8).expect("a mode in octal");
    part(entry.name.as_bytes(), kind, mode, &entry.content)
}

/// The parts, and the end of the archive.
pub fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}
