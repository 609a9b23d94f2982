use std::{
    env, fs,
    process::{Child, Command, Stdio},
    thread,
};

use gpgsmith_audit::Log;

use crate::{SEED, Scratch, entry};

const PROCESSES: i64 = 20;
const EACH: i64 = 25;
/// Names the log that [`a_process_finds_its_entries_in_order`] appends to, and its own number.
const SHARED: &str = "GPGSMITH_AUDIT_TEST";

/// On its own a test of one writer; also what each of the many processes runs.
#[test]
fn a_process_finds_its_entries_in_order() {
    let scratch = Scratch::new();
    let shared = env::var(SHARED).ok();
    let (number, log) = match shared.as_deref().and_then(|shared| shared.split_once(':')) {
        Some((number, path)) => (number.parse().unwrap(), Log::new(path, SEED)),
        None => (0, scratch.log.clone()),
    };
    let mine = |time: i64| (number * EACH..(number + 1) * EACH).contains(&time);
    for second in number * EACH..(number + 1) * EACH {
        log.append(entry(second)).unwrap();
    }
    let seconds = log.load().unwrap().into_iter().map(|e| e.timestamp.as_second() - 1_780_000_000);
    let found = seconds.filter(|second| mine(*second)).collect::<Vec<_>>();
    assert_eq!(found, (number * EACH..(number + 1) * EACH).collect::<Vec<_>>());
}

#[expect(clippy::disallowed_methods, reason = "this program itself is what is run")]
fn process(number: i64, scratch: &Scratch) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "concurrent::a_process_finds_its_entries_in_order"])
        .env(SHARED, format!("{number}:{}", scratch.path().display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn twenty_processes_at_once_lose_nothing() {
    let scratch = Scratch::new();
    let processes = (0..PROCESSES).map(|number| process(number, &scratch)).collect::<Vec<_>>();
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let report = scratch.log.verify().unwrap();
    let all = usize::try_from(PROCESSES * EACH).unwrap();
    assert_eq!((report.entries, report.linked, report.is_intact()), (all, all, true));
}

#[test]
fn readers_never_see_half_an_entry() {
    let scratch = Scratch::filled();
    thread::scope(|scope| {
        scope.spawn(|| (4..100).for_each(|second| drop(scratch.append(second))));
        for _ in 0..40 {
            let report = scratch.log.verify().unwrap();
            assert!(report.is_intact());
        }
    });
}

#[test]
fn a_log_that_was_replaced_while_waiting_is_opened_anew() {
    let scratch = Scratch::filled();
    let held = fs::File::open(scratch.path()).unwrap();
    held.lock().unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| scratch.append(4));
        thread::sleep(std::time::Duration::from_millis(50));
        let copy = scratch.path().with_extension("copy");
        fs::copy(scratch.path(), &copy).unwrap();
        fs::rename(&copy, scratch.path()).unwrap();
        drop(held);
        let fourth = waiting.join().unwrap();
        assert_eq!(scratch.log.load().unwrap().last(), Some(&fourth));
    });
}
