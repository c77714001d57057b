//! `files/move_v2` and `files/copy_v2`.

use serde_json::{Value, json};
use syft_dropbox_emulator::DropboxEmulator;

use crate::client::{ALICE, Answer, Client, lines, refused};

fn relocate(client: &Client, call: &str, from: &str, to: &str) -> Answer {
    client.call(&format!("files/{call}_v2"), &json!({"from_path": from, "to_path": to}))
}

fn all(client: &Client) -> Vec<String> {
    lines(&client.list(&json!({"path": "", "recursive": true})).0)
}

#[test]
fn a_move_takes_all_along() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let file = alice.file("/a/B/c", "1");
    let moved = relocate(&alice, "move", "/A", "/new/x").ok().json()["metadata"].clone();
    assert_eq!((&moved[".tag"], &moved["path_display"]), (&json!("folder"), &json!("/new/x")));
    assert_eq!(all(&alice), ["folder /new", "folder /new/x", "folder /new/x/B", "file /new/x/B/c"]);
    assert_eq!(alice.about("/new/x/b/c").ok().json()["id"], file["id"]);
    let moved = relocate(&alice, "move", "/new/x/b/c", "/d").ok().json()["metadata"].clone();
    assert_eq!((&moved[".tag"], &moved["path_display"]), (&json!("file"), &json!("/d")));
    assert_eq!(alice.bytes("/d", None).ok().body, b"1");
}

#[test]
fn a_copy_leaves_what_was_there() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let file = alice.file("/a/b", "1");
    relocate(&alice, "copy", "/a", "/c").ok();
    assert_eq!(all(&alice), ["folder /a", "file /a/b", "folder /c", "file /c/b"]);
    let copied = alice.about("/c/b").ok().json();
    assert_ne!(copied["id"], file["id"]);
    assert_eq!(copied["content_hash"], file["content_hash"]);
}

#[test]
fn what_cannot_be_moved_stays() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a/b", "1");
    alice.file("/f", "2");
    let before = all(&alice);
    for (call, from, to, tags) in [
        ("move", "/none", "/x", "from_lookup/not_found"),
        ("copy", "/none", "/x", "from_lookup/not_found"),
        ("move", "/a", "/f", "to/conflict/file"),
        ("copy", "/f", "/a", "to/conflict/folder"),
        ("move", "/f", "/F", "to/conflict/file"),
        ("move", "/a", "/f/x", "to/conflict/file_ancestor"),
        ("move", "/a", "/a/c", "cant_move_folder_into_itself"),
        ("copy", "/a", "/a/c", "duplicated_or_nested_paths"),
        ("move", "/a", "/x/", "to/malformed_path"),
    ] {
        let refusal = relocate(&alice, call, from, to);
        assert_eq!(refusal.error(), refused(tags), "{call} {from} {to}");
    }
    assert_eq!(all(&alice), before);
    let args = json!({"from_path": "/f", "to_path": "/a", "autorename": true});
    let moved: Value = alice.call("files/move_v2", &args).ok().json();
    assert_eq!(moved["metadata"]["path_display"], "/a (2)");
}
