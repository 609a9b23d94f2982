//! A face depends on the kernel, the kernel on the leaves, a leaf on none of ours.

use std::{collections::BTreeMap, process::Command};

use gpgsmith_tests::source::root;
use serde_json::Value;

const LEAVES: [&str; 3] = ["gpgsmith-audit", "gpgsmith-gpg", "gpgsmith-vault"];
const KERNEL: &str = "gpgsmith-kernel";

/// The first-party crates that each first-party crate depends on, for whatever purpose.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    let ours: Vec<String> = packages.iter().map(name).collect();
    let depends = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter().map(name);
        let mut first_party: Vec<String> = all.filter(|name| ours.contains(name)).collect();
        first_party.sort();
        first_party.dedup();
        first_party
    };
    packages.iter().map(|package| (name(package), depends(package))).collect()
}

#[test]
fn leaves_stand_alone_and_faces_on_the_kernel() {
    let dependencies = dependencies();
    assert!(dependencies.len() >= 6, "{dependencies:?}");
    for (package, found) in dependencies {
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        match package.as_str() {
            leaf if LEAVES.contains(&leaf) => assert!(found.is_empty(), "{leaf}: {found:?}"),
            KERNEL => assert_eq!(found, LEAVES),
            "gpgsmith-tests" => assert!(found.iter().all(|name| *name != "gpgsmith"), "{found:?}"),
            face => assert_eq!(found, [KERNEL], "{face}"),
        }
    }
}
