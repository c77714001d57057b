//! Sharing, and taking it back.

use serde_json::json;
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, BOB, CAROL, Client, id};

#[test]
fn addresses_are_told_when_they_are_asked_for() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "");
    let target = format!("/drive/v3/files/{file}/permissions");
    let body = json!({"type": "user", "role": "reader", "emailAddress": BOB});
    let made = alice.post(&target, &body).ok();
    let plain = json!({
        "kind": "drive#permission", "id": id(&made), "type": "user", "role": "reader"});
    assert_eq!(made.json(), plain);
    let listed = alice.get(&target).ok().json();
    assert_eq!(listed["permissions"][1], plain);
    assert_eq!(listed["permissions"][0]["role"], "owner");
    let asked = alice.get(&format!("{target}?fields=permissions(emailAddress)")).json();
    let all = json!([{"emailAddress": ALICE}, {"emailAddress": BOB}]);
    assert_eq!(asked, json!({"permissions": all}));
    let one = alice.get(&format!("{target}/{}?fields=emailAddress,role", id(&made))).json();
    assert_eq!(one, json!({"emailAddress": BOB, "role": "reader"}));
    assert_eq!(alice.get(&format!("{target}/1")).reason(), (404, "notFound".to_owned()));
}

#[test]
fn sharing_sends_a_mail_unless_told_not_to() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "");
    alice.share(&file, BOB, "reader");
    assert!(drive.mails().is_empty());
    let body = json!({"type": "user", "role": "writer", "emailAddress": CAROL});
    let target = format!("/drive/v3/files/{file}/permissions");
    let quiet = alice.post(&format!("{target}?sendNotificationEmail=false"), &body);
    assert_eq!(quiet.reason(), (400, "invalidSharingRequest".to_owned()), "nobody's address");
    alice.post(&format!("{target}?emailMessage=Hi"), &body).ok();
    let mails = drive.mails();
    assert_eq!((mails.len(), mails[0].to.as_str(), mails[0].from.as_str()), (1, CAROL, ALICE));
    assert_eq!((mails[0].file_name.as_str(), mails[0].message.as_deref()), ("a", Some("Hi")));
    assert_eq!(drive.files()[0].permissions.len(), 2);
}

#[test]
fn sharing_again_gives_no_less() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "");
    let first = alice.share(&file, BOB, "reader");
    assert_eq!(alice.share(&file, BOB, "writer"), first);
    assert_eq!(alice.share(&file, "Bob@Example.com", "reader"), first);
    bob.patch(&format!("/drive/v3/files/{file}"), &json!({"name": "b"})).ok();
    let target = format!("/drive/v3/files/{file}/permissions/{first}");
    alice.patch(&target, &json!({"role": "reader"})).ok();
    assert_eq!(bob.patch(&format!("/drive/v3/files/{file}"), &json!({"name": "c"})).status, 403);
}

#[test]
fn only_writers_share() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let carol = Client::user(&drive, CAROL);
    let file = alice.file("a", "root", "");
    let right = alice.share(&file, BOB, "reader");
    let target = format!("/drive/v3/files/{file}/permissions");
    let body = json!({"type": "user", "role": "reader", "emailAddress": CAROL});
    assert_eq!(bob.post(&target, &body).reason().1, "insufficientFilePermissions");
    assert_eq!(bob.get(&target).reason().1, "insufficientFilePermissions");
    assert_eq!(bob.about(&file, "id,permissions").json(), json!({"id": file}));
    assert_eq!(carol.post(&target, &body).status, 404);
    alice.share(&file, BOB, "writer");
    bob.post(&target, &body).ok();
    let all = bob.about(&file, "permissions(role)").json();
    assert_eq!(all["permissions"].as_array().unwrap().len(), 3);
    // One gives up one's own.
    bob.delete(&format!("{target}/{right}")).ok();
    assert_eq!(bob.bytes(&file).status, 404);
    assert_eq!(carol.bytes(&file).status, 200);
}

#[test]
fn what_comes_from_above_and_the_owners_stay() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, _) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let folder = alice.folder("f", "root");
    let right = alice.share(&folder, BOB, "writer");
    let file = alice.file("a", &folder, "");
    let target = format!("/drive/v3/files/{file}/permissions");
    let listed = alice.get(&target).json();
    assert_eq!(listed["permissions"][1]["id"], right.as_str());
    assert_eq!(alice.delete(&format!("{target}/{right}")).status, 403);
    let own = listed["permissions"][0]["id"].as_str().unwrap();
    assert_eq!(alice.delete(&format!("{target}/{own}")).status, 403);
}

#[test]
fn what_is_no_right_is_refused() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", "");
    let target = format!("/drive/v3/files/{file}/permissions");
    for (body, status) in [
        (json!({}), 400),
        (json!({"type": "user", "role": "reader"}), 400),
        (json!({"type": "user", "role": "king", "emailAddress": BOB}), 400),
        (json!({"type": "team", "role": "reader", "emailAddress": BOB}), 400),
        (json!({"type": "domain", "role": "reader"}), 400),
        (json!({"type": "user", "role": "owner", "emailAddress": BOB}), 403),
    ] {
        assert_eq!(alice.post(&target, &body).status, status, "{body}");
    }
    assert!(drive.mails().is_empty());
}
