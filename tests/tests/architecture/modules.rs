//! Inside the kernel, arrows run downwards only.

use std::path::Path;

use gpgsmith_tests::source::{files, read, root};

use super::paths::named;

/// The modules that every other may name; they name only one another.
const LOWEST: [&str; 7] = ["api", "clock", "endpoint", "hardening", "id", "secret", "wire"];

/// What each other module may name besides itself and the lowest.
const BELOW: [(&str, &[&str]); 7] = [
    ("client", &[]),
    ("view", &[]),
    ("home", &[]),
    ("session", &["home"]),
    ("publish", &["home"]),
    ("ops", &["publish", "session", "home"]),
    ("daemon", &["ops", "publish", "session", "home"]),
];

/// What `source`, a file of `module`, names that it may not.
fn violations(source: &str, module: &[&str]) -> Vec<String> {
    let Some(&layer) = module.first() else { return Vec::new() };
    let below = BELOW.iter().find(|(name, _)| *name == layer).map(|(_, below)| *below);
    let below = match below {
        Some(below) => below,
        None if LOWEST.contains(&layer) => &[],
        None => return vec![format!("{layer} has no place in the house yet: give it one here")],
    };
    let named = named(source, module);
    let above = named.iter().filter(|path| {
        path.first().is_some_and(|target| {
            target != layer && !LOWEST.contains(&&**target) && !below.contains(&&**target)
        })
    });
    above.map(|path| format!("{} names {}", module.join("::"), path.join("::"))).collect()
}

/// `a/b.rs` and `a/b/mod.rs` are `a::b`; `lib.rs` is the root.
fn module(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

#[test]
fn nothing_in_the_kernel_names_anything_higher() {
    let src = root().join("crates/kernel/src");
    let mut found = Vec::new();
    let sources = files("crates/kernel/src", ".rs");
    assert!(sources.len() > 50, "the kernel has moved");
    for path in sources {
        let parts = module(path.strip_prefix(&src).unwrap());
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts.contains(&"tests") {
            continue; // compiled for tests only, which look at a thing from both ends
        }
        found.extend(violations(&read(&path), &parts));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_arrow_that_runs_upwards_is_found() {
    let found = |source, module: &[&str]| violations(source, module).len();
    assert_eq!(found("use crate::{api, daemon::Job};", &["ops", "vault"]), 1);
    assert_eq!(found("fn f() { super::super::ops::list(); }", &["session", "step"]), 1);
    assert_eq!(found("mod t { use super::super::daemon; }", &["api"]), 1);
    assert_eq!(found("use crate::session::Session;", &["view", "key"]), 1);
    assert_eq!(found("use crate::home;", &["client"]), 1);
    assert_eq!(found("", &["newcomer"]), 1);
    assert_eq!(found("use crate::{ops, session, home, api};", &["daemon", "job"]), 0);
    assert_eq!(found("use super::Env; // crate::daemon", &["ops", "vault"]), 0);
}
