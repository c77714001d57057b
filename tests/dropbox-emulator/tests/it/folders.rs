//! Folders: made, and deleted with all that is in them.

use serde_json::json;
use syft_dropbox_emulator::DropboxEmulator;

use crate::client::{ALICE, Client, lines, refused};

#[test]
fn a_folder_is_made_with_those_above() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let made = alice.folder("/A/b");
    assert_eq!((&made["name"], &made["path_display"]), (&json!("b"), &json!("/A/b")));
    assert_eq!(made.get(".tag"), None, "it can be nothing but a folder");
    let deeper = alice.folder("/a/B/c");
    assert_eq!(deeper["path_display"], "/A/b/c", "folders above stay as they are spelled");
    assert_eq!(dropbox.entries_of(ALICE).len(), 3);
}

#[test]
fn what_is_there_is_not_made_again() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.folder("/a");
    alice.file("/f", "1");
    for (path, tags) in [
        ("/A", "path/conflict/folder"),
        ("/F", "path/conflict/file"),
        ("/f/g", "path/conflict/file_ancestor"),
        ("/.dropbox", "path/disallowed_name"),
        ("/a/../b", "path/malformed_path"),
    ] {
        let refusal = alice.call("files/create_folder_v2", &json!({"path": path}));
        assert_eq!(refusal.error(), refused(tags), "{path}");
    }
    let args = json!({"path": "/a", "autorename": true});
    let made = alice.call("files/create_folder_v2", &args).ok().json();
    assert_eq!(made["metadata"]["path_display"], "/a (2)");
}

#[test]
fn a_folder_goes_with_all_that_is_in_it() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a/b/c", "1");
    alice.file("/a.txt", "2");
    let gone = alice.delete("/A").ok().json();
    assert_eq!(gone["metadata"][".tag"], "folder");
    assert_eq!(lines(&alice.list(&json!({"path": "", "recursive": true})).0), ["file /a.txt"]);
    assert_eq!(alice.delete("/a").error(), refused("path_lookup/not_found"));
    assert_eq!(alice.delete("/a/").error(), refused("path_lookup/malformed_path"));
    let gone = alice.delete("/a.txt").ok().json();
    assert_eq!((&gone["metadata"][".tag"], &gone["metadata"]["size"]), (&json!("file"), &json!(1)));
}

#[test]
fn a_file_is_deleted_in_its_last_revision() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let made = alice.file("/a", "1");
    let delete =
        |rev: &str| alice.call("files/delete_v2", &json!({"path": "/a", "parent_rev": rev}));
    assert_eq!(delete("0123456789").error(), refused("path_write/conflict/file"));
    delete(made["rev"].as_str().unwrap()).ok();
}
