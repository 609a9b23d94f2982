//! The body of a response, as it comes in.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read},
    os::unix::net::UnixStream,
};

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes are left.
    Length(u64),
    /// So many bytes are left of this chunk; at 0 the next one begins.
    Chunk(u64),
    /// The last chunk was read, its trailer not yet.
    Trailer,
    /// The connection's end.
    UntilClosed,
}

/// Reads a body. A time-out in the middle loses nothing: reading goes on where it was.
#[derive(Debug)]
pub(super) struct Body<R = UnixStream> {
    source: BufReader<R>,
    framing: Framing,
    /// What has come in of the line that says how long the next chunk is.
    line: Vec<u8>,
}

impl<R: Read> Body<R> {
    pub(super) fn new(source: BufReader<R>, framing: Framing) -> Self {
        Self { source, framing, line: Vec::new() }
    }

    /// Goes on to the next chunk, if it is time.
    fn advance(&mut self) -> io::Result<()> {
        while matches!(self.framing, Framing::Chunk(0) | Framing::Trailer) {
            self.source.read_until(b'\n', &mut self.line)?;
            if self.line.last() != Some(&b'\n') {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let line = std::mem::take(&mut self.line);
            self.framing = match (self.framing, line.trim_ascii()) {
                (Framing::Trailer, b"") => Framing::Length(0),
                (Framing::Trailer, _) => Framing::Trailer,
                (_, b"") => Framing::Chunk(0), // the end of the chunk before
                (_, size) => chunk(size)?,
            };
        }
        Ok(())
    }
}

fn chunk(size: &[u8]) -> io::Result<Framing> {
    let digits = size.split(|&byte| byte == b';').next().unwrap_or_default();
    let text = str::from_utf8(digits).map_err(io::Error::other)?;
    let size = u64::from_str_radix(text.trim(), 16).map_err(io::Error::other)?;
    Ok(if size == 0 { Framing::Trailer } else { Framing::Chunk(size) })
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.advance()?;
        let (Framing::Length(left) | Framing::Chunk(left)) = &mut self.framing else {
            return self.source.read(out);
        };
        let most = usize::try_from(*left).unwrap_or(usize::MAX).min(out.len());
        if most == 0 {
            return Ok(0); // not a word more from the connection: it may be reset by now
        }
        let (out, _) = out.split_at_mut(most);
        let read = self.source.read(out)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        *left -= read as u64;
        Ok(read)
    }
}

/// A body of lines.
#[derive(Debug)]
pub(super) struct Lines {
    body: BufReader<Body>,
    partial: Vec<u8>,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self { body: BufReader::new(body), partial: Vec::new() }
    }

    /// The connection below, for its time-out.
    pub(super) fn stream(&self) -> &UnixStream {
        self.body.get_ref().source.get_ref()
    }

    /// The next line; `None` at the end. After a time-out it can be called again.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.body.read_until(b'\n', &mut self.partial)?;
        let line = std::mem::take(&mut self.partial);
        Ok(if line.is_empty() { None } else { Some(line) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that come one at a time, with a time-out before each.
    struct Hesitant<'a>(&'a [u8], bool);

    impl Read for Hesitant<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let (Some(first), Some(place)) = (self.0.split_off_first(), out.first_mut()) else {
                return Ok(0);
            };
            *place = *first;
            Ok(1)
        }
    }

    fn patient(bytes: &[u8], framing: Framing) -> io::Result<Vec<u8>> {
        let mut body = Body::new(BufReader::with_capacity(1, Hesitant(bytes, false)), framing);
        let (mut all, mut one) = (Vec::new(), [0; 3]);
        loop {
            match body.read(&mut one) {
                Ok(0) => return Ok(all),
                Ok(read) => all.extend_from_slice(&one[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[test]
    fn a_time_out_loses_nothing() {
        let bytes = b"5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n";
        assert_eq!(patient(bytes, Framing::Chunk(0)).unwrap(), b"hello, world");
        assert_eq!(patient(b"hello, world", Framing::Length(5)).unwrap(), b"hello");
        assert_eq!(patient(b"hello", Framing::UntilClosed).unwrap(), b"hello");
    }

    #[test]
    fn an_end_in_the_middle_is_an_error() {
        for bytes in [&b"5\r\nhel"[..], b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n", b"", b"5"] {
            let error = patient(bytes, Framing::Chunk(0)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{bytes:?}");
        }
        assert!(patient(b"hel", Framing::Length(5)).is_err());
        assert!(patient(b"zz\r\n", Framing::Chunk(0)).is_err());
    }
}
