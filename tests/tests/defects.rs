//! Each defect of the Go program that lies in our part has a test named after it, here or nearer
//! to its cure; and those that only whole programs can show.

use std::{collections::BTreeSet, fs, thread};

use gpgsmith_tests::{
    fixture::HOST,
    sandbox::Sandbox,
    source::{files, read},
    wait::wait_until,
};

/// The numbers of the defects.
const CURED: [u8; 49] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29,
    30, 31, 32, 33, 34, 35, 36, 37, 43, 44, 45, 46, 47, 48, 49, 50, 52, 53, 54, 66, 67, 68, 69,
];

/// The defects that the tests in `source` are named after: `fn w07_w14_…` is for two.
fn named(source: &str) -> impl Iterator<Item = u8> {
    let functions = source.split("fn ").skip(1).filter_map(|rest| rest.split('(').next());
    functions.flat_map(|name| {
        name.split('_').map_while(|part| {
            part.strip_prefix('w').filter(|number| number.len() == 2)?.parse().ok()
        })
    })
}

#[test]
fn each_cured_defect_has_a_test() {
    let sources = ["crates", "tests/tests"].map(|dir| files(dir, ".rs")).concat();
    let tested: BTreeSet<u8> =
        sources.iter().flat_map(|path| named(&read(path)).collect::<Vec<_>>()).collect();
    let missing: Vec<&u8> = CURED.iter().filter(|number| !tested.contains(number)).collect();
    assert!(missing.is_empty(), "no test is named after {missing:?}");
}

#[test]
fn names_are_read_as_they_are_meant() {
    let source = "fn w07_w14_both() {} fn w1_no() {} fn window() {} // fn_w20\nfn w99(";
    assert_eq!(named(source).collect::<Vec<_>>(), [7, 14, 99]);
}

const INFO: &str =
    "vaults/stranded-clean/20261123T171124Z_rotate-subkeys-2026.tar.age.session-otherhost.info";

#[test]
fn w01_a_live_session_of_the_go_program_is_told_from_a_dead_one() {
    let sandbox = Sandbox::new();
    sandbox.register(&["stranded-clean"]);
    sandbox.settings(&format!("hostname: {HOST}\n"));
    let now = sandbox.tool("date", &["-u", "+%Y-%m-%dT%H:%M:%S.5Z"]).ok().stdout;
    let dead = sandbox.read(INFO);
    let lines = dead.lines().map(|line| match line.split(": ").next() {
        Some("last_heartbeat") => format!("last_heartbeat: {now}"),
        Some("status") => "status: active\n".to_owned(),
        _ => format!("{line}\n"),
    });
    sandbox.write(INFO, &lines.collect::<String>());
    let open = ["vault", "open", "--no-shell", "--resume"];
    insta::assert_snapshot!("vault_open__live_elsewhere", sandbox.unlocked(&open).fails(1).shown());
    sandbox.write(INFO, &dead);
    sandbox.unlocked(&open).ok();
}

/// The encrypted state is written by the step, while it has the session; the heartbeat leaves it
/// alone.
#[test]
fn w02_w04_a_heartbeat_never_archives_the_home() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    let names = sandbox.names("vaults/pass-fast");
    let pair: Vec<&String> = names.iter().filter(|name| name.contains(".session-")).collect();
    let [state, info] = pair[..] else { panic!("{names:?}") };
    let dir = sandbox.path("vaults/pass-fast");
    let (state, info) = (dir.join(state), dir.join(info));
    let (flushed, told) = (fs::read(&state).unwrap(), fs::read(&info).unwrap());
    wait_until("a heartbeat", || fs::read(&info).unwrap() != told);
    assert_eq!(fs::read(&state).unwrap(), flushed);
}

#[test]
fn w07_w14_one_vault_has_one_session() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    sandbox.unlocked(&["keys", "identity", "add", "Ann <ann@example.org>"]).ok();
    let before = sandbox.names("vaults/pass-fast");
    let again = sandbox.unlocked(&["vault", "open", "--json"]).ok().json();
    assert_eq!(again["how"], "attached");
    assert_eq!(sandbox.names("vaults/pass-fast"), before, "one pair of files");
    sandbox.write("passphrase", "wrong\n");
    let wrong = sandbox.unlocked(&["vault", "open", "--no-shell"]).fails(5);
    insta::assert_snapshot!("vault_open__attach_wrong_passphrase", wrong.shown());
    let status = sandbox.gpgsmith(&["vault", "status", "--json"]).ok().json();
    assert_eq!(status["open"].as_array().unwrap().len(), 1);
    assert_eq!(status["open"][0]["unsealed"], 1);
}

#[test]
fn w45_a_seal_waits_for_the_step_that_runs() {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.step_back("pass-fast");
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let mut generating = sandbox.terminal(&["keys", "generate", "--yes", "--verbose"]);
    generating.expect("signing");
    thread::scope(|scope| {
        let seal = scope.spawn(|| sandbox.unlocked(&["vault", "seal", "-m", "meanwhile"]).ok());
        // Reads are answered while the step runs and the seal waits.
        sandbox.gpgsmith(&["keys", "list"]).ok();
        seal.join().unwrap();
    });
    drop(generating.end());
    sandbox.unlocked(&["vault", "open", "--no-shell"]).ok();
    let keys = sandbox.gpgsmith(&["keys", "list"]).ok().stdout;
    assert_eq!(keys.lines().count(), 1 + 7, "all of the step or none of it: {keys}");
    let names = sandbox.names("vaults/pass-fast");
    assert!(names.iter().any(|name| name.ends_with("_meanwhile.tar.age")), "{names:?}");
}
