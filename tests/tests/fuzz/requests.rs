//! Requests to the daemon: whatever is said to it, it answers, goes on, and has no fault.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    time::Duration,
};

use gpgsmith_tests::{
    extent::rounds,
    mutate::{Corpus, fuzz},
    sandbox::Sandbox,
};

/// A body for each call that does not end the daemon.
const CALLS: [(&str, &str); 20] = [
    ("daemon/status", "{}"),
    ("vault/list", "{}"),
    ("vault/status", "{}"),
    ("vault/snapshots", r#"{"name":"identity"}"#),
    (
        "vault/open",
        r#"{"name":"identity","unfinished":"fresh","read_only":true,"snapshot":"20261123T171216Z_initial-import.tar.age"}"#,
    ),
    ("vault/open", r#"{"name":"identity","passphrase":"x","unfinished":"resume"}"#),
    ("vault/create", r#"{"name":"a b","path":"relative","passphrase":"x"}"#),
    ("vault/seal", r#"{"target":{"token":"00"},"message":"x","fork":true}"#),
    ("vault/discard", r#"{"target":{"vault":"nobody"}}"#),
    (
        "vault/trust",
        r#"{"name":"nobody","fingerprint":"203E92AA7E59B62AFB0632831BAD42B9D3EB840E"}"#,
    ),
    ("keys/list", r#"{"target":{"vault":"identity"}}"#),
    ("keys/status", "{}"),
    (
        "keys/create",
        r#"{"name":"A","email":"a@example.org","algo":"ed25519","expiry":"2y","force":true}"#,
    ),
    ("keys/renew", r#"{"keys":["1BAD42B9D3EB840E"]}"#),
    ("keys/revoke", r#"{"keys":["1BAD42B9D3EB840E"],"reason":"retired","message":"x"}"#),
    ("keys/identity/add", r#"{"identity":"B <b@example.org>"}"#),
    ("keys/identity/revoke", r#"{"identity":"2"}"#),
    ("audit/show", r#"{"last":18446744073709551615}"#),
    ("job/answer", r#"{"job":"00","question":1,"answer":"yes"}"#),
    ("job/cancel", r#"{"job":"0123456789abcdef"}"#),
];

const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\"target\":",
    "\"token\":",
    "\"name\":",
    "HTTP/1.1",
    "POST ",
    "content-length: ",
    "transfer-encoding: chunked\r\n",
    "expect: 100-continue\r\n",
    "connection: upgrade\r\n",
    "gpgsmith-can-ask: yes\r\n",
    "/v1/",
    "%2e%2e/",
];

fn request(verb: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST /v1/{verb} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The answer; nothing when the daemon has closed the connection without one, which it may where
/// we say that this was all.
fn say(sandbox: &Sandbox, bytes: &[u8], is_all: bool) -> Vec<u8> {
    let mut stream = UnixStream::connect(sandbox.path("run/gpgsmith-kernel/daemon.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut sent = stream.write_all(bytes);
    if is_all {
        sent = sent.and_then(|()| stream.shutdown(std::net::Shutdown::Write));
    }
    let mut answer = Vec::new();
    for ended in [sent.map(|()| 0), stream.read_to_end(&mut answer)] {
        if let Err(error) = ended {
            let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::NotConnected];
            assert!(gone.contains(&error.kind()), "{error}");
        }
    }
    answer
}

#[test]
fn no_request_ends_the_daemon_or_finds_a_fault_in_it() {
    let sandbox = Sandbox::new();
    sandbox.register(&["identity"]);
    sandbox.gpgsmith(&["vault", "open", "--no-shell"]).ok();
    let daemon = sandbox.daemon_pid();
    for (verb, body) in CALLS {
        let answer = say(&sandbox, &request(verb, body.as_bytes()), false);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{verb}: {answer}");
        assert!(
            !answer.contains("missing field") && !answer.contains("unknown"),
            "{verb} {body}: {answer}"
        );
    }
    let bodies = CALLS.iter().map(|(_, body)| body.as_bytes().to_vec()).collect();
    fuzz(&Corpus { inputs: bodies, words: &WORDS }, rounds(1500, 60_000), |body, numbers| {
        let (verb, _) = CALLS[numbers.below(CALLS.len())];
        answered(&say(&sandbox, &request(verb, body), false));
    });
    let whole = CALLS.iter().map(|(verb, body)| request(verb, body.as_bytes())).collect();
    fuzz(&Corpus { inputs: whole, words: &WORDS }, rounds(700, 30_000), |bytes, _| {
        answered(&say(&sandbox, bytes, true));
    });
    assert_eq!(sandbox.daemon_pid(), daemon);
    let log = sandbox.read("state/gpgsmith/logs/daemon.log");
    assert!(!log.contains("panicked"), "{log}");
}

fn answered(answer: &[u8]) {
    let answer = String::from_utf8(answer.to_vec()).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{answer}");
    assert!(!answer.contains("\"internal\""), "{answer}");
}
