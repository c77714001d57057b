//! `files/download` and `files/get_metadata`.

use serde_json::{Value, json};
use syft_dropbox_emulator::DropboxEmulator;

use crate::client::{ALICE, Client, refused};

#[test]
fn bytes_come_with_what_is_known_of_them() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let made = alice.file("/Folder/a", "hello");
    for path in ["/folder/A", made["id"].as_str().unwrap()] {
        let whole = alice.bytes(path, None).ok();
        assert_eq!((whole.status, whole.body.as_slice()), (200, b"hello".as_slice()));
        let told: Value = serde_json::from_str(whole.header("dropbox-api-result")).unwrap();
        assert_eq!(told, made);
    }
    let rev = format!("rev:{}", made["rev"].as_str().unwrap());
    assert_eq!(alice.bytes(&rev, None).ok().body, b"hello");
}

#[test]
fn a_part_is_told_with_its_place() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", "0123456789");
    for (range, body, place) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=8-", "89", "bytes 8-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
    ] {
        let part = alice.bytes("/a", Some(range));
        assert_eq!((part.status, part.text().as_str()), (206, body), "{range}");
        assert_eq!(part.header("content-range"), place);
        assert!(!part.header("dropbox-api-result").is_empty());
    }
    let none = alice.bytes("/a", Some("bytes=10-"));
    assert_eq!((none.status, none.header("content-range")), (416, "bytes */10"));
}

#[test]
fn what_is_no_file_is_not_downloaded() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.folder("/folder");
    for (path, tags) in [
        ("/folder", "path/not_file"),
        ("/nothing", "path/not_found"),
        ("id:AAAA", "path/not_found"),
        ("/folder/", "path/malformed_path"),
    ] {
        assert_eq!(alice.bytes(path, None).error(), refused(tags), "{path}");
    }
}

#[test]
fn a_download_may_be_a_get() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", "hello");
    let target = "/2/files/download?arg=%7B%22path%22%3A%22%2Fa%22%7D";
    assert_eq!(alice.send("GET", target, &[], None).unwrap().ok().body, b"hello");
}

#[test]
fn what_is_there_is_told_and_what_was() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let folder = alice.folder("/Folder");
    let known = alice.about("/folder").ok().json();
    assert_eq!((&known[".tag"], &known["id"]), (&json!("folder"), &folder["id"]));
    assert_eq!(known.get("rev"), None);
    alice.delete("/Folder").ok();
    assert_eq!(alice.about("/folder").error(), refused("path/not_found"));
    let args = json!({"path": "/folder", "include_deleted": true});
    let was = alice.call("files/get_metadata", &args).ok().json();
    assert_eq!((&was[".tag"], &was["path_display"]), (&json!("deleted"), &json!("/Folder")));
    let args = json!({"path": "/never", "include_deleted": true});
    assert_eq!(alice.call("files/get_metadata", &args).error(), refused("path/not_found"));
}
