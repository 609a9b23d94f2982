use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
};

use super::*;

#[test]
fn a_subscriber_hears_what_was_and_what_comes() {
    let daemon = Running::start(BOUNDS);
    daemon.client().call(&Shout { events: 2, bytes: 1 }).unwrap();
    let mut events = daemon.client().subscribe(1).unwrap();
    assert_eq!(events.next().unwrap().unwrap().seq, 2);
    daemon.client().call(&Shout { events: 1, bytes: 1 }).unwrap();
    assert_eq!(events.next().unwrap().unwrap().seq, 3);
}

#[test]
fn the_stream_ends_with_the_daemon() {
    let mut daemon = Running::start(BOUNDS);
    let mut events = daemon.client().subscribe(0).unwrap();
    daemon.client().call(&Shout { events: 1, bytes: 1 }).unwrap();
    daemon.client().call(&StopDaemon { timeout: 1 }).unwrap();
    assert_eq!(events.next().unwrap().unwrap().seq, 1, "what was published is still told");
    assert!(events.next().is_none());
    daemon.join().unwrap();
}

#[test]
fn a_slow_reader_is_cut_off_and_nobody_waits_for_it() {
    let daemon = Running::start(BOUNDS);
    let mut slow = UnixStream::connect(&daemon.options.socket).unwrap();
    slow.write_all(b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    slow.read_exact(&mut [0; 12]).unwrap();
    for _ in 0..40 {
        daemon.client().call(&Shout { events: 5, bytes: 20_000 }).unwrap();
    }
    thread::sleep(BOUNDS.stalled * 3);
    slow.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut seen = Vec::new();
    slow.read_to_end(&mut seen).unwrap();
    assert!(!seen.ends_with(b"0\r\n\r\n"), "it is no end in good order");
    assert!(seen.len() < 3_000_000, "{} bytes waited for it", seen.len());
    let mut events = daemon.client().subscribe(199).unwrap();
    assert_eq!(events.next().unwrap().unwrap().seq, 200, "another reader misses nothing");
}

#[test]
fn a_subscriber_waits_as_long_as_nothing_happens() {
    let daemon = Running::start(BOUNDS);
    let mut events = daemon.client().subscribe(0).unwrap();
    let client = daemon.client();
    thread::spawn(move || {
        thread::sleep(BOUNDS.request * 3);
        client.call(&Shout { events: 1, bytes: 1 }).unwrap();
    });
    assert_eq!(events.next().unwrap().unwrap().seq, 1);
}

#[test]
fn whoever_comes_late_hears_of_the_gap() {
    let daemon = Running::start(BOUNDS);
    daemon.client().call(&Shout { events: 300, bytes: 1 }).unwrap();
    let mut events = daemon.client().subscribe(1).unwrap();
    assert_eq!(events.next().unwrap().unwrap().what, What::Gap);
    assert_eq!(events.next().unwrap().unwrap().seq, 45);
}

#[test]
fn w48_nothing_but_a_number_selects_events() {
    let daemon = Running::start(BOUNDS);
    for query in ["?token=abc", "?after=1&token=abc", "?after=-1", "?vault=work"] {
        let request =
            format!("GET /v1/events{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = raw(&daemon, &request);
        assert!(answer.starts_with("HTTP/1.1 400"), "{query}: {answer}");
    }
}
