//! Each change of the keys, interrupted at each of its calls of gpg: before or after, never half.

use gpgsmith_tests::{gate::Story, sandbox::Sandbox};

/// A vault of the Go program with a master key and a live subkey of each kind.
fn pass() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.register(&["pass-fast"]);
    sandbox.step_back("pass-fast");
    sandbox
}

/// Interrupts `line` in the vault of `fresh`.
fn interrupt(fresh: &dyn Fn() -> Sandbox, line: &str) {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    Story { fresh, command: &|_| words.clone() }.is_whole_or_not_at_all();
}

#[test]
fn adding_an_identity() {
    interrupt(&pass, "keys identity add Ann");
}

#[test]
fn generating_subkeys() {
    interrupt(&pass, "keys generate");
}
