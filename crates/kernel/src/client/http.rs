use std::{
    error::Error,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{
    Options,
    body::{Body, Framing, Lines},
};
use crate::{
    api::{ApiError, Call, Code, Face},
    wire,
};

/// How long the daemon may take to answer a call that does not wait for jobs.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// The largest head of a response, and its largest body.
const HEAD: usize = 16 * 1024;
const BODY: u64 = 256 << 20;

/// A request, ready to be sent; its body may hold a passphrase.
#[derive(Debug)]
pub(super) struct Request {
    method: &'static str,
    path: String,
    body: Zeroizing<Vec<u8>>,
    patience: Duration,
    timeless: bool,
}

impl Request {
    pub(super) fn get(path: &str) -> Self {
        Self {
            method: "GET",
            path: path.to_owned(),
            body: Zeroizing::default(),
            patience: PATIENCE,
            timeless: false,
        }
    }

    pub(super) fn post<C: Call>(call: &C, patience: Duration) -> Result<Self, ApiError> {
        let mut body = Zeroizing::new(Vec::with_capacity(4096)); // room: growing leaves copies
        serde_json::to_writer(&mut *body, call).map_err(|e| ApiError::chain(Code::Internal, &e))?;
        let timeless = wire::is_timeless(C::VERB);
        Ok(Self { method: "POST", path: wire::path(C::VERB), body, patience, timeless })
    }

    fn head(&self, options: &Options, can_ask: bool) -> String {
        let face = match options.face {
            Face::Cli => "cli",
            Face::Ui => "ui",
            Face::Tui => "tui",
        };
        format!(
            "{} {} HTTP/1.1\r\nhost: gpgsmith\r\nuser-agent: gpgsmith/{}\r\nconnection: close\r\n\
             content-length: {}\r\n{}: {}\r\n{}: {face}\r\n{}: {}\r\n\r\n",
            self.method,
            self.path,
            options.version,
            self.body.len(),
            wire::PROTOCOL_HEADER,
            wire::protocol(),
            wire::FACE_HEADER,
            wire::CAN_ASK_HEADER,
            if can_ask { "yes" } else { "no" },
        )
    }
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub(super) struct Response {
    status: u16,
    body: Body,
}

/// Sends `request` and reads the head of the response.
pub(super) fn exchange(
    mut stream: UnixStream,
    request: &Request,
    options: &Options,
    can_ask: bool,
) -> Result<Response, ApiError> {
    let lost = |error: io::Error| lost(&error);
    stream.set_read_timeout(Some(request.patience)).map_err(lost)?;
    let head = request.head(options, can_ask);
    let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&request.body));
    // A daemon that turns us away answers before it has read all: hear it before complaining.
    let (head, body) = read_head(stream).map_err(|error| lost(sent.err().unwrap_or(error)))?;
    match &head.protocol {
        Some(version) if *version != wire::protocol() && !request.timeless => {
            Err(wire::other_protocol(&wire::protocol(), version))
        }
        _ => Ok(Response { status: head.status, body }),
    }
}

impl Response {
    /// The reply, or the error that came instead.
    pub(super) fn reply<R: DeserializeOwned>(self, verb: &str) -> Result<R, ApiError> {
        let status = self.status;
        let mut whole = Vec::new();
        self.body.take(BODY).read_to_end(&mut whole).map_err(|error| lost(&error))?;
        if (200..300).contains(&status) {
            return serde_json::from_slice(&whole).map_err(|error| not_understood(verb, &error));
        }
        Err(serde_json::from_slice(&whole).unwrap_or_else(|_| {
            ApiError::new(Code::Internal, format!("the daemon answered with status {status}"))
        }))
    }

    /// The stream of lines, or the error that came instead.
    pub(super) fn lines(self) -> Result<Lines, ApiError> {
        if self.status == 200 {
            return Ok(Lines::new(self.body));
        }
        Err(self.reply::<()>("events").err().unwrap_or_else(|| {
            ApiError::new(Code::Internal, "the daemon answered a stream with nothing")
        }))
    }
}

/// What the head of a response says.
#[derive(Debug)]
struct Head {
    status: u16,
    protocol: Option<String>,
    framing: Framing,
}

fn read_head(stream: UnixStream) -> io::Result<(Head, Body)> {
    let mut source = BufReader::new(stream);
    let mut bytes = Vec::new();
    loop {
        let before = bytes.len();
        let arrived = source.fill_buf()?;
        if arrived.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(arrived);
        let arrived = arrived.len();
        match parse_head(&bytes)? {
            Some((head, length)) => {
                source.consume(length - before);
                let framing = head.framing;
                return Ok((head, Body::new(source, framing)));
            }
            None if bytes.len() > HEAD => return Err(io::Error::other("the head has no end")),
            None => source.consume(arrived),
        }
    }
}

fn parse_head(bytes: &[u8]) -> io::Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(bytes).map_err(io::Error::other)?
    else {
        return Ok(None);
    };
    let value = |name: &str| {
        let header = response.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        str::from_utf8(header.value).ok()
    };
    let framing = if value("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
        Framing::Chunk(0)
    } else {
        let length =
            value("content-length").map(str::parse).transpose().map_err(io::Error::other)?;
        length.map_or(Framing::UntilClosed, Framing::Length)
    };
    let protocol = value(wire::PROTOCOL_HEADER).map(str::to_owned);
    Ok(Some((Head { status: response.code.unwrap_or(0), protocol, framing }, length)))
}

/// The connection broke off.
pub(super) fn lost(error: &io::Error) -> ApiError {
    let mut lost = ApiError::new(Code::Io, "the connection to the daemon broke off");
    lost.causes.push(error.to_string());
    lost
}

/// The daemon said something that this version of the program does not know.
pub(super) fn not_understood(verb: &str, error: &(dyn Error + 'static)) -> ApiError {
    let mut odd = ApiError::new(Code::Protocol, format!("the reply to {verb:?} is not understood"));
    odd.causes.push(error.to_string());
    odd
}
