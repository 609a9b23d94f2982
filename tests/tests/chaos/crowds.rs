//! Clients as no face of ours is one.

use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
    thread,
};

use gpgsmith_tests::{
    sandbox::Sandbox,
    wait::{PATIENCE, wait_until},
};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::faults::bench::{Bench, assert_advises};

const STATUS: &str = "POST /v1/daemon/status HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n";

fn connect(sandbox: &Sandbox) -> UnixStream {
    let stream = UnixStream::connect(sandbox.path("run/gpgsmith-kernel/daemon.sock")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that the other end says until it closes.
fn hear(mut stream: &UnixStream) -> String {
    let mut heard = Vec::new();
    if let Err(error) = stream.read_to_end(&mut heard) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// A number that the kernel tells of the daemon, in KiB.
fn told(sandbox: &Sandbox, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", sandbox.daemon_pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn descriptors(sandbox: &Sandbox) -> usize {
    fs::read_dir(format!("/proc/{}/fd", sandbox.daemon_pid())).unwrap().count()
}

#[test]
fn of_a_thousand_clients_each_is_served_or_sent_away_and_the_step_is_done() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most.min(8192), most).unwrap();
    let bench = Bench::with_work();
    let before = descriptors(&bench.sandbox);
    thread::scope(|scope| {
        let step = scope.spawn(|| bench.add("Added <added@example.org>"));
        let crowd: Vec<_> = (0..1000).map(|_| connect(&bench.sandbox)).collect();
        for mut client in &crowd {
            // Whoever is sent away may be so before it has asked.
            client.write_all(format!("{STATUS}connection: close\r\n\r\n").as_bytes()).ok();
        }
        let answers: Vec<_> = crowd.iter().map(hear).collect();
        let count = |start: &str| answers.iter().filter(|a| a.starts_with(start)).count();
        let (served, sent_away) = (count("HTTP/1.1 200 "), count("HTTP/1.1 503 "));
        assert_eq!(served + sent_away, 1000, "{:?}", answers.iter().min_by_key(|a| a.len()));
        assert!(served > 0 && sent_away > 0, "{served} were served");
        let step = step.join().unwrap();
        if step.code != Some(0) {
            assert_advises(&step);
            bench.add("Added <added@example.org>").ok();
        }
    });
    assert!(bench.has("added@example.org"));
    assert!(descriptors(&bench.sandbox) <= before + 4, "{before}");
}

#[test]
fn a_client_that_stops_reading_is_cut_off_and_nobody_waits_for_it() {
    let bench = Bench::with_work();
    let mut client = connect(&bench.sandbox);
    client.set_nonblocking(true).unwrap();
    let mut asked = 0;
    while client.write(format!("{STATUS}\r\n").as_bytes()).is_ok() {
        asked += 1; // until it stops listening to whoever does not listen
    }
    assert!(asked > 100, "{asked}");
    bench.add("Meanwhile <meanwhile@example.org>").ok();
    wait_until("it is cut off", || {
        client.write(b"x").is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
    });
    assert!(bench.has("meanwhile@example.org"));
}

#[test]
fn half_a_request_keeps_nobody_from_working_or_the_daemon_from_stopping() {
    let bench = Bench::with_work();
    let halves = [
        "",
        "POST /v1/vault/seal HT",
        STATUS,
        "POST /v1/vault/seal HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{\"mess",
        "POST /v1/vault/seal HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n400\r\n{",
    ];
    let clients = halves.map(|half| {
        let mut client = connect(&bench.sandbox);
        client.write_all(half.as_bytes()).unwrap();
        client
    });
    let gone = connect(&bench.sandbox);
    gone.shutdown(Shutdown::Both).unwrap();
    bench.add("Meanwhile <meanwhile@example.org>").ok();
    bench.sandbox.gpgsmith(&["daemon", "stop"]).ok();
    wait_until("it ends", || bench.sandbox.daemons().is_empty());
    for client in clients {
        assert!(!hear(&client).starts_with("HTTP/1.1 200 "));
    }
    bench.resume();
    assert!(bench.has("meanwhile@example.org"));
}

#[test]
fn a_request_of_a_gibibyte_takes_no_memory() {
    let sandbox = Sandbox::new();
    sandbox.gpgsmith(&["daemon", "start"]).ok();
    let before = told(&sandbox, "VmHWM:");
    let (length, chunk) = (1_usize << 30, vec![b' '; 1 << 20]);
    for framing in [format!("content-length: {length}"), "transfer-encoding: chunked".to_owned()] {
        let mut client = connect(&sandbox);
        let head = format!("POST /v1/vault/seal HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n");
        client.write_all(head.as_bytes()).unwrap();
        let mut sent = 0;
        while sent < length {
            let size = if framing.starts_with('c') { "" } else { "100000\r\n" };
            let end = if size.is_empty() { "" } else { "\r\n" };
            let piece = [size.as_bytes(), &chunk, end.as_bytes()].concat();
            if client.write_all(&piece).is_err() {
                break; // it has heard enough
            }
            sent += chunk.len();
        }
        assert!(sent < 64 << 20, "it listened to {sent} bytes");
        let answer = hear(&client);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
    let grown = told(&sandbox, "VmHWM:") - before;
    assert!(grown < 32 << 10, "{grown} KiB more");
    sandbox.gpgsmith(&["vault", "list"]).ok();
}
