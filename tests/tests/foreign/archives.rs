//! Archives that decrypt, and are none.

use gpgsmith_tests::{
    forge::{archive, copy, directory, file, link, part, pax, program},
    target::{DIR, FORGED, Target},
};

/// Every kind of attack, by name; `beside` is a directory that belongs to somebody.
fn attacks(beside: &str) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let up = "../".repeat(6);
    let entry = |path: &str, kind| part(path.as_bytes(), kind, 0o644, b"");
    vec![
        ("absolute path", vec![file(&format!("{beside}/x"), "x")]),
        ("parent", vec![file("../x", "x")]),
        ("parents", vec![file(&format!("{up}x"), "x")]),
        ("parent within", vec![directory("a"), file("a/../../x", "x")]),
        ("parent in an extended header", vec![pax("path", b"../../x"), file("x", "x")]),
        (
            "absolute path in an extended header",
            vec![pax("path", format!("{beside}/x").as_bytes()), file("x", "x")],
        ),
        (
            "absolute path in a long name",
            vec![
                part(b"././@LongLink", b'L', 0, format!("{beside}/x\0").as_bytes()),
                file("x", "x"),
            ],
        ),
        ("file through a link", vec![link("l", beside), file("l/x", "x")]),
        ("file through a link to itself", vec![link("l", "."), file("l/x", "x")]),
        ("link in a link's place", vec![link("l", "a"), link("l", beside)]),
        ("hard link", vec![part(b"h", b'1', 0o600, b"/etc/passwd")]),
        ("character device", vec![entry("d", b'3')]),
        ("block device", vec![entry("d", b'4')]),
        ("FIFO", vec![entry("p", b'6')]),
        ("contiguous file", vec![entry("c", b'7')]),
        ("sparse file", vec![entry("s", b'S')]),
        ("global extended header", vec![part(b"g", b'g', 0, b"13 path=evil\n")]),
        ("same file twice", vec![file("gpgsmith.yaml", "a"), file("./gpgsmith.yaml", "b")]),
        ("file where a directory is", vec![file("a/b", ""), file("a", "")]),
        ("below a file", vec![file("a", ""), file("a/b", "")]),
        ("nested deeply", vec![pax("path", &b"d/".repeat(1000)), directory("d")]),
        ("NUL in a name", vec![pax("path", b"a\0b"), file("x", "")]),
        ("size of 8 GiB", vec![huge()]),
        ("size of 2 to the 64", vec![pax("size", b"18446744073709551615"), file("x", "")]),
        ("negative size", vec![pax("size", b"-1"), file("x", "")]),
        ("extended header of 2 MiB", vec![part(b"p", b'x', 0, &vec![b'1'; 2 << 20])]),
        ("half an archive", vec![vec![0; 512], file("x", "")]),
        ("no archive", vec![b"PK\x03\x04".repeat(400)]),
    ]
}

/// A header that promises more than there is.
fn huge() -> Vec<u8> {
    let mut header = file("big", "");
    header[124..135].copy_from_slice(b"77777777777");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[test]
fn an_archive_of_any_hostile_kind_is_refused_whole() {
    let target = Target::new();
    let good: Vec<Vec<u8>> = target.newest().iter().map(copy).collect();
    for (name, attack) in attacks(&target.sandbox.text("tmp")) {
        // Behind a whole home: what is good before it is not used either.
        target.seal(FORGED, &archive(&[good.clone(), attack].concat()));
        let before = target.look();
        let run = target.open();
        assert_eq!(run.code, Some(1), "{name}: {run}");
        assert!(run.stderr.contains("--snapshot"), "{name}: the one before is named: {run}");
        before.unchanged(&target, name);
        std::fs::remove_file(target.sandbox.path(DIR).join(FORGED)).unwrap();
    }
    assert!(target.peak() < 200, "{} MiB", target.peak());
}

/// What the vault crate shows with small limits, with those that are shipped.
#[test]
fn an_archive_of_too_many_entries_is_stopped() {
    let target = Target::new();
    let good: Vec<Vec<u8>> = target.newest().iter().map(copy).collect();
    let directories = (0..100_001).map(|number| directory(&number.to_string()));
    let deep = (0..10_000).map(|number| program(&format!("{number}/b/c/d/e/f/g/h/i/j/k/x"), ""));
    for (name, parts) in [("many", directories.collect()), ("deep", deep.collect::<Vec<_>>())] {
        target.seal(FORGED, &archive(&[good.clone(), parts].concat()));
        let before = target.look();
        let run = target.open().fails(1);
        assert!(run.stderr.contains("is refused"), "{name}: {run}");
        before.unchanged(&target, name);
    }
    assert!(target.peak() < 200, "{} MiB", target.peak());
}
