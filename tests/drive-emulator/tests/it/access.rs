//! Who sees what, and who may do what.

use serde_json::json;
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, BOB, CAROL, Client, id};

#[test]
fn what_is_not_shared_is_not_there() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "abc");
    let target = format!("/drive/v3/files/{file}");
    for answer in [bob.get(&target), bob.bytes(&file), bob.delete(&target)] {
        assert_eq!(answer.reason(), (404, "notFound".to_owned()));
    }
    assert_eq!(bob.patch(&target, &json!({"name": "b"})).status, 404);
    assert!(bob.names("trashed=false").is_empty());
}

#[test]
fn rights_hold_for_all_below() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let top = alice.folder("top", "root");
    let inner = alice.folder("inner", &top);
    let file = alice.file("a", &inner, "abc");
    let right = alice.share(&top, "BOB@example.com", "reader");
    assert_eq!(bob.bytes(&file).body, b"abc");
    assert_eq!(bob.names("trashed=false"), ["a", "inner", "top"]);
    let refused = bob.patch(&format!("/drive/v3/files/{file}"), &json!({"name": "b"}));
    assert_eq!(refused.reason(), (403, "insufficientFilePermissions".to_owned()));
    assert_eq!(bob.try_file("b", &inner, "").reason().1, "insufficientParentPermissions");
    alice.delete(&format!("/drive/v3/files/{top}/permissions/{right}")).ok();
    assert_eq!(bob.bytes(&file).status, 404);
}

#[test]
fn a_file_belongs_to_who_created_it_wherever_it_lies() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let folder = alice.folder("inbox", "root");
    alice.share(&folder, BOB, "writer");
    let file = bob.file("message", &folder, "hello");
    let target = format!("/drive/v3/files/{file}");
    let told = alice.about(&file, "owners(emailAddress),ownedByMe,parents").json();
    let owner = json!([{"emailAddress": BOB}]);
    assert_eq!(told, json!({"owners": owner, "ownedByMe": false, "parents": [folder]}));
    assert_eq!(alice.bytes(&file).body, b"hello");
    // Who keeps the folder writes what lies in it, and no more.
    alice.patch(&target, &json!({"name": "renamed"})).ok();
    for refused in [alice.delete(&target), alice.patch(&target, &json!({"trashed": true}))] {
        assert_eq!(refused.reason(), (403, "insufficientFilePermissions".to_owned()));
    }
    bob.delete(&target).ok();
    assert_eq!(alice.names("name = 'renamed'").len(), 0);
}

#[test]
fn a_folder_that_one_does_not_see_is_no_parent() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let folder = alice.folder("private", "root");
    let file = alice.file("a", &folder, "abc");
    alice.share(&file, BOB, "reader");
    assert_eq!(alice.about(&file, "id,parents").json(), json!({"id": file, "parents": [folder]}));
    assert_eq!(bob.about(&file, "id,parents").json(), json!({"id": file}));
    assert_eq!(alice.about(&folder, "shared").json(), json!({"shared": false}));
}

#[test]
fn others_do_not_see_the_trash() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "abc");
    alice.share(&file, BOB, "writer");
    alice.patch(&format!("/drive/v3/files/{file}"), &json!({"trashed": true})).ok();
    assert_eq!(bob.bytes(&file).status, 404);
    assert!(bob.names("trashed=true").is_empty());
    assert_eq!(alice.names("trashed=true"), ["a"]);
}

#[test]
fn a_deleted_folder_orphans_what_others_own_in_it() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let top = alice.folder("top", "root");
    alice.share(&top, BOB, "writer");
    let theirs = bob.folder("theirs", &top);
    let inside = alice.file("mine", &theirs, "1");
    let kept = bob.file("kept", &theirs, "2");
    alice.delete(&format!("/drive/v3/files/{top}")).ok();
    assert_eq!(bob.about(&theirs, "id,parents").json(), json!({"id": theirs}));
    assert_eq!(bob.about(&kept, "parents").json(), json!({"parents": [theirs]}));
    assert_eq!(alice.get(&format!("/drive/v3/files/{inside}")).status, 404);
    assert_eq!(alice.get(&format!("/drive/v3/files/{kept}")).status, 404);
    assert_eq!(drive.files_of(BOB).len(), 2);
    assert_eq!(drive.files_of(ALICE).len(), 0);
}

#[test]
fn what_anyone_may_read_is_got_by_its_id_and_in_no_list() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, carol) = (Client::user(&drive, ALICE), Client::user(&drive, CAROL));
    let file = alice.file("a", "root", "abc");
    let anyone = json!({"type": "anyone", "role": "reader"});
    let made = alice.post(&format!("/drive/v3/files/{file}/permissions"), &anyone).ok();
    assert_eq!(id(&made), "anyoneWithLink");
    assert_eq!(carol.bytes(&file).body, b"abc");
    assert!(carol.names("trashed=false").is_empty());
    assert!(drive.mails().is_empty());
}
