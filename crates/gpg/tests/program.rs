//! The gpg that the caller names is the one that runs.

use std::fs;
use std::path::Path;

use gpgsmith_gpg::{Client, ClientOptions, Error, Program, ToolError, Version};

use crate::sandbox::{Sandbox, master, passphrase};

#[tokio::test]
async fn w03_the_named_gpg_does_the_work() {
    let sandbox = Sandbox::new();
    // Behind the wall it can write its home and nothing else.
    let mine = sandbox.put_program(
        "../bin/my-gpg",
        "#!/bin/sh\necho \"$@\" >> \"$HOME/called\"; touch \"${0%/*}/escaped\"; exec gpg \"$@\"\n",
    );
    let program = Program::find(Some(&mine)).await.unwrap();
    assert_eq!(program.path(), mine);
    fs::remove_file(mine.with_file_name("escaped")).unwrap(); // asking its version is not walled in
    let client = Client::open(ClientOptions::new(sandbox.home(), program)).await.unwrap();
    client.generate_master(&master("ed25519"), &passphrase()).await.unwrap();
    let called = fs::read_to_string(sandbox.home().join("called")).unwrap();
    assert!(called.contains("--quick-gen-key"), "{called}");
    assert!(!called.contains("battery"), "no secret on a command line: {called}");
    assert!(!mine.with_file_name("escaped").exists(), "it wrote outside its home");
}

#[tokio::test]
async fn a_name_is_looked_for_in_the_path() {
    let found = Program::find(None).await.unwrap();
    assert_eq!(found, Program::find(Some(Path::new("gpg"))).await.unwrap());
    assert!(found.path().is_absolute());
    assert!(found.version() >= Version::OLDEST);
}

#[tokio::test]
async fn a_missing_gpg_is_named() {
    let by_name = Program::find(Some(Path::new("no-such-gpg"))).await.unwrap_err();
    insta::assert_snapshot!(by_name, @"cannot find the program no-such-gpg");
    let by_path = Program::find(Some(Path::new("/nonexistent/gpg"))).await.unwrap_err();
    insta::assert_snapshot!(by_path, @"cannot find the program /nonexistent/gpg");
    let directory = Program::find(Some(Path::new("/usr/bin"))).await.unwrap_err();
    assert!(matches!(directory, ToolError::NotFound { .. }), "{directory:?}");
}

#[tokio::test]
async fn what_is_no_gpg_is_refused() {
    let sandbox = Sandbox::new();
    let old = sandbox.put_program("../bin/gpg1", "#!/bin/sh\necho 'gpg (GnuPG) 1.4.23'\n");
    let error = Program::find(Some(&old)).await.unwrap_err();
    assert!(matches!(error, ToolError::TooOld { .. }), "{error:?}");
    assert!(error.to_string().ends_with("is GnuPG 1.4.23; 2.2 or later is needed"), "{error}");
    let other = sandbox.put_program("../bin/sq", "#!/bin/sh\necho 'sq 1.5.0'\n");
    let error = Program::find(Some(&other)).await.unwrap_err();
    assert!(matches!(error, ToolError::NoVersion { .. }), "{error:?}");
}

#[tokio::test]
async fn a_home_that_cannot_be_used_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    let program = Program::find(None).await.unwrap();
    let open = |home: std::path::PathBuf| Client::open(ClientOptions::new(home, program.clone()));
    let missing = open(sandbox.path().join("nothing")).await;
    assert!(matches!(missing, Err(Error::Path { .. })), "{missing:?}");
    let relative = open("tests".into()).await;
    assert!(matches!(relative, Err(Error::Path { .. })), "{relative:?}");
    let long = sandbox.path().join("x".repeat(88 - sandbox.path().as_os_str().len()));
    fs::create_dir(&long).unwrap();
    let long = open(long).await;
    assert!(matches!(long, Err(Error::HomeTooLong { limit: 87, .. })), "{long:?}");
}

#[tokio::test]
async fn the_sockets_of_a_home_that_is_gone_are_cleaned_up() {
    let sandbox = Sandbox::new();
    let program = Program::find(None).await.unwrap();
    let socket = sandbox.socket();
    fs::write(&socket, "left by a crash").unwrap();
    fs::remove_dir_all(sandbox.home()).unwrap();
    program.cleanup_socket_dir(&sandbox.home()).await.unwrap();
    assert!(!socket.exists());
}
