//! Archives that authenticate, and are refused all the same.

use std::{fs, io::Write};

use gpgsmith_vault::{ArchiveError, Limits, OpenError, OpenOptions, Place, Policy, Tree};

use crate::{Bench, identity, names};

/// One header and its content.
fn entry(path: &[u8], flag: u8, content: &[u8]) -> Vec<u8> {
    assert!(path.len() <= 100, "needs an extended header");
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.set_entry_type(tar::EntryType::new(flag));
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    if flag == b'2' || flag == b'1' {
        header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
        header.set_size(0);
        header.set_cksum();
        return header.as_bytes().to_vec();
    }
    header.set_cksum();
    let padding = vec![0; content.len().next_multiple_of(512) - content.len()];
    [header.as_bytes().as_slice(), content, &padding].concat()
}

fn file(path: &str, content: &str) -> Vec<u8> {
    entry(path.as_bytes(), b'0', content.as_bytes())
}

fn directory(path: &str) -> Vec<u8> {
    entry(path.as_bytes(), b'5', b"")
}

fn link(path: &str, target: &str) -> Vec<u8> {
    entry(path.as_bytes(), b'2', target.as_bytes())
}

fn pax(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest..rest + 10).find(|n| *n == rest + n.to_string().len()).unwrap();
    entry(b"pax", b'x', &[format!("{length} {key}=").as_bytes(), value, b"\n"].concat())
}

fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}

fn open_with(tar: &[u8], options: &OpenOptions<'_>) -> Result<Vec<String>, OpenError> {
    let bench = Bench::new();
    bench.put_encrypted("x.age", tar);
    let tree = Tree::plain(bench.path("home"));
    let opened = bench.store.open("x.age", &identity(), &tree, options);
    let names = names(tree.main());
    if opened.is_err() {
        assert!(names.is_empty(), "left behind: {names:?}");
    }
    opened.map(|_| names)
}

fn refused(tar: &[u8]) -> ArchiveError {
    match open_with(tar, &OpenOptions::default()) {
        Err(OpenError::Archive { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

macro_rules! refuses {
    ($($law:ident: $archive:expr => $error:pat,)*) => {$(
        #[test]
        fn $law() {
            let good = file("good", "content");
            let error = refused(&archive(&[vec![good], $archive.to_vec()].concat()));
            assert!(matches!(error, $error), "{error:?}");
        }
    )*};
}

refuses! {
    absolute_path: [file("/etc/cron.d/x", "")] => ArchiveError::AbsolutePath(_),
    parent_path: [file("../x", "")] => ArchiveError::Escapes(_),
    parent_path_further_down: [directory("a"), file("a/../../x", "")] => ArchiveError::Escapes(_),
    parent_path_in_pax: [pax("path", b"../x"), file("x", "")] => ArchiveError::Escapes(_),
    absolute_path_in_long_name: [entry(b"././@LongLink", b'L', b"/x\0"), file("x", "")]
        => ArchiveError::AbsolutePath(_),
    same_file_twice: [file("good", "other")] => ArchiveError::Duplicate(_),
    same_file_twice_in_disguise: [file("./good", "other")] => ArchiveError::Duplicate(_),
    same_directory_twice: [directory("a"), directory("a/")] => ArchiveError::Duplicate(_),
    file_where_a_directory_was_implied: [file("a/b", ""), file("a", "")] => ArchiveError::Duplicate(_),
    entry_below_a_file: [file("good/x", "")] => ArchiveError::BelowNonDirectory(_),
    entry_below_a_link: [link("l", "."), file("l/x", "")] => ArchiveError::BelowNonDirectory(_),
    entry_deep_below_a_link: [link("l", "."), file("l/a/b/x", "")] => ArchiveError::BelowNonDirectory(_),
    hard_link: [entry(b"h", b'1', b"good")] => ArchiveError::UnsupportedType { flag: '1', .. },
    character_device: [entry(b"d", b'3', b"")] => ArchiveError::UnsupportedType { flag: '3', .. },
    block_device: [entry(b"d", b'4', b"")] => ArchiveError::UnsupportedType { flag: '4', .. },
    fifo: [entry(b"p", b'6', b"")] => ArchiveError::UnsupportedType { flag: '6', .. },
    contiguous_file: [entry(b"c", b'7', b"")] => ArchiveError::UnsupportedType { flag: '7', .. },
    gnu_sparse_file: [entry(b"s", b'S', b"")] => ArchiveError::UnsupportedType { flag: 'S', .. },
    global_pax_header: [entry(b"g", b'g', b"13 path=evil\n")]
        => ArchiveError::UnsupportedType { flag: 'g', .. },
    pax_sparse_file: [pax("GNU.sparse.major", b"1"), file("x", "")] => ArchiveError::BadHeader { .. },
    pax_record_without_length: [entry(b"p", b'x', b"path=x\n"), file("x", "")]
        => ArchiveError::BadHeader { .. },
    pax_record_too_long: [entry(b"p", b'x', b"999 path=x\n"), file("x", "")]
        => ArchiveError::BadHeader { .. },
    pax_header_too_big: [entry(b"p", b'x', &vec![b'x'; (1 << 20) + 1]), file("x", "")]
        => ArchiveError::ExtensionTooBig { size: 1_048_577 },
    nul_in_a_path: [pax("path", b"a\0b"), file("x", "")] => ArchiveError::Nul(_),
    component_too_long: [pax("path", &[b'x'; 256]), file("x", "")] => ArchiveError::PathTooLong(_),
    path_too_long: [pax("path", &b"x/".repeat(2049)), file("x", "")] => ArchiveError::PathTooLong(_),
    nested_too_deeply: [pax("path", &b"d/".repeat(65)), directory("d")] => ArchiveError::TooDeep(_),
    file_without_a_name: [file("", "")] => ArchiveError::EmptyPath,
    file_named_as_the_root: [file("./", "")] => ArchiveError::EmptyPath,
    directory_with_content: [entry(b"d", b'5', b"content")] => ArchiveError::BadHeader { .. },
    link_without_a_target: [link("l", "")] => ArchiveError::BadLink(_),
    link_to_an_absolute_path: [link("l", "/etc/passwd")] => ArchiveError::LinkEscapes(_),
    link_to_the_parent: [link("l", "../x")] => ArchiveError::LinkEscapes(_),
    link_that_climbs_after_descending: [link("l", "a/../../x")] => ArchiveError::LinkEscapes(_),
    link_from_a_directory_to_above_the_root: [directory("a"), link("a/l", "../../x")]
        => ArchiveError::LinkEscapes(_),
    data_after_the_end: [vec![0; 1024], file("late", "")] => ArchiveError::TrailingData,
    half_an_end_marker: [vec![0; 512], file("late", "")] => ArchiveError::TrailingData,
}

#[test]
fn checksum_is_verified() {
    let mut bytes = archive(&[file("x", "")]);
    bytes[0] = b'y';
    assert_eq!(refused(&bytes), ArchiveError::BadHeader { offset: 0 });
}

#[test]
fn archive_without_its_end_is_refused_wherever_it_is_cut() {
    let whole = archive(&[file("a", "content"), file("b", "more")]);
    for end in [0, 1, 511, 512, 515, 1024, 1700, 2048, 2049, 2560, 3071] {
        assert_eq!(refused(&whole[..end]), ArchiveError::Truncated, "{end}");
    }
}

#[test]
fn size_beyond_the_stream_is_refused() {
    let mut header = tar::Header::new_ustar();
    header.set_path("big").unwrap();
    header.set_size(1 << 29);
    header.set_cksum();
    assert_eq!(refused(&archive(&[header.as_bytes().to_vec()])), ArchiveError::Truncated);
}

#[test]
fn limits_hold() {
    let limits = Limits { entries: 3, bytes: 10_000 };
    let options = OpenOptions { limits, ..OpenOptions::default() };
    let many: Vec<_> = (0..4).map(|i| directory(&format!("d{i}"))).collect();
    let error = open_with(&archive(&many), &options).unwrap_err();
    let OpenError::Archive { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source, ArchiveError::TooManyEntries { allowed: 3 });
    let error = open_with(&archive(&[file("x", &"x".repeat(9_000))]), &options).unwrap_err();
    let OpenError::Archive { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source, ArchiveError::TooBig { allowed: 10_000 });
    assert_eq!(open_with(&archive(&many[..3]), &options).unwrap().len(), 3);
}

#[test]
fn implied_parents_count_against_the_limit() {
    let limits = Limits { entries: 5, ..Limits::default() };
    let options = OpenOptions { limits, ..OpenOptions::default() };
    let error = open_with(&archive(&[file("a/b/c/d/e/f", "")]), &options).unwrap_err();
    assert!(matches!(error, OpenError::Archive { .. }), "{error:?}");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(bytes).unwrap();
    zipped.finish().unwrap()
}

#[test]
fn gzip_is_told_by_its_magic() {
    assert_eq!(
        open_with(&gzip(&archive(&[file("x", "")])), &OpenOptions::default()).unwrap(),
        ["x"]
    );
}

#[test]
fn gzip_bomb_is_refused() {
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let options = OpenOptions { limits, ..OpenOptions::default() };
    let error = open_with(&gzip(&vec![0; 100 << 20]), &options).unwrap_err();
    let OpenError::Archive { source, .. } = error else { panic!("{error:?}") };
    assert_eq!(source, ArchiveError::TooBig { allowed: 1 << 20 });
}

#[test]
fn data_after_gzip_is_refused() {
    let bytes = [gzip(&archive(&[file("x", "")])), b"late".to_vec()].concat();
    assert_eq!(refused(&bytes), ArchiveError::TrailingData);
}

#[test]
fn broken_gzip_is_damage() {
    let mut bytes = gzip(&archive(&[file("x", "some content")]));
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    let error = open_with(&bytes, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. } | OpenError::Archive { .. }), "{error:?}");
}

#[test]
fn what_other_tars_write_is_fine() {
    let long = format!("{}/x", "n".repeat(200));
    let parts = [
        directory("./"),
        directory("./a/"),
        file("./a/b", "1"),
        entry(b"old", 0, b"2"),
        entry(b"olddir/", 0, b""),
        entry(b"././@LongLink", b'L', format!("{long}\0").as_bytes()),
        file("nnnn", "3"),
        pax("mtime", b"1.5"),
        file("implied/dir/x", "4"),
        directory("implied"),
        vec![0; 4096],
    ];
    let names = open_with(&archive(&parts), &OpenOptions::default()).unwrap();
    assert_eq!(names, ["a", "implied", &"n".repeat(200), "old", "olddir"]);
}

#[test]
fn links_that_stay_inside_are_restored() {
    let parts = [directory("a"), file("b", "1"), link("a/l", "../b"), link("m", "a/l")];
    assert_eq!(open_with(&archive(&parts), &OpenOptions::default()).unwrap(), ["a", "b", "m"]);
}

/// An allow-list as a caller would write it.
fn guarded(bench: &Bench) -> Tree {
    let place = |path: &std::path::Path, _| match path.to_str() {
        Some("kept" | "kept/file") => Place::Main,
        Some(socket) if socket.starts_with("S.") => Place::Drop,
        _ => Place::Aside,
    };
    let policy = Policy::new(place, |path| path.starts_with("S.socket"));
    Tree::new(bench.path("home"), bench.path("carried"), policy)
}

#[test]
fn policy_keeps_links_and_executables_out_of_main() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let bench = Bench::new();
    let parts = [
        directory("kept"),
        file("kept/file", "1"),
        file("kept/other", "2"),
        file("S.agent", ""),
        link("evil", "/etc/passwd"),
    ];
    bench.put_encrypted("x.age", &archive(&parts));
    let tree = guarded(&bench);
    let opened = bench.open("x.age", &identity(), &tree).unwrap();
    assert_eq!(opened.contents.len(), 5);
    assert_eq!(names(tree.main()), ["kept"]);
    assert_eq!(names(&tree.main().join("kept")), ["file"]);
    assert_eq!(mode(tree.main().join("kept/file")), 0o600);
    assert_eq!(names(&bench.path("carried")), ["evil", "kept"]);
    assert_eq!(mode(bench.path("carried/kept/other")), 0o700);
    assert_eq!(fs::read_link(bench.path("carried/evil")).unwrap().to_str(), Some("/etc/passwd"));
}

#[test]
fn link_in_the_place_of_an_allowed_name_goes_aside() {
    let bench = Bench::new();
    bench.put_encrypted("x.age", &archive(&[link("kept", "/root/.ssh")]));
    let tree = guarded(&bench);
    bench.open("x.age", &identity(), &tree).unwrap();
    assert!(names(tree.main()).is_empty());
    assert_eq!(names(&bench.path("carried")), ["kept"]);
}

#[test]
fn tree_that_holds_something_is_not_touched() {
    let bench = Bench::new();
    bench.put_encrypted("x.age", &archive(&[file("x", "")]));
    let tree = bench.tree("home", &[("precious", "1")]);
    let error = bench.open("x.age", &identity(), &tree).unwrap_err();
    assert!(matches!(error, OpenError::Path(_)), "{error:?}");
    assert_eq!(names(tree.main()), ["precious"]);
}
