//! Speaks with the agent on its socket (the Assuan protocol), for what gpg has no command for.

use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use crate::agent::AgentError;
use crate::id::bytes_of_hex;

/// Lines have at most 1000 bytes in Assuan; a longer one comes from no agent.
const LINE_LIMIT: u64 = 1024;

/// A connection that was greeted.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<UnixStream>,
}

/// What came back with `OK`.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The `D` lines, joined and unescaped.
    pub(crate) data: Vec<u8>,
    /// The `S` lines.
    pub(crate) status: Vec<String>,
}

/// What an inquiry of this keyword is answered with.
pub(crate) type Secrets<'a, 's> = dyn Fn(&str) -> Option<&'s SecretString> + Sync + 'a;

enum Line {
    Ok,
    Err(u32),
    Data(Vec<u8>),
    Status(String),
    /// With its keyword: `PASSPHRASE`, `NEW_PASSPHRASE`.
    Inquire(String),
    Comment,
}

impl Connection {
    pub(crate) async fn open(socket: &Path) -> Result<Self, AgentError> {
        let stream = UnixStream::connect(socket)
            .await
            .map_err(|source| AgentError::Connection { source })?;
        let mut connection = Self { stream: BufReader::new(stream) };
        connection.reply("greeting", &|_| None).await?;
        Ok(connection)
    }

    /// Sends one command; an inquiry gets `secret`, or is cancelled.
    pub(crate) async fn command(
        &mut self,
        command: &str,
        secret: Option<&SecretString>,
    ) -> Result<Reply, AgentError> {
        self.converse(command, &|_| secret).await
    }

    /// Sends one command; an inquiry gets what `secret` has for its keyword, or is cancelled.
    pub(crate) async fn converse(
        &mut self,
        command: &str,
        secret: &Secrets<'_, '_>,
    ) -> Result<Reply, AgentError> {
        self.send(command.as_bytes()).await?;
        let verb = command.split(' ').next().unwrap_or_default();
        self.reply(verb, secret).await
    }

    async fn reply(&mut self, verb: &str, secret: &Secrets<'_, '_>) -> Result<Reply, AgentError> {
        let mut reply = Reply::default();
        loop {
            match self.line(verb).await? {
                Line::Ok => return Ok(reply),
                Line::Err(code) => return Err(AgentError::Refused { verb: verb.to_owned(), code }),
                Line::Data(bytes) => reply.data.extend(bytes),
                Line::Status(text) => reply.status.push(text),
                Line::Inquire(keyword) => self.answer(secret(&keyword)).await?,
                Line::Comment => {}
            }
        }
    }

    async fn answer(&mut self, secret: Option<&SecretString>) -> Result<(), AgentError> {
        let Some(secret) = secret else { return self.send(b"CAN").await };
        let line = Zeroizing::new([b"D ".as_slice(), &escape(secret.expose_secret())].concat());
        self.send(&line).await?;
        self.send(b"END").await
    }

    async fn send(&mut self, line: &[u8]) -> Result<(), AgentError> {
        let line = Zeroizing::new([line, b"\n"].concat());
        let sent = self.stream.get_mut().write_all(&line).await;
        sent.map_err(|source| AgentError::Connection { source })
    }

    async fn line(&mut self, verb: &str) -> Result<Line, AgentError> {
        let broken = |source| AgentError::Connection { source };
        let mut line = Vec::new();
        (&mut self.stream).take(LINE_LIMIT).read_until(b'\n', &mut line).await.map_err(broken)?;
        if line.pop() != Some(b'\n') {
            return Err(broken(io::ErrorKind::UnexpectedEof.into()));
        }
        parse(&line).ok_or_else(|| AgentError::Unclear { verb: verb.to_owned() })
    }
}

fn parse(line: &[u8]) -> Option<Line> {
    let (word, rest) = match line.iter().position(|byte| *byte == b' ') {
        Some(at) => (line.get(..at)?, line.get(at + 1..)?),
        None => (line, [].as_slice()),
    };
    match word {
        b"OK" => Some(Line::Ok),
        b"ERR" => std::str::from_utf8(rest).ok()?.split(' ').next()?.parse().ok().map(Line::Err),
        b"D" => Some(Line::Data(unescape(rest))),
        b"S" => String::from_utf8(rest.to_owned()).ok().map(Line::Status),
        b"INQUIRE" => {
            let keyword = std::str::from_utf8(rest).ok()?.split(' ').next()?;
            Some(Line::Inquire(keyword.to_owned()))
        }
        _ => line.starts_with(b"#").then_some(Line::Comment),
    }
}

/// `%`, CR and LF would end or change a line.
fn escape(text: &str) -> Zeroizing<Vec<u8>> {
    let mut line = Zeroizing::new(Vec::with_capacity(text.len() * 3)); // never grows: no copies stay
    for byte in text.bytes() {
        match byte {
            b'%' => line.extend_from_slice(b"%25"),
            b'\r' => line.extend_from_slice(b"%0D"),
            b'\n' => line.extend_from_slice(b"%0A"),
            _ => line.push(byte),
        }
    }
    line
}

/// Undoes `%XX`.
pub(crate) fn unescape(text: &[u8]) -> Vec<u8> {
    undo(text, b"%")
}

/// Turns `mark` and two hex digits into the byte that they mean; a mark alone stands for itself.
pub(crate) fn undo(text: &[u8], mark: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let (byte, after) = escaped(rest, mark).unwrap_or((*first, 1));
        plain.push(byte);
        rest = rest.get(after..).unwrap_or_default();
    }
    plain
}

fn escaped(text: &[u8], mark: &[u8]) -> Option<(u8, usize)> {
    let digits = text.strip_prefix(mark)?.get(..2)?;
    let bytes = bytes_of_hex(std::str::from_utf8(digits).ok()?)?;
    Some((*bytes.first()?, mark.len() + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn escapes_are_undone(text in "\\PC*[%\r\n]*\\PC*") {
            let escaped = escape(&text);
            prop_assert!(!escaped.contains(&b'\n'));
            prop_assert_eq!(unescape(&escaped), text.as_bytes());
        }

        #[test]
        fn no_line_makes_the_parser_panic(line: Vec<u8>) {
            drop((parse(&line), unescape(&line)));
        }
    }

    #[test]
    fn a_lone_percent_sign_stays() {
        assert_eq!(unescape(b"100%"), b"100%");
        assert_eq!(unescape(b"%4"), b"%4");
        assert_eq!(unescape(b"%zz%41"), b"%zzA");
    }
}
