//! `syft keys`: who somebody is, on one machine and on the next.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::common::{ALICE, TestBox};

fn words(it: &TestBox, who: &str) -> String {
    let shown = it.syft(who, &["keys", "show", "--json"], &[]).ok().json();
    shown["words"].as_str().unwrap().to_owned()
}

fn login(it: &TestBox, who: &str, more: &[&str]) -> crate::common::Said {
    let url = it.url();
    let login = ["login", "--email", ALICE, "--transport", &url];
    it.syft(who, &[&login[..], more].concat(), &[])
}

fn mode(it: &TestBox, path: &str) -> u32 {
    fs::metadata(it.path(path)).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_login_makes_keys_and_says_how_to_keep_them() {
    let it = TestBox::empty();
    let said = login(&it, "alice", &[]).ok();
    assert!(said.stdout.contains("syft keys export FILE"), "{}", said.stdout);
    let before = words(&it, "alice");
    let again = login(&it, "alice", &["--json"]).ok().json();
    assert_eq!((again["words"].as_str(), &again["keys_are_new"]), (Some(&*before), &false.into()));
    let again = login(&it, "alice", &[]).ok();
    assert!(!again.stdout.contains("keys export"), "{}", again.stdout);
    assert_eq!(words(&it, "alice"), before);
    assert_eq!(
        (mode(&it, "alice/.syft/keys"), mode(&it, "alice/.syft/keys/identity")),
        (0o700, 0o600)
    );
}

#[test]
fn who_has_the_recovery_key_is_the_same_on_another_machine() {
    let it = TestBox::empty();
    login(&it, "alice", &[]).ok();
    it.syft("alice", &["keys", "export", "kept.txt"], &[]).ok();
    assert_eq!(mode(&it, "kept.txt"), 0o600);
    let kept = fs::read_to_string(it.path("kept.txt")).unwrap();
    assert!(kept.starts_with("# The recovery key of alice@hospital.org."), "{kept}");
    assert_eq!(kept.lines().nth(1).unwrap().split(' ').count(), 24);
    // A file that is there is not written over.
    it.syft("alice", &["keys", "export", "kept.txt"], &[]).exits(6);
    let said = login(&it, "new", &["--recovery-key-file", "kept.txt"]).ok();
    assert!(!said.stdout.contains("keys export"), "{}", said.stdout);
    assert_eq!(words(&it, "new"), words(&it, "alice"));
    // The same words to a home that has them, and to one that has others.
    login(&it, "new", &["--recovery-key-file", "kept.txt"]).ok();
    login(&it, "other", &[]).ok();
    let refused = login(&it, "other", &["--recovery-key-file", "kept.txt"]).exits(6);
    assert!(refused.stderr.contains("this home has the keys"), "{}", refused.stderr);
}

#[test]
fn keys_are_taken_from_pysyft_and_given_to_it() {
    let it = TestBox::empty();
    login(&it, "alice", &[]).ok();
    it.syft("alice", &["keys", "export", "crypto_keys.json", "--pysyft"], &[]).ok();
    let file: serde_json::Value =
        serde_json::from_slice(&fs::read(it.path("crypto_keys.json")).unwrap()).unwrap();
    assert_eq!(file["email"], ALICE);
    assert!(file["keys_jwk"]["identity_key"]["d"].is_string());

    login(&it, "other", &[]).ok();
    let import = ["keys", "import", "crypto_keys.json"];
    let refused = it.syft("other", &import, &[]).exits(6);
    assert!(refused.stderr.contains("keys import FILE --replace"), "{}", refused.stderr);
    it.syft("other", &[&import[..], &["--replace"]].concat(), &[]).ok();
    assert_eq!(words(&it, "other"), words(&it, "alice"));
    let again = it.syft("other", &import, &[]).ok();
    assert!(again.stdout.contains("has these keys already"), "{}", again.stdout);
    let shown = it.syft("other", &["keys", "show"], &[]).ok();
    assert!(shown.stdout.contains("no recovery key is known"), "{}", shown.stdout);
    let taken = it.syft("other", &["audit", "log", "--json"], &[]).ok().stdout;
    assert_eq!(taken.matches("keys.taken").count(), 2, "{taken}");
}

#[test]
fn what_is_no_file_of_keys_is_told_and_not_quoted() {
    let it = TestBox::empty();
    login(&it, "alice", &[]).ok();
    for (text, exit, told) in [
        ("abandon ability able", 2, "24 words"),
        ("{\"email\": \"alice@hospital.org\", \"secret\": \"hunter2\"}", 2, "no key file"),
        ("{\"email\": \"eve@hospital.org\", \"keys_jwk\": 7}", 2, "no key file"),
        ("", 2, "no recovery key"),
    ] {
        it.write("bad.txt", text);
        let refused =
            it.syft("alice", &["keys", "import", "bad.txt", "--replace"], &[]).exits(exit);
        assert!(refused.stderr.contains(told), "{text}: {}", refused.stderr);
        assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
    }
    it.syft("alice", &["keys", "import", "nowhere.txt"], &[]).exits(3);
}

#[test]
fn f18_keys_that_others_may_read_are_not_used() {
    let it = TestBox::empty();
    login(&it, "alice", &[]).ok();
    for (path, good, bad) in
        [("alice/.syft/keys/identity", 0o600, 0o640), ("alice/.syft/keys", 0o700, 0o755)]
    {
        let set = |mode| {
            fs::set_permissions(it.path(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        set(bad);
        for command in [&["status"][..], &["sync"], &["keys", "show"]] {
            let refused = it.syft("alice", command, &[]).exits(4);
            assert!(refused.stderr.contains("chmod go-rwx"), "{path}: {}", refused.stderr);
        }
        login(&it, "alice", &[]).exits(4);
        set(good);
        it.syft("alice", &["status"], &[]).ok();
    }
}

#[test]
fn a_recovery_key_is_not_given_up_for_the_keys_alone() {
    let it = TestBox::empty();
    login(&it, "alice", &[]).ok();
    it.syft("alice", &["keys", "export", "k.json", "--pysyft"], &[]).ok();
    it.syft("alice", &["keys", "import", "k.json"], &[]).ok();
    let shown = it.syft("alice", &["keys", "show", "--json"], &[]).ok().json();
    assert_eq!(shown["has_recovery_key"], true);
    // The other way round the words are taken.
    it.syft("alice", &["keys", "export", "words.txt"], &[]).ok();
    let new = login(&it, "new", &["--recovery-key-file", "k.json"]);
    new.ok();
    it.syft("new", &["keys", "import", "words.txt"], &[]).ok();
    let shown = it.syft("new", &["keys", "show", "--json"], &[]).ok().json();
    assert_eq!(shown["has_recovery_key"], true);
}
