//! The command, with a mail folder as the store of two people.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

/// What came of a command.
fn typed(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_syft-mail"));
    command.env_clear().arg("--home").arg(home).args(arguments).output().unwrap()
}

/// Types a command that goes well; what it printed.
fn types(home: &Path, arguments: &[&str]) -> String {
    let done = typed(home, arguments);
    assert!(done.status.success(), "{arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn two_people_meet_over_mail() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("mail://{}/our%20mail", folder.path().display());
    let (alice, bob) = (folder.path().join("alice"), folder.path().join("bob"));
    types(&alice, &["transport", "check", &url]);
    assert!(folder.path().join("our mail").is_dir());
    types(&alice, &["login", "--email", "alice@example.org", "--transport", &url]);
    types(&bob, &["login", "--email", "bob@example.org", "--transport", &url]);
    types(&bob, &["peer", "add", "alice@example.org"]);
    types(&alice, &["peer", "approve", "bob@example.org", "--trust-first"]);
    let peers = types(&bob, &["peer", "list"]);
    assert!(peers.contains("alice@example.org") && peers.contains("accepted"), "{peers}");
    let policy = types(&bob, &["transport", "policy", &url]);
    assert!(policy.contains("Share it, for writing, with exactly these"), "{policy}");
}

#[test]
fn an_address_that_holds_a_password_is_refused_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("alice");
    for url in ["mail://alice:secret@host/mail", "mail:///mail?password=secret"] {
        let done = typed(&home, &["login", "--email", "alice@example.org", "--transport", url]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.starts_with("error: ") && !said.contains("secret"), "{said}");
        assert!(!home.exists());
    }
}
