//! Tokens that end, and logins that do.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;
use syft_sync::core::{Clock, SystemClock, Timestamp};

use super::{OnDrive, login};
use crate::common::{ALICE, BOB};

#[test]
fn a_token_that_was_renewed_is_kept_and_the_file_is_not_touched() {
    let on = OnDrive::empty();
    let old = on.alice.token_file_json(true);
    let file = on.it.write("token.json", &old);
    on.alice(&login(ALICE, &["--token-path", &file])).ok();
    let kept = on.kept("alice");
    assert_ne!(kept, old, "it was renewed to ask who this is");
    assert_eq!(fs::read_to_string(&file).unwrap(), old);
    on.drive.forget_requests();
    on.alice(&["sync"]).ok();
    let asks = || on.drive.requests().iter().filter(|ask| ask.path == "/token").count();
    assert_eq!(asks(), 0, "the next process has a token");
    on.alice.expire_tokens();
    on.alice(&["sync"]).ok();
    assert_eq!(asks(), 1);
    assert_ne!(on.kept("alice"), kept);
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(read(&on.kept("alice"))["refresh_token"], read(&old)["refresh_token"]);
}

#[test]
fn a_login_that_was_withdrawn_says_what_to_type() {
    let on = OnDrive::logged_in();
    on.alice.withdraw_consent();
    assert_snapshot!(on.alice(&["sync"]).all(), @r"
    The store is away: could not log in to Google Drive: the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.) (permission denied)
    Nothing is lost: the next sync goes on.
    note: Google does not take the login of this home: syft login --credentials FILE
    ");
    assert_snapshot!(on.alice(&["status"]).all(), @r"
    alice@hospital.org
      home          $BOX/alice
      role          both
      store         Google Drive of alice@hospital.org
      box for jobs  L2
      peers         0 accepted, 0 pending
      sealing       auto

    the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.)
        syft login --credentials FILE

    Nothing waits for anybody.
    note: could not log in to Google Drive: the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.) (permission denied); showing what is known here
    ");
    let doctor = on.alice(&["doctor"]).exits(4);
    let told: Vec<&str> = doctor.stdout.lines().filter(|line| line.contains("oogle")).collect();
    assert_snapshot!(told.join("\n"), @r"
      store  Google Drive of alice@hospital.org
    PROBLEM  store         could not log in to Google Drive: the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.) (permission denied)
    PROBLEM  Google login  the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.)
    Log in at Google again:
    ");
    // What is here is shown all the same.
    on.alice(&["peer", "list"]).ok();
    let file = on.token_of(&on.drive.add_user(ALICE));
    assert_snapshot!(on.alice(&["login", "--credentials", &file]).all(), @r#"
    error: $BOX/alice@hospital.org.json: could not use the client secrets file: it is a token file, the result of a login; wanted is a credentials.json of an OAuth client of the type "Desktop app"
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 2]
    "#);
    on.alice(&["login", "--token-path", &file]).ok();
    on.alice(&["sync"]).ok();
}

#[test]
fn a_login_that_has_ended_is_no_login() {
    let on = OnDrive::empty();
    let file = on.it.write("token.json", &on.alice.token_file_json(true));
    on.alice.withdraw_consent();
    assert_snapshot!(on.alice(&login(ALICE, &["--token-path", &file])).all(), @r"
    error: could not log in to Google Drive: the login at Google has expired or was withdrawn: log in again (invalid_grant: Token has been expired or revoked.) (permission denied)
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 4]
    ");
    assert!(!on.it.path("alice").exists());
}

#[test]
fn the_end_of_a_login_is_told_three_days_before() {
    let on = OnDrive::logged_in();
    let ends = |days: f64| {
        let mut file: Value = serde_json::from_str(&on.alice.token_file_json(false)).unwrap();
        let end = Timestamp::new(SystemClock.now().seconds() + days * 86_400.0).unwrap();
        file["refresh_token_expiry"] = end.to_rfc3339().into();
        let file = on.it.write("token.json", &file.to_string());
        on.alice(&["login", "--token-path", &file]).ok();
    };
    let doctor = || {
        let said = on.alice(&["doctor"]);
        let told: Vec<_> = said.stdout.lines().filter(|line| line.contains("oogle")).collect();
        format!("{}\n[exit {}]", told.join("\n"), said.code)
    };
    let warnings = || on.alice(&["status", "--json"]).ok().json()["warnings"].clone();
    ends(4.0);
    assert_snapshot!(doctor(), @r"
      store  Google Drive of alice@hospital.org
    ok       store         Google Drive of alice@hospital.org answers, and keeps what it is given
    ok       Google login  of alice@hospital.org; its token ends on <TIME> and renews itself; the login ends on <TIME>
    [exit 0]
    ");
    assert_eq!(warnings(), Value::from(Vec::<String>::new()));
    ends(2.9);
    assert_snapshot!(doctor(), @r"
      store  Google Drive of alice@hospital.org
    ok       store         Google Drive of alice@hospital.org answers, and keeps what it is given
    warning  Google login  the login at Google ends on <TIME>
    Log in at Google again:
    [exit 0]
    ");
    assert_eq!(warnings().as_array().unwrap().len(), 1);
    assert_snapshot!(on.alice(&["status"]).all(), @r"
    alice@hospital.org
      home          $BOX/alice
      role          both
      store         Google Drive of alice@hospital.org
      box for jobs  L2
      peers         0 accepted, 0 pending
      sealing       auto

    the login at Google ends on <TIME>
        syft login --credentials FILE

    Nothing waits for anybody.
    ");
    ends(-0.1);
    assert_snapshot!(doctor(), @r"
      store  Google Drive of alice@hospital.org
    ok       store         Google Drive of alice@hospital.org answers, and keeps what it is given
    PROBLEM  Google login  the login at Google ended on <TIME>
    Log in at Google again:
    [exit 4]
    ");
}

#[test]
fn f18_no_secret_is_shown_or_written_anywhere_else() {
    let on = OnDrive::logged_in();
    let of_alice = on.token_of(&on.alice);
    on.bob(&["peer", "add", ALICE]).ok();
    on.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    on.alice.expire_tokens();
    let mut said = String::new();
    for command in [
        &["sync", "-v"][..],
        &["status"],
        &["doctor", "-v"],
        &["doctor", "--json"],
        &["audit", "log", "--json"],
        &["audit", "traffic", "--json"],
        &["whoami", "--json"],
        &["checkpoint", "create"],
        &["login", "--credentials", &of_alice],
    ] {
        said += &on.alice(command).all();
    }
    let file: Value = serde_json::from_str(&fs::read_to_string(&of_alice).unwrap()).unwrap();
    let kept: Value = serde_json::from_str(&on.kept("alice")).unwrap();
    let secrets = ["token", "refresh_token", "client_secret"];
    let secrets: Vec<&str> = [&file, &kept]
        .into_iter()
        .flat_map(|file| secrets.map(|key| file[key].as_str().unwrap()))
        .collect();
    let is_secret = |text: &str| secrets.iter().any(|secret| text.contains(secret));
    assert!(!is_secret(&said), "{said}");
    let mut files = Vec::new();
    walk(&on.it.path("alice"), &mut files);
    for (path, text) in files {
        assert_eq!(is_secret(&text), path.ends_with("google.json"), "{path}");
    }
    for file in on.drive.files() {
        let content = file.content.unwrap_or_default();
        assert!(!is_secret(&String::from_utf8_lossy(&content)), "{}", file.name);
    }
}

fn walk(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            let bytes = fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            files.push((path.display().to_string(), text));
        }
    }
}
