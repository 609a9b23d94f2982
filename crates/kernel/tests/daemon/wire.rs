use std::{
    io::{ErrorKind, Read, Write},
    os::unix::net::UnixStream,
};

use gpgsmith_kernel::api::{Code, daemon::DaemonStatus};

use super::*;

/// What the daemon answers to these bytes, after which the other end says nothing more.
fn say(place: &Place, bytes: &[u8]) -> String {
    let mut stream = UnixStream::connect(place.path("run/daemon.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    String::from_utf8(answer).unwrap()
}

fn post(path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
}

fn status(answer: &str) -> &str {
    answer.lines().next().unwrap().split(' ').nth(1).unwrap()
}

fn quick(place: &Place) -> Serving {
    let bounds =
        Bounds { request: Duration::from_millis(300), connections: 8, ..Bounds::default() };
    place.serve_with(Options { bounds, ..place.options() })
}

#[test]
fn curl_needs_no_headers_and_no_body() {
    let place = Place::new();
    let _daemon = place.serve();
    let curl = std::process::Command::new("curl")
        .args(["--silent", "--show-error", "--request", "POST", "--unix-socket"])
        .arg(place.path("run/daemon.sock"))
        .arg("http://gpgsmith/v1/daemon/status")
        .output()
        .unwrap();
    let text = String::from_utf8(curl.stdout).unwrap();
    assert!(text.contains(r#""version":"1.2.3""#), "{text}");
}

#[test]
fn w69_every_refusal_has_a_status_a_code_and_a_cause() {
    let place = Place::new();
    let _daemon = place.serve();
    let large = "x".repeat((1 << 20) + 1);
    let many = "x: y\r\n".repeat(4000);
    for (expected, request) in [
        ("200", post("/v1/daemon/status", "", "")),
        ("200", post("/v1/daemon/status", "", " {} ")),
        ("400", post("/v1/daemon/status", "", "{")),
        ("400", post("/v1/daemon/status", "", "[1]")),
        ("400", post("/v1/no/such/call", "", "")),
        ("400", post("/v1/daemon/status", "gpgsmith-face: toaster\r\n", "")),
        ("400", post("/v1/daemon/status", "gpgsmith-can-ask: maybe\r\n", "")),
        ("400", post("/v1/job/cancel", "", r#"{"job":7}"#)),
        ("404", post("/v2/daemon/status", "", "")),
        ("404", post("/v1/vault/seal", "", "").replace("vault/seal", "")),
        ("405", post("/v1/daemon/status", "", "").replace("POST", "GET")),
        ("413", post("/v1/daemon/status", "", &large)),
        ("431", post("/v1/daemon/status", &many, "")),
    ] {
        let answer = say(&place, request.as_bytes());
        let start: String = request.chars().take(60).collect();
        assert_eq!(status(&answer), expected, "{start:?} {answer}");
        let described = expected == "200" || expected == "431" || answer.contains(r#"{"code":""#);
        assert!(described, "{start:?} {answer}");
    }
}

#[test]
fn a_length_that_lies_is_refused_before_anything_is_kept() {
    let place = Place::new();
    let _daemon = place.serve();
    let head = "POST /v1/daemon/status HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n";
    assert_eq!(status(&say(&place, head.as_bytes())), "413");
    let chunks = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20)).repeat(2) + "0\r\n\r\n";
    let head = "POST /v1/daemon/status HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut stream = UnixStream::connect(place.path("run/daemon.sock")).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(chunks.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[test]
fn half_a_request_does_not_keep_its_place() {
    let place = Place::new();
    let _daemon = quick(&place);
    let started = Instant::now();
    assert_eq!(say(&place, b"POST /v1/daemon/status HT"), "");
    let body = "POST /v1/daemon/status HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n{";
    assert_eq!(status(&say(&place, body.as_bytes())), "408");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn too_many_connections_hear_so_and_room_comes_back() {
    let place = Place::new();
    let _daemon = quick(&place);
    let silent: Vec<_> =
        (0..8).map(|_| UnixStream::connect(place.path("run/daemon.sock")).unwrap()).collect();
    let error = place.client().call(&DaemonStatus {}).unwrap_err();
    assert_eq!(error.code, Code::Limit);
    assert_eq!(error.to_string(), "8 connections are open already");
    wait_until("the silent ones have lost their places", || {
        place.client().call(&DaemonStatus {}).is_ok()
    });
    drop(silent);
}

#[test]
fn two_hundred_clients_are_served() {
    let place = Place::new();
    let _daemon = place.serve();
    let clients: Vec<_> = (0..200)
        .map(|_| {
            let client = place.client();
            thread::spawn(move || {
                wait_until("it is served", || match client.call(&DaemonStatus {}) {
                    Ok(_) => true,
                    Err(error) => {
                        assert_eq!(error.code, Code::Limit, "{error}");
                        false
                    }
                });
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
}

#[test]
fn another_version_of_the_protocol_hears_what_to_do() {
    let place = Place::new();
    let _daemon = place.serve();
    let answer = say(&place, post("/v1/vault/list", "gpgsmith-protocol: 99\r\n", "").as_bytes());
    assert_eq!(status(&answer), "400");
    assert!(
        answer.contains("the client speaks version 99 of the protocol, the daemon 1"),
        "{answer}"
    );
    assert!(answer.contains("daemon restart"), "{answer}");
    let answer = say(&place, post("/v1/daemon/status", "gpgsmith-protocol: 99\r\n", "").as_bytes());
    assert_eq!(status(&answer), "200", "whoever will restart it can ask what it is");
}

#[test]
fn a_daemon_of_another_version_is_recognised() {
    let place = Place::new();
    let socket = place.path("run/daemon.sock");
    std::fs::create_dir(place.path("run")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(place.path("run"), private).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = "HTTP/1.1 200 OK\r\ngpgsmith-protocol: 2\r\ncontent-length: 2\r\n\r\n{}";
            stream.unwrap().write_all(answer.as_bytes()).ok();
        }
    });
    let list = gpgsmith_kernel::api::vault::ListVaults {};
    let error = place.client().call(&list).unwrap_err();
    assert_eq!(error.code, Code::Protocol);
    assert_eq!(error.hint.unwrap().action.as_deref(), Some("daemon restart"));
    place.client().call(&StopDaemon::default()).unwrap();
}

#[test]
fn many_requests_share_a_connection() {
    let place = Place::new();
    let _daemon = place.serve();
    let mut stream = UnixStream::connect(place.path("run/daemon.sock")).unwrap();
    for _ in 0..3 {
        let request = "POST /v1/daemon/status HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 2048];
        let read = stream.read(&mut start).unwrap();
        assert!(start[..read].starts_with(b"HTTP/1.1 200"));
    }
}
