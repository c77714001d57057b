//! `addParents` and `removeParents`.

use serde_json::json;
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, Answer, BOB, Client};

fn moved(who: &Client, file: &str, add: &str, remove: &str) -> Answer {
    let target = format!(
        "/drive/v3/files/{file}?addParents={add}&removeParents={remove}&fields=id,parents&supportsAllDrives=true"
    );
    who.patch(&target, &json!({}))
}

#[test]
fn a_writer_moves_a_message_to_a_folder_of_his_own() {
    let drive = DriveEmulator::start().unwrap();
    let (owner, scientist) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let inbox = scientist.folder("inbox", "root");
    scientist.share(&inbox, ALICE, "writer");
    let message = scientist.file("message", &inbox, "hello");
    let archive = owner.folder("archive", "root");
    let answer = moved(&owner, &message, &archive, &inbox).ok();
    assert_eq!(answer.json(), json!({"id": message, "parents": [archive]}));
    // It stays the author's, who no longer sees where it lies.
    let told = scientist.about(&message, "ownedByMe,parents").json();
    assert_eq!(told, json!({"ownedByMe": true}));
    assert!(scientist.names(&format!("'{inbox}' in parents")).is_empty());
    assert_eq!(owner.names(&format!("'{archive}' in parents")), ["message"]);
    assert_eq!(owner.delete(&format!("/drive/v3/files/{message}")).status, 403);
    scientist.delete(&format!("/drive/v3/files/{message}")).ok();
    assert!(owner.names(&format!("'{archive}' in parents")).is_empty());
}

#[test]
fn a_move_changes_who_has_it_by_its_folder() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let (open, closed) = (alice.folder("open", "root"), alice.folder("closed", "root"));
    alice.share(&open, BOB, "reader");
    let inner = alice.folder("inner", &closed);
    let file = alice.file("a", &inner, "abc");
    assert_eq!(bob.bytes(&file).status, 404);
    moved(&alice, &inner, &open, &closed).ok();
    assert_eq!(bob.bytes(&file).body, b"abc");
    moved(&alice, &inner, &closed, &open).ok();
    assert_eq!(bob.bytes(&file).status, 404);
}

#[test]
fn a_second_parent_is_refused() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let (one, two) = (alice.folder("one", "root"), alice.folder("two", "root"));
    let file = alice.file("a", &one, "");
    let refused = moved(&alice, &file, &two, "");
    assert_eq!(refused.reason(), (403, "cannotAddParent".to_owned()));
    assert_eq!(refused.message(), "Increasing the number of parents is not allowed");
    moved(&alice, &file, &one, "").ok();
    let both = json!({"name": "b", "parents": [one, two]});
    assert_eq!(alice.post("/drive/v3/files", &both).reason().1, "cannotAddParent");
}

#[test]
fn without_a_parent_it_falls_back_to_the_root() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let folder = alice.folder("f", "root");
    let file = alice.file("a", &folder, "");
    moved(&alice, &file, "", &folder).ok();
    assert_eq!(alice.names("'root' in parents"), ["a", "f"]);
    moved(&alice, &file, &folder, "root").ok();
    assert_eq!(alice.names(&format!("'{folder}' in parents")), ["a"]);
}

#[test]
fn one_moves_only_where_one_may_write() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let (seen, hidden) = (bob.folder("seen", "root"), bob.folder("hidden", "root"));
    bob.share(&seen, ALICE, "reader");
    let file = alice.file("a", "root", "");
    for (target, expected) in [
        (seen.as_str(), (403, "insufficientParentPermissions")),
        (&hidden, (404, "notFound")),
        (&file, (403, "parentNotAFolder")),
    ] {
        let (status, reason) = moved(&alice, &file, target, "root").reason();
        assert_eq!((status, reason.as_str()), expected, "{target}");
    }
    let top = alice.folder("top", "root");
    let below = alice.folder("below", &top);
    assert_eq!(moved(&alice, &top, &below, "root").reason().1, "badRequest");
    assert_eq!(moved(&alice, &top, &top, "root").reason().1, "badRequest");
}
