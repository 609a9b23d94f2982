use std::{
    env,
    process::{Child, Command, Stdio},
    thread,
};

use gpgsmith_vault::registry::Registry;

use super::{Scratch, entry};

#[test]
fn w18_processes_and_threads_at_once_lose_nothing() {
    let scratch = Scratch::new();
    let processes = (1..=12).map(|number| process(number, &scratch)).collect::<Vec<_>>();
    thread::scope(|scope| {
        for number in 13..=16 {
            let registry = &scratch.registry;
            scope.spawn(move || add_three(registry, number));
        }
    });
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let mut names = scratch.load().vault_names();
    names.sort();
    let mut all: Vec<_> = (1..=16).flat_map(names_of).collect();
    all.sort();
    assert_eq!(names, all);
}

/// Names the registry that [`a_process_finds_what_it_added`] adds to, and its own number.
const SHARED: &str = "GPGSMITH_REGISTRY_TEST";

/// On its own a test of one writer; also what each of many processes runs.
#[test]
fn a_process_finds_what_it_added() {
    let scratch = Scratch::new();
    let shared = env::var(SHARED).ok();
    match shared.as_deref().and_then(|shared| shared.split_once(':')) {
        Some((number, path)) => add_three(&Registry::at(path), number.parse().unwrap()),
        None => add_three(&scratch.registry, 0),
    }
}

fn names_of(number: i32) -> [String; 3] {
    ["a", "b", "c"].map(|letter| format!("vault {number} {letter}"))
}

fn add_three(registry: &Registry, number: i32) {
    for name in names_of(number) {
        registry.update(|config| config.add_vault(entry(&name, "~/v"))).unwrap();
        let found = registry.load().unwrap().resolve(Some(&name)).unwrap();
        assert_eq!(found.name, name);
    }
}

fn process(number: i32, scratch: &Scratch) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "registry::concurrent::a_process_finds_what_it_added"])
        .env(SHARED, format!("{number}:{}", scratch.registry.path().display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
