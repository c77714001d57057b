//! `files/list_folder`, its pages, and what has changed since.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use syft_dropbox_emulator::{DropboxEmulator, FaultPlan};

use crate::client::{ALICE, BOB, Client, lines, refused};

#[test]
fn a_listing_is_of_a_folder_or_of_all_below() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a/b/c", "1");
    alice.file("/d", "2");
    alice.file("/a b", "3");
    assert_eq!(lines(&alice.list(&json!({"path": ""})).0), ["folder /a", "file /a b", "file /d"]);
    assert_eq!(lines(&alice.list(&json!({"path": "/A"})).0), ["folder /a/b"]);
    let all = alice.list(&json!({"path": "", "recursive": true})).0;
    let expected = ["folder /a", "file /a b", "folder /a/b", "file /a/b/c", "file /d"];
    assert_eq!(lines(&all), expected);
    let below = alice.list(&json!({"path": "/a", "recursive": true})).0;
    assert_eq!(lines(&below), ["folder /a", "folder /a/b", "file /a/b/c"]);
    assert_eq!(below[2]["size"], 1);
    for (path, tags) in [("/d", "path/not_folder"), ("/none", "path/not_found")] {
        let refusal = alice.call("files/list_folder", &json!({"path": path}));
        assert_eq!(refusal.error(), refused(tags));
    }
    let refusal = alice.call("files/list_folder", &json!({"path": "/"}));
    assert_eq!(refusal.status, 400);
    assert!(refusal.text().contains("Specify the root folder as an empty string"));
}

#[test]
fn pages_have_their_limit_and_can_be_asked_again() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    for name in ["/a", "/b", "/c", "/d", "/e"] {
        alice.file(name, name);
    }
    let first = alice.call("files/list_folder", &json!({"path": "", "limit": 2})).ok().json();
    assert_eq!(lines(first["entries"].as_array().unwrap()), ["file /a", "file /b"]);
    assert_eq!(first["has_more"], true);
    let next = json!({"cursor": first["cursor"]});
    for _ in 0..2 {
        let second = alice.call("files/list_folder/continue", &next).ok().json();
        assert_eq!(lines(second["entries"].as_array().unwrap()), ["file /c", "file /d"]);
    }
    dropbox.set_faults(FaultPlan { page_limit: Some(1), ..FaultPlan::default() });
    assert_eq!(alice.list(&json!({"path": ""})).0.len(), 5);
    assert!(dropbox.requests().len() > 7);
    for limit in [0, 2001] {
        let refusal = alice.call("files/list_folder", &json!({"path": "", "limit": limit}));
        assert_eq!(refusal.status, 400);
    }
}

#[test]
fn a_cursor_tells_what_has_changed_since() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/in/old", "1");
    let (_, cursor) = alice.list(&json!({"path": "/in"}));
    assert_eq!(alice.changes(&cursor).0, Vec::<Value>::new());
    alice.file("/in/New", "2");
    alice.file("/in/below/deep", "3");
    alice.file("/out", "4");
    alice.delete("/in/old").ok();
    let (changes, later) = alice.changes(&cursor);
    assert_eq!(lines(&changes), ["file /in/New", "folder /in/below", "deleted /in/old"]);
    assert_eq!(alice.changes(&later).0, Vec::<Value>::new());
    assert_eq!(alice.changes(&cursor).0, changes, "nothing is lost with an answer");
    let latest = alice.call("files/list_folder/get_latest_cursor", &json!({"path": ""})).ok();
    let latest = latest.json()["cursor"].as_str().unwrap().to_owned();
    alice.file("/last", "5");
    assert_eq!(lines(&alice.changes(&latest).0), ["file /last"]);
}

#[test]
fn what_is_gone_is_listed_if_it_is_asked_for() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", "1");
    alice.delete("/a").ok();
    assert!(alice.list(&json!({"path": ""})).0.is_empty());
    let all = alice.list(&json!({"path": "", "include_deleted": true})).0;
    assert_eq!(lines(&all), ["deleted /a"]);
}

#[test]
fn a_cursor_ends_with_its_folder_or_when_dropbox_says_so() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.folder("/a");
    let (_, cursor) = alice.list(&json!({"path": "/a"}));
    alice.delete("/a").ok();
    let go_on =
        |cursor: &str| alice.call("files/list_folder/continue", &json!({"cursor": cursor})).error();
    assert_eq!(go_on(&cursor), refused("path/not_found"));
    let (_, cursor) = alice.list(&json!({"path": ""}));
    dropbox.reset_cursors();
    assert_eq!(go_on(&cursor), refused("reset"));
}

#[test]
fn a_root_is_of_one_account_or_of_a_team() {
    let dropbox = DropboxEmulator::start().unwrap();
    let [alice, bob] = dropbox.shared_by([ALICE, BOB]);
    let carol = Client::account(&dropbox, "carol@example.net");
    let (alice, bob) = (Client::of(&dropbox, &alice), Client::of(&dropbox, &bob));
    alice.file("/a", "1");
    assert_eq!(lines(&bob.list(&json!({"path": ""})).0), ["file /a"]);
    assert_eq!(bob.bytes("/A", None).ok().body, b"1");
    assert!(carol.list(&json!({"path": ""})).0.is_empty());
    let (_, cursor) = alice.list(&json!({"path": ""}));
    let foreign = carol.call("files/list_folder/continue", &json!({"cursor": cursor}));
    assert_eq!(foreign.error(), refused("reset"));
}

/// What one may do to the few paths of the property.
#[derive(Debug, Clone)]
enum Deed {
    Write(String),
    Make(String),
    Delete(String),
    Move(String, String),
    Look,
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec("[aAbB]", 1..3).prop_map(|names| format!("/{}", names.join("/")))
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        path().prop_map(Deed::Write),
        path().prop_map(Deed::Make),
        path().prop_map(Deed::Delete),
        (path(), path()).prop_map(|(from, to)| Deed::Move(from, to)),
        Just(Deed::Look),
    ]
}

/// Keeps what a listing told up to date, as Dropbox says how.
fn apply(known: &mut BTreeSet<(String, String)>, entries: &[Value]) {
    for entry in entries {
        let path = entry["path_lower"].as_str().unwrap().to_owned();
        let below = format!("{path}/");
        match entry[".tag"].as_str().unwrap() {
            "folder" => {
                known.retain(|(it, _)| *it != path);
                known.insert((path, "folder".to_owned()));
            }
            tag => {
                known.retain(|(it, _)| *it != path && !it.starts_with(&below));
                if tag == "file" {
                    known.insert((path, entry["rev"].as_str().unwrap().to_owned()));
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn changes_lead_where_a_listing_leads(deeds in prop::collection::vec(deed(), 0..25)) {
        let dropbox = DropboxEmulator::start().unwrap();
        let alice = Client::account(&dropbox, ALICE);
        let everything = json!({"path": "", "recursive": true, "limit": 2});
        let (mut known, mut cursor) = (BTreeSet::new(), alice.list(&everything).1);
        for deed in deeds.into_iter().chain([Deed::Look]) {
            // Refused or done, a listing has to tell.
            match deed {
                Deed::Write(path) => {
                    let args = json!({"path": path, "mode": "overwrite"});
                    alice.bring("files/upload", &args, path.as_bytes());
                }
                Deed::Make(path) => {
                    alice.call("files/create_folder_v2", &json!({"path": path}));
                }
                Deed::Delete(path) => {
                    alice.delete(&path);
                }
                Deed::Move(from, to) => {
                    alice.call("files/move_v2", &json!({"from_path": from, "to_path": to}));
                }
                Deed::Look => {
                    let (changes, next) = alice.changes(&cursor);
                    apply(&mut known, &changes);
                    cursor = next;
                    let mut anew = BTreeSet::new();
                    apply(&mut anew, &alice.list(&everything).0);
                    prop_assert_eq!(&known, &anew);
                }
            }
        }
    }
}
