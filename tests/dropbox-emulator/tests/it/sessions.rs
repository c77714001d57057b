//! `files/upload_session/*`.

use std::time::Duration;

use serde_json::{Value, json};
use syft_dropbox_emulator::{DropboxEmulator, Fault, Rule};

use crate::client::{ALICE, Answer, BOB, Client, refused};

fn start(client: &Client, args: &Value, text: &str) -> String {
    let begun = client.bring("files/upload_session/start", args, text.as_bytes()).ok().json();
    begun["session_id"].as_str().unwrap().to_owned()
}

fn append(client: &Client, id: &str, offset: usize, text: &str) -> Answer {
    let args = json!({"cursor": {"session_id": id, "offset": offset}});
    client.bring("files/upload_session/append_v2", &args, text.as_bytes())
}

fn finish(client: &Client, id: &str, offset: usize, commit: &Value, text: &str) -> Answer {
    let args = json!({"cursor": {"session_id": id, "offset": offset}, "commit": commit});
    client.bring("files/upload_session/finish", &args, text.as_bytes())
}

#[test]
fn a_file_comes_in_pieces() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let id = start(&alice, &json!({}), "one ");
    assert_eq!(append(&alice, &id, 4, "two ").ok().json(), Value::Null);
    assert!(dropbox.entries_of(ALICE).is_empty(), "nothing is there before the end");
    let made = finish(&alice, &id, 8, &json!({"path": "/a"}), "three").ok().json();
    assert_eq!((&made["path_display"], &made["size"]), (&json!("/a"), &json!(13)));
    assert_eq!(alice.bytes("/a", None).ok().body, b"one two three");
    let again = finish(&alice, &id, 13, &json!({"path": "/b"}), "");
    assert_eq!(again.error(), refused("lookup_failed/not_found"));
}

#[test]
fn a_piece_goes_where_the_last_one_ended() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    let id = start(&alice, &json!({}), "1234");
    dropbox.add_fault(Rule::new(Fault::AnswerLost).path("append_v2").times(1));
    let args = json!({"cursor": {"session_id": id, "offset": 4}});
    assert!(alice.try_bring("files/upload_session/append_v2", &args, b"56").is_err());
    let again = append(&alice, &id, 4, "56");
    assert_eq!(again.error(), refused("incorrect_offset"));
    let error = json!({".tag": "incorrect_offset", "correct_offset": 6});
    assert_eq!(again.json()["error"], error);
    let end = finish(&alice, &id, 4, &json!({"path": "/a"}), "");
    assert_eq!(end.error(), refused("lookup_failed/incorrect_offset"));
    assert_eq!(end.json()["error"]["lookup_failed"]["correct_offset"], 6);
    finish(&alice, &id, 6, &json!({"path": "/a"}), "").ok();
}

#[test]
fn a_session_is_closed_lost_or_of_another() {
    let dropbox = DropboxEmulator::start().unwrap();
    let (alice, bob) = (Client::account(&dropbox, ALICE), Client::account(&dropbox, BOB));
    let closed = start(&alice, &json!({"close": true}), "12");
    assert_eq!(append(&alice, &closed, 2, "3").error(), refused("closed"));
    finish(&alice, &closed, 2, &json!({"path": "/a"}), "").ok();
    let id = start(&alice, &json!({}), "12");
    assert_eq!(append(&bob, &id, 2, "3").error(), refused("not_found"));
    dropbox.advance(Duration::from_secs(7 * 86_400));
    assert_eq!(append(&alice, &id, 2, "3").error().1, "expired_access_token");
    let alice = Client::account(&dropbox, ALICE);
    assert_eq!(append(&alice, &id, 2, "3").error(), refused("not_found"));
    let id = start(&alice, &json!({}), "12");
    dropbox.forget_sessions();
    assert_eq!(append(&alice, &id, 2, "3").error(), refused("not_found"));
}

#[test]
fn what_could_not_be_written_is_not_lost() {
    let dropbox = DropboxEmulator::start().unwrap();
    let alice = Client::account(&dropbox, ALICE);
    alice.file("/a", "there");
    let refusal = alice.bring("files/upload", &json!({"path": "/a"}), b"other");
    let id = refusal.json()["error"]["upload_session_id"].as_str().unwrap().to_owned();
    let commit = json!({"path": "/a", "mode": "add"});
    assert_eq!(finish(&alice, &id, 5, &commit, "").error(), refused("path/conflict/file"));
    finish(&alice, &id, 5, &json!({"path": "/b"}), "").ok();
    assert_eq!(alice.bytes("/b", None).ok().body, b"other");
}
