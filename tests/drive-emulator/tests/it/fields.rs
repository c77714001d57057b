//! Field masks over HTTP.

use serde_json::json;
use syft_drive_emulator::DriveEmulator;

use crate::client::{ALICE, Client, encoded};

#[test]
fn only_what_is_asked_for_comes() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", "abc");
    for (mask, expected) in [
        ("id", json!({"id": file})),
        ("id, size", json!({"id": file, "size": "3"})),
        ("owners(emailAddress)", json!({"owners": [{"emailAddress": ALICE}]})),
        ("owners/emailAddress,name", json!({"name": "a", "owners": [{"emailAddress": ALICE}]})),
        ("capabilities/canTrash", json!({"capabilities": {"canTrash": true}})),
        ("thumbnailLink", json!({})),
    ] {
        assert_eq!(alice.about(&file, mask).ok().json(), expected, "{mask}");
    }
    let list = encoded(&[("fields", "files(id,owners(emailAddress,me))")]);
    let listed = alice.get(&format!("/drive/v3/files?{list}")).ok().json();
    let owner = json!({"emailAddress": ALICE, "me": true});
    assert_eq!(listed, json!({"files": [{"id": file, "owners": [owner]}]}));
}

#[test]
fn an_unknown_field_is_refused() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let file = alice.file("a", "root", "abc");
    let refused = alice.about(&file, "id,nothing");
    assert_eq!(refused.reason(), (400, "invalidParameter".to_owned()));
    assert_eq!(refused.message(), "Invalid field selection nothing");
    assert_eq!(alice.get("/drive/v3/files?fields=files(id").status, 400);
}
