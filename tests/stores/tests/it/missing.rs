//! A server that cannot be had: this test program starts itself again.

use std::fs;
use std::process::{Command, Output};

/// Runs a test that needs a server, where there is no environment, with its notes going below
/// `target`.
fn without(target: &std::path::Path, required: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["s3::moto_holds_the_condition_of_a_write", "--exact"])
        .env("SYFT_STORES", required)
        .env("SYFT_STORES_ENV", "/nowhere")
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap()
}

const LINE: &str = "s3 (moto): /nowhere/bin/python is missing: cargo xtask stores\n";

#[test]
fn a_test_without_its_server_says_how_to_get_it() {
    let target = tempfile::tempdir().unwrap();
    let output = without(target.path(), "");
    assert!(output.status.success(), "{output:?}");
    let line = format!("not run: {LINE}");
    assert!(String::from_utf8_lossy(&output.stderr).contains(&line), "{output:?}");
    assert_eq!(fs::read_to_string(target.path().join("stores/not-run")).unwrap(), line);
}

#[test]
fn a_test_without_a_server_that_is_required_fails() {
    let target = tempfile::tempdir().unwrap();
    let output = without(target.path(), "required");
    assert!(!output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(LINE), "{output:?}");
    assert!(!target.path().join("stores/not-run").exists());
}
