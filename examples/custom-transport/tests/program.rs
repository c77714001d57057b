//! The command, with a mail folder as the store of two people.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;

/// Types a command; what it printed.
fn types(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syft-mail"));
    let done = command.env_clear().arg("--home").arg(home).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn two_people_meet_over_mail() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("mail://{}", folder.path().join("mail").display());
    let (alice, bob) = (folder.path().join("alice"), folder.path().join("bob"));
    types(&alice, &["transport", "check", &url]);
    types(&alice, &["login", "--email", "alice@example.org", "--transport", &url]);
    types(&bob, &["login", "--email", "bob@example.org", "--transport", &url]);
    types(&bob, &["peer", "add", "alice@example.org"]);
    types(&alice, &["peer", "approve", "bob@example.org", "--trust-first"]);
    let peers = types(&bob, &["peer", "list"]);
    assert!(peers.contains("alice@example.org") && peers.contains("accepted"), "{peers}");
}
