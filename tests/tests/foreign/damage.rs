//! Files that were cut, changed, or never were what they are called.

use std::fs;

use gpgsmith_tests::target::{DIR, FORGED, Target};

/// Places all over a file: its header byte by byte, then each chunk's beginning, middle and end.
fn places(length: usize) -> Vec<usize> {
    let header = (0..200).step_by(7);
    let chunks = (200..length).step_by(9973);
    header.chain(chunks).chain([length - 17, length - 1]).filter(|&at| at < length).collect()
}

#[test]
fn a_snapshot_with_one_bit_changed_opens_nothing() {
    let target = Target::new();
    let newest =
        fs::read(target.sandbox.path(DIR).join(target.sandbox.snapshots(DIR).pop().unwrap()))
            .unwrap();
    for (number, at) in places(newest.len()).into_iter().enumerate() {
        let mut bytes = newest.clone();
        bytes[at] ^= 1 << (number % 8);
        target.put(FORGED, &bytes);
        let before = target.look();
        let run = target.open();
        assert!(matches!(run.code, Some(1 | 5 | 6)), "{at}: {run}");
        before.unchanged(&target, &format!("bit {} of byte {at}", number % 8));
    }
}

#[test]
fn a_snapshot_that_was_cut_opens_nothing() {
    let target = Target::new();
    let newest =
        fs::read(target.sandbox.path(DIR).join(target.sandbox.snapshots(DIR).pop().unwrap()))
            .unwrap();
    for at in places(newest.len()) {
        target.put(FORGED, &newest[..at]);
        let before = target.look();
        target.open().fails(1);
        before.unchanged(&target, &format!("cut at {at}"));
    }
}

/// One scrypt with this work factor takes 1 KiB times 2 to its power.
#[test]
fn a_header_that_asks_for_more_work_than_is_sane_is_refused_before_any_is_done() {
    let target = Target::new();
    target.sandbox.register(&["pass-fast"]);
    let dir = "vaults/pass-fast";
    let open = ["vault", "open", "pass-fast", "--no-shell"];
    let salt = "A".repeat(22);
    let body = "A".repeat(43);
    let stanza = |factor: &str| format!("-> scrypt {salt} {factor}\n{body}\n");
    let far = "18446744073709551634";
    for factor in ["30", "21", "23", "255", "256", "0", "-1", "018", "+18", "18.0", "1e1", far, ""]
    {
        for stanzas in [
            stanza(factor),
            stanza(factor).repeat(2),
            format!("-> X25519 {body}\n{body}\n{}", stanza(factor)),
        ] {
            let header = format!("age-encryption.org/v1\n{stanzas}--- {body}\n");
            fs::write(
                target.sandbox.path(dir).join(FORGED),
                [header.as_bytes(), &[7; 500]].concat(),
            )
            .unwrap();
            let before = target.look();
            let run = target.sandbox.unlocked(&open);
            assert!(matches!(run.code, Some(1 | 4 | 6)), "{factor}: {run}");
            before.unchanged(&target, factor);
        }
    }
    assert!(target.peak() < 200, "{} MiB", target.peak());
}

#[test]
fn a_header_that_is_none_is_damage() {
    let target = Target::new();
    let long =
        [b"age-encryption.org/v1\n".as_slice(), &b"-> X25519 x\nAAAA\n".repeat(200_000)].concat();
    for (name, bytes) in [
        ("nothing", Vec::new()),
        (
            "armor",
            b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n"
                .to_vec(),
        ),
        ("a page", b"<html>Your quota is exceeded</html>".to_vec()),
        ("gpg", b"\x85\x01\x0c\x03AAAA".repeat(30)),
        ("zeros", vec![0; 1 << 20]),
        ("a plain tar", gpgsmith_tests::forge::archive(&[gpgsmith_tests::forge::file("a", "b")])),
        ("another version", b"age-encryption.org/v2\n-> X25519 x\nx\n--- x\n".to_vec()),
        ("recipients without end", long),
        (
            "a line without end",
            [b"age-encryption.org/v1\n-> ".as_slice(), &vec![b'A'; 4 << 20]].concat(),
        ),
    ] {
        target.put(FORGED, &bytes);
        let before = target.look();
        target.open().fails(1);
        before.unchanged(&target, name);
    }
    assert!(target.peak() < 200, "{} MiB", target.peak());
}
