//! Calls that are none, and tokens that are none.

use std::time::Duration;

use serde_json::{Value, json};
use syft_dropbox_emulator::DropboxEmulator;

use crate::client::{ALICE, Client};

#[test]
fn an_account_is_told_of() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let who = alice.send("POST", "/2/users/get_current_account", &[], Some(b"")).unwrap().ok();
    let who = who.json();
    assert_eq!((&who["email"], &who["account_type"][".tag"]), (&json!(ALICE), &json!("basic")));
    assert_eq!(who["account_id"].as_str().unwrap().len(), 40);
}

#[test]
fn without_a_good_token_nothing_is_answered() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let none = Client::new(&dropbox, None).about("/a");
    assert_eq!(none.status, 400);
    assert!(none.text().contains("Must provide HTTP header \"Authorization\""));
    let wrong = Client::new(&dropbox, Some("made-up")).about("/a");
    assert_eq!(wrong.error(), (401, "invalid_access_token".to_owned()));
    let alice = Client::of(&dropbox, &account);
    assert_eq!(alice.about("/a").status, 409);
    dropbox.advance(Duration::from_secs(4 * 3600));
    let late = alice.about("/a");
    assert_eq!(late.error(), (401, "expired_access_token".to_owned()));
    assert_eq!(late.json()["error"], json!({".tag": "expired_access_token"}));
    let other = dropbox.add_account(ALICE);
    other.expire_tokens();
    assert_eq!(Client::of(&dropbox, &other).about("/a").status, 401);
}

#[test]
fn a_token_is_given_back() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.send("POST", "/2/auth/token/revoke", &[], Some(b"")).unwrap().ok();
    assert_eq!(alice.about("/a").error(), (401, "invalid_access_token".to_owned()));
}

#[test]
fn a_call_that_is_none_is_explained() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let list = "files/list_folder";
    let calls: [(&str, Value, &str); 7] = [
        ("files/nothing", json!({}), "Unknown API function: \"files/nothing\""),
        (list, json!([]), "request body: expected object"),
        (list, json!({}), "missing required field 'path'"),
        (list, json!({"path": 1}), "path: expected string"),
        (list, json!({"path": "a"}), "path: 'a' did not match pattern"),
        (list, json!({"path": "", "recursiv": true}), "unknown field 'recursiv'"),
        (list, json!({"path": "", "recursive": 1}), "recursive: expected boolean"),
    ];
    for (call, args, what) in calls {
        let refusal = alice.call(call, &args);
        assert_eq!(refusal.status, 400, "{args}");
        assert!(refusal.text().contains(what), "{}", refusal.text());
        assert!(refusal.header("content-type").starts_with("text/plain"));
    }
    let form = alice.form("/2/files/list_folder", &[("path", "")]);
    assert!(form.text().contains("Bad HTTP \"Content-Type\" header"), "{}", form.text());
    let get = alice.send("GET", "/2/files/list_folder", &[], None).unwrap();
    assert_eq!(get.status, 400);
    assert_eq!(alice.send("GET", "/nothing", &[], None).unwrap().status, 404);
}

#[test]
fn a_header_must_be_ascii() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let upload = |args: &str, kind: &str| {
        let headers: [(&str, &[u8]); 2] =
            [("Dropbox-API-Arg", args.as_bytes()), ("Content-Type", kind.as_bytes())];
        alice.send("POST", "/2/files/upload", &headers, Some(b"x")).unwrap()
    };
    let octets = "application/octet-stream";
    let refusal = upload(r#"{"path": "/ö"}"#, octets);
    assert_eq!(refusal.status, 400);
    assert!(refusal.text().contains("could not decode input as JSON"));
    assert_eq!(upload(r#"{"path": "/\u00f6"}"#, octets).ok().json()["name"], "ö");
    assert_eq!(upload(r#"{"path": "/o"}"#, "application/json").status, 400);
    assert_eq!(upload(r#"{"path": "/o", "mode": "update"}"#, octets).status, 400);
    assert_eq!(upload(r#"{"path": "/o", "client_modified": "today"}"#, octets).status, 400);
    let none = alice.send("POST", "/2/files/download", &[], Some(b"")).unwrap();
    assert!(none.text().contains("Must provide HTTP header \"Dropbox-API-Arg\""));
}
