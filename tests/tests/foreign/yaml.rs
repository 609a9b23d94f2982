//! Documents that are small to write and large to read, in each of our files.

use gpgsmith_tests::{
    extent::{all, rounds},
    forge::{archive, copy, file},
    sandbox::Sandbox,
    target::{DIR, FORGED, Target},
};

/// Documents by name; each means to take all memory, all time, or the whole stack.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let laugh = |level: u8| {
        let (name, of) = (char::from(b'a' + level), char::from(b'a' + level - 1));
        format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 10].join(","))
    };
    let laughs: String = (1..12).map(laugh).collect();
    let text = |text: String| text.into_bytes();
    let numbered = |count: usize, line: fn(usize) -> String| {
        (0..count).flat_map(|number| line(number).into_bytes()).collect::<Vec<u8>>()
    };
    let long = |word: &str, count: usize| text(word.repeat(count));
    vec![
        ("a billion laughs", text(format!("a: &a [lol]\n{laughs}"))),
        (
            "a billion merges",
            text(format!("a: &a {{k: v}}\n{}", laughs.replace('[', "{<<: [").replace(']', "]}"))),
        ),
        ("brackets", long("[", 200_000)),
        ("braces", long("{a: ", 100_000)),
        ("question marks", long("? ", 100_000)),
        ("dashes", long("- ", 100_000)),
        ("indentation", numbered(1200, |depth| format!("{}a:\n", " ".repeat(depth)))),
        ("anchors", numbered(20_000, |number| format!("- &a{number} x\n"))),
        ("a list without end", long("- ~\n", 1 << 19)),
        (
            "nothing, many times",
            text(format!("entries: [{}]", "~,".repeat(rounds(1 << 20, 12 << 20)))),
        ),
        ("keys without end", numbered(100_000, |number| format!("k{number}: v\n"))),
        ("a scalar of 4 MiB", text(format!("master_fp: {}\n", "A".repeat(4 << 20)))),
        ("a block of 4 MiB", text(format!("master_fp: |\n{}", "  A\n".repeat(1 << 20)))),
        ("a comment of 4 MiB", text(format!("#{}\n", "x".repeat(4 << 20)))),
        ("documents without end", long("---\na: b\n", 100_000)),
        ("a tag that makes objects", text("!!python/object/apply:os.system [\"id\"]\n".to_owned())),
        ("an alias to itself", text("a: &a [*a]\n".to_owned())),
        ("an include", text("a: !include /etc/passwd\nb: ${HOME}\n".to_owned())),
        ("another version", text("%YAML 9.9\n%TAG ! tag:x,2000:\n---\na: b\n".to_owned())),
        ("an open quote", text("a: \"b\n".to_owned())),
        ("bytes", vec![0xff, 0xfe, 0x00, 0x9b]),
        ("zeros", vec![0; 1 << 20]),
        ("control characters", b"a: \x1b]0;x\x07\x1b[2J\x9b31m\n".to_vec()),
    ]
}

/// Not more than this, in MiB, whatever it is given to read.
const ENOUGH: u64 = 320;

/// It ended, by itself, and said so in a way that cannot steer a terminal.
#[track_caller]
fn ended(what: &str, run: &gpgsmith_tests::run::Run) {
    assert!(matches!(run.code, Some(0..=8)), "{what}: {run}");
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!run.stdout.contains(steers) && !run.stderr.contains(steers), "{what}: {run:?}");
    assert!(!run.stderr.contains("a fault in the daemon"), "{what}: {run}");
    let longest = run.stderr.lines().map(str::len).max().unwrap_or_default();
    assert!(longest < 2000, "{what}: a line of {longest} bytes");
}

#[test]
fn a_bomb_in_a_file_of_a_snapshot_is_refused_or_lies_there() {
    let target = Target::new();
    let ours = target.newest();
    let files = [
        "gpgsmith.yaml",
        "gpgsmith-lineage.yaml",
        "gpgsmith-audit.yaml",
        "gpgsmith-vault.yaml",
        "gpgsmith-inventory.yaml",
        "gpgsmith-servers.yaml",
    ];
    // Those that are alike are read by the same few lines.
    for name in files.into_iter().take(if all() { 6 } else { 3 }) {
        for (bomb, text) in bombs() {
            let what = format!("{bomb} in {name}");
            let mut parts: Vec<Vec<u8>> =
                ours.iter().filter(|entry| entry.name != name).map(copy).collect();
            parts.push(file(name, &text));
            target.seal(FORGED, &archive(&parts));
            let before = target.look();
            let opened = target.open();
            ended(&what, &opened);
            if opened.code == Some(0) {
                for line in [&["audit", "show"][..], &["audit", "verify"], &["keys", "list"]] {
                    ended(&what, &target.sandbox.gpgsmith(line));
                }
                target.discard();
            }
            before.unchanged(&target, &what);
        }
    }
    assert!(target.peak() < ENOUGH, "{} MiB", target.peak());
}

/// Well-formed, and at the ends of their ranges.
#[test]
fn settings_and_numbers_at_their_ends_do_no_harm() {
    let target = Target::new();
    let ours = target.newest();
    for (name, text) in [
        ("gpgsmith-vault.yaml", "idle_minutes: 4294967295\nabsolute_minutes: 4294967295\n"),
        ("gpgsmith-vault.yaml", "idle_minutes: 4294967296\n"),
        ("gpgsmith-vault.yaml", "idle_minutes: -1\ngzip: 7\n"),
        ("gpgsmith-vault.yaml", "gzip: true\nunknown: [1, 2]\n"),
        ("gpgsmith.yaml", "master_fp: 1e400\nsubkey_expiry: 99999999999999999999y\n"),
        ("gpgsmith.yaml", "master_fp: null\nsubkey_algo: ~\n"),
    ] {
        let what = format!("{name}: {text}");
        let mut parts: Vec<Vec<u8>> =
            ours.iter().filter(|entry| entry.name != name).map(copy).collect();
        parts.push(file(name, text));
        target.seal(FORGED, &archive(&parts));
        let before = target.look();
        let opened = target.open();
        ended(&what, &opened);
        if opened.code == Some(0) {
            for line in [&["vault", "status"][..], &["keys", "status"], &["keys", "generate"]] {
                ended(&what, &target.sandbox.gpgsmith(&[line, &["--no-input"]].concat()));
            }
            target.discard();
        }
        before.unchanged(&target, &what);
    }
}

#[test]
fn a_bomb_in_a_sidecar_hides_nothing_and_opens_nothing() {
    let target = Target::new();
    let newest = target.sandbox.snapshots(DIR).pop().unwrap();
    for (bomb, text) in bombs() {
        target.put(&format!("{newest}.session-other.info"), &text);
        let before = target.look();
        for line in [&["vault", "status"][..], &["vault", "list"]] {
            ended(bomb, &target.sandbox.gpgsmith(line).ok());
        }
        ended(bomb, &target.open().ok());
        target.discard();
        before.unchanged(&target, bomb);
    }
    assert!(target.peak() < ENOUGH, "{} MiB", target.peak());
}

#[test]
fn a_bomb_in_a_file_of_this_machine_is_an_error_that_says_where() {
    for name in ["config.yaml", "gpgsmith.yaml"] {
        let sandbox = Sandbox::new();
        let path = format!("config/locksmith/{name}");
        for (bomb, text) in bombs() {
            std::fs::create_dir_all(sandbox.path("config/locksmith")).unwrap();
            std::fs::write(sandbox.path(&path), &text).unwrap();
            for line in [
                &["vault", "list"][..],
                &["vault", "open", "x", "--no-shell"],
                &["vault", "create", "x", "--path", "x"],
            ] {
                let run = sandbox.unlocked(line);
                ended(&format!("{bomb} in {name}"), &run);
            }
            // What is no bomb to us gets an entry at its end.
            let now = std::fs::read(sandbox.path(&path)).unwrap();
            assert!(now.starts_with(&text), "{bomb}: overwritten");
        }
    }
}
