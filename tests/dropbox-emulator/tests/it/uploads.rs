//! `files/upload`, its modes, and what is in the way.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use syft_dropbox_emulator::{DropboxEmulator, content_hash};

use crate::client::{ALICE, Client, refused};

fn upload(client: &Client, args: &Value, text: &str) -> crate::client::Answer {
    client.bring("files/upload", args, text.as_bytes())
}

#[test]
fn a_file_is_told_of_as_it_was_written() {
    let dropbox = DropboxEmulator::start().unwrap();
    dropbox.set_now(SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500));
    let alice = Client::account(&dropbox, ALICE);
    let args =
        r#"{"path": "/Notes/Gr\u00f6\u00dfe.txt", "client_modified": "2015-05-12T15:50:38Z"}"#;
    let headers: [(&str, &[u8]); 2] =
        [("Dropbox-API-Arg", args.as_bytes()), ("Content-Type", b"application/octet-stream")];
    let made = alice.send("POST", "/2/files/upload", &headers, Some(b"hello")).unwrap();
    let made = made.ok().json();
    assert_eq!(made["name"], "Größe.txt");
    assert_eq!(made["path_display"], "/Notes/Größe.txt");
    assert_eq!(made["path_lower"], "/notes/größe.txt");
    assert_eq!(made["size"], 5);
    assert_eq!(made["content_hash"], content_hash(b"hello"));
    assert_eq!(made["client_modified"], "2015-05-12T15:50:38Z");
    assert_eq!(made["server_modified"], "2023-11-14T22:13:20Z");
    assert!(made["id"].as_str().unwrap().starts_with("id:"));
    let rev = made["rev"].as_str().unwrap();
    assert!(rev.len() >= 9 && rev.chars().all(|c| c.is_ascii_hexdigit() && !c.is_uppercase()));
    assert_eq!(made.get(".tag"), None, "it can be nothing but a file");
    let known = alice.about("/NOTES/GRÖSSE.TXT");
    assert_eq!(known.error(), refused("path/not_found"), "ß is no ss");
    let known = alice.about("/NOTES/größe.TXT").ok().json();
    assert_eq!((&known[".tag"], &known["rev"]), (&json!("file"), &made["rev"]));
}

#[test]
fn add_never_overwrites() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let first = alice.file("/a.txt", "one");
    let other = upload(&alice, &json!({"path": "/A.txt", "mode": "add"}), "two");
    assert_eq!(other.error(), refused("path/conflict/file"));
    let error = &other.json()["error"];
    assert_eq!(error[".tag"], "path");
    assert_eq!(error["reason"], json!({".tag": "conflict", "conflict": {".tag": "file"}}));
    assert!(error["upload_session_id"].is_string());
    let same = upload(&alice, &json!({"path": "/a.txt", "mode": {".tag": "add"}}), "one");
    assert_eq!(same.ok().json()["rev"], first["rev"], "nothing was written");
    let strict = json!({"path": "/a.txt", "mode": "add", "strict_conflict": true});
    assert_eq!(upload(&alice, &strict, "one").error(), refused("path/conflict/file"));
    assert_eq!(alice.bytes("/a.txt", None).body, b"one");
}

#[test]
fn another_name_is_taken_if_it_may_be() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a.txt", "one");
    let renamed = |mode: Value, text| {
        let args = json!({"path": "/a.txt", "mode": mode, "autorename": true});
        upload(&alice, &args, text).ok().json()["path_display"].clone()
    };
    assert_eq!(renamed(json!("add"), "two"), "/a (2).txt");
    assert_eq!(renamed(json!("add"), "three"), "/a (3).txt");
    let old = json!({".tag": "update", "update": "0123456789"});
    assert_eq!(renamed(old.clone(), "four"), "/a (conflicted copy).txt");
    assert_eq!(renamed(old, "five"), "/a (conflicted copy 2).txt");
    assert_eq!(renamed(json!("overwrite"), "six"), "/a.txt");
}

#[test]
fn update_overwrites_what_it_knows() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let first = alice.file("/a.txt", "one");
    let update = |rev: &Value, strict: bool, text| {
        let mode = json!({".tag": "update", "update": rev});
        let args = json!({"path": "/a.txt", "mode": mode, "strict_conflict": strict});
        upload(&alice, &args, text)
    };
    let second = update(&first["rev"], true, "two").ok().json();
    assert_eq!(second["id"], first["id"]);
    assert_ne!(second["rev"], first["rev"]);
    assert_eq!(update(&first["rev"], false, "three").error(), refused("path/conflict/file"));
    alice.delete("/a.txt").ok();
    assert_eq!(update(&second["rev"], true, "three").error(), refused("path/conflict/file"));
    update(&second["rev"], false, "three").ok();
}

#[test]
fn what_is_in_the_way_is_named() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/file", "one");
    alice.folder("/folder");
    for (path, tags) in [
        ("/folder", "path/conflict/folder"),
        ("/file/below", "path/conflict/file_ancestor"),
        ("/folder/", "path/malformed_path"),
        ("/a//b", "path/malformed_path"),
        ("/desktop.ini", "path/disallowed_name"),
    ] {
        let args = json!({"path": path, "mode": "overwrite"});
        assert_eq!(upload(&alice, &args, "two").error(), refused(tags), "{path}");
    }
}

#[test]
fn nothing_is_a_file_too() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let made = alice.file("/empty", "");
    assert_eq!((&made["size"], &made["content_hash"]), (&json!(0), &json!(content_hash(b""))));
    assert_eq!(alice.bytes("/empty", None).ok().body, b"");
}

#[test]
fn an_upload_has_its_limits() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let alice = Client::of(&dropbox, &account);
    dropbox.set_upload_limit(8);
    alice.file("/eight", "12345678");
    let more = upload(&alice, &json!({"path": "/nine"}), "123456789");
    assert_eq!(more.error(), refused("payload_too_large"));
    account.set_space(10);
    let more = upload(&alice, &json!({"path": "/three"}), "123");
    assert_eq!(more.error(), refused("path/insufficient_space"));
    alice.file("/two", "12");
}

#[test]
fn bytes_are_held_against_their_hash() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let args = |of: &[u8]| json!({"path": "/a", "content_hash": content_hash(of)});
    let refusal = upload(&alice, &args(b"other"), "bytes");
    assert_eq!(refusal.error(), refused("content_hash_mismatch"));
    assert!(dropbox.entries_of(ALICE).is_empty());
    upload(&alice, &args(b"bytes"), "bytes").ok();
}

#[test]
fn of_many_that_add_one_does() {
    let dropbox = DropboxEmulator::start().unwrap();
    let account = dropbox.add_account(ALICE);
    let tried: Vec<u16> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let alice = Client::of(&dropbox, &account);
                let args = json!({"path": "/a", "mode": "add", "strict_conflict": true});
                scope.spawn(move || upload(&alice, &args, &racer.to_string()).status)
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    let count = |status| tried.iter().filter(|found| **found == status).count();
    assert_eq!((count(200), count(409)), (1, 7));
}
