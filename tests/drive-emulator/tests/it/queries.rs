//! What `files.list` finds.

use std::time::{Duration, SystemTime};

use serde_json::json;
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, BOB, Client, FOLDER};

#[test]
fn queries_find_what_they_say() {
    let drive = DriveEmulator::start().unwrap();
    drive.set_now(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let top = alice.folder("SyftBox", "root");
    alice.folder("syft_datasite#0.10.0#do@x.org#inbox#ds@y.org", &top);
    alice.file("it's", &top, "1");
    drive.advance(Duration::from_secs(60));
    alice.file("late.txt", "root", "2");
    let gone = alice.file("gone", "root", "3");
    alice.patch(&format!("/drive/v3/files/{gone}"), &json!({"trashed": true})).ok();
    let shared = bob.folder("from bob", "root");
    bob.share(&shared, ALICE, "writer");
    bob.file("inside", &shared, "4");
    let box_name = "syft_datasite#0.10.0#do@x.org#inbox#ds@y.org";
    let in_box = format!("'{top}' in parents");
    let not_mine = "not 'me' in owners and trashed=false";
    for (query, expected) in [
        ("name = 'syftbox' and trashed=false", vec!["SyftBox"]),
        (
            "name != 'SyftBox' and 'me' in owners and trashed = false",
            vec!["it's", "late.txt", box_name],
        ),
        (r"name = 'it\'s'", vec!["it's"]),
        (
            "name contains 'syft_datasite#' and name contains '#ds@y.org#inbox#do@x.org'",
            vec![box_name],
        ),
        ("name contains 'box'", vec![]),
        (in_box.as_str(), vec!["it's", box_name]),
        ("'root' in parents and trashed=false", vec!["SyftBox", "late.txt"]),
        ("trashed=true", vec!["gone"]),
        (not_mine, vec!["from bob", "inside"]),
        ("'bob@example.com' in owners", vec!["from bob", "inside"]),
        ("'alice@example.org' in writers and not 'me' in owners", vec!["from bob", "inside"]),
        ("'bob@example.com' in readers and 'me' in owners", vec![]),
        ("sharedWithMe", vec!["from bob"]),
        (
            "mimeType != 'application/vnd.google-apps.folder' and trashed=false",
            vec!["inside", "it's", "late.txt"],
        ),
        (
            "modifiedTime > '2023-11-14T22:13:20' and trashed=false",
            vec!["from bob", "inside", "late.txt"],
        ),
        ("createdTime <= '2023-11-14T23:13:20+01:00'", vec!["SyftBox", "it's", box_name]),
        ("(name = 'gone' or name = 'late.txt') and trashed = false", vec!["late.txt"]),
        ("fullText contains 'late'", vec!["late.txt"]),
        ("visibility = 'limited' and name = 'from bob'", vec![]),
    ] {
        assert_eq!(alice.names(query), expected, "{query}");
    }
    let mask = format!("mimeType='{FOLDER}' and 'me' in owners");
    assert_eq!(alice.names(&mask), ["SyftBox", box_name]);
}

#[test]
fn a_query_that_is_none_is_refused_in_googles_words() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    for query in ["name = 'it's'", "nothing = 'x'", "name = 'x' and", "trashed"] {
        let refused = alice.search(query);
        assert_eq!(refused.reason(), (400, "invalid".to_owned()), "{query}");
        assert_eq!(refused.message(), "Invalid Value");
        let line = &refused.json()["error"]["errors"][0];
        assert_eq!((&line["location"], &line["locationType"]), (&json!("q"), &json!("parameter")));
    }
}

#[test]
fn an_unknown_folder_is_not_found_and_not_named() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let hidden = bob.folder("hidden", "root");
    let gone = alice.folder("gone", "root");
    alice.delete(&format!("/drive/v3/files/{gone}")).ok();
    for id in ["nowhere", &hidden, &gone] {
        let refused = alice.search(&format!("'{id}' in parents and trashed = false"));
        assert_eq!(refused.reason(), (404, "notFound".to_owned()), "{id}");
        assert_eq!(refused.message(), "File not found: .");
    }
}
