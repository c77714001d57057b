//! What became of the files that one sees.

use serde_json::{Value, json};
use syft_drive_emulator::{DriveEmulator, FaultPlan};

use crate::client::{ALICE, BOB, Client, encoded};

/// Follows the changes of somebody.
struct Feed<'a> {
    who: &'a Client,
    token: String,
}

impl<'a> Feed<'a> {
    fn start(who: &'a Client) -> Self {
        let answer = who.get("/drive/v3/changes/startPageToken").ok().json();
        Feed { who, token: answer["startPageToken"].as_str().unwrap().to_owned() }
    }

    fn page(&mut self, more: &[(&str, &str)]) -> (Vec<Value>, bool) {
        let token = self.token.clone();
        let fields = "nextPageToken,newStartPageToken,changes(fileId,removed,file(name))";
        let pairs = [&[("pageToken", token.as_str()), ("fields", fields)], more].concat();
        let answer = self.who.get(&format!("/drive/v3/changes?{}", encoded(&pairs))).ok().json();
        let (next, last) = (&answer["nextPageToken"], &answer["newStartPageToken"]);
        assert_ne!(next.is_string(), last.is_string(), "one of both");
        self.token = next.as_str().or(last.as_str()).unwrap().to_owned();
        (answer["changes"].as_array().unwrap().clone(), last.is_string())
    }

    /// The names of what changed, and the ids of what is gone.
    fn news(&mut self) -> Vec<String> {
        self.news_with(&[])
    }

    fn news_with(&mut self, more: &[(&str, &str)]) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let (changes, last) = self.page(more);
            all.extend(changes.iter().map(|change| {
                let removed = change["removed"] == true;
                let text = if removed { &change["fileId"] } else { &change["file"]["name"] };
                format!("{}{}", if removed { "-" } else { "" }, text.as_str().unwrap())
            }));
            if last {
                return all;
            }
        }
    }
}

#[test]
fn each_file_comes_once_with_what_it_has_become() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let mut feed = Feed::start(&alice);
    assert!(feed.news().is_empty());
    let first = alice.file("a", "root", "");
    alice.file("b", "root", "");
    alice.patch(&format!("/drive/v3/files/{first}"), &json!({"name": "c"})).ok();
    assert_eq!(feed.news(), ["b", "c"]);
    assert!(feed.news().is_empty());
    alice.delete(&format!("/drive/v3/files/{first}")).ok();
    let (before, gone) = (feed.token.clone(), format!("-{first}"));
    assert_eq!(feed.news(), [gone]);
    feed.token = before;
    assert!(feed.news_with(&[("includeRemoved", "false")]).is_empty());
}

#[test]
fn new_bytes_are_told_of_once_they_are_all_there() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let (small, large) = (alice.file("a", "root", "old"), alice.file("b", "root", "old"));
    let mut feed = Feed::start(&alice);
    let target = |id: &str, kind| format!("/upload/drive/v3/files/{id}?uploadType={kind}");
    alice.multipart("PATCH", &target(&small, "multipart"), &json!({"name": "c"}), b"new").ok();
    assert_eq!(feed.news(), ["c"]);
    let headers = [("Content-Type", "application/json")];
    let about = Some(&br#"{"name":"d"}"#[..]);
    let opened = alice.send("PATCH", &target(&large, "resumable"), &headers, about).unwrap().ok();
    assert!(feed.news().is_empty());
    let whole = [("Content-Range", "bytes 0-2/3")];
    alice.send("PUT", opened.header("location"), &whole, Some(b"new")).unwrap().ok();
    assert_eq!(feed.news(), ["d"]);
    assert_eq!(
        (alice.bytes(&small).body, alice.bytes(&large).body),
        (b"new".into(), b"new".into())
    );
}

#[test]
fn what_is_shared_appears_and_what_is_taken_back_is_removed() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let mut feed = Feed::start(&bob);
    let folder = alice.folder("f", "root");
    let inner = alice.folder("inner", &folder);
    let file = alice.file("a", &inner, "");
    assert!(feed.news().is_empty(), "not seen, not told");
    let right = alice.share(&folder, BOB, "writer");
    assert_eq!(feed.news(), ["f", "inner", "a"]);
    alice.file("b", &inner, "");
    assert_eq!(feed.news(), ["b"]);
    let before = feed.token.clone();
    assert!(feed.news_with(&[("restrictToMyDrive", "true")]).is_empty());
    alice.delete(&format!("/drive/v3/files/{folder}/permissions/{right}")).ok();
    assert_eq!(feed.news().len(), 4);
    feed.token = before;
    let mut paged = feed.news_with(&[("pageSize", "1")]);
    paged.sort();
    let mut expected: Vec<String> = [&folder, &inner, &file].map(|id| format!("-{id}")).to_vec();
    expected.sort();
    assert_eq!(paged.len(), 4);
    assert!(expected.iter().all(|line| paged.contains(line)), "{paged:?}");
}

#[test]
fn what_moves_or_goes_with_its_folder_is_removed() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let top = alice.folder("top", "root");
    let sub = alice.folder("sub", &top);
    let moved = alice.file("moved", &sub, "");
    let gone = alice.file("gone", &sub, "");
    alice.share(&top, BOB, "reader");
    let mut feed = Feed::start(&bob);
    let away = format!("/drive/v3/files/{moved}?addParents=root&removeParents={sub}");
    alice.patch(&away, &json!({})).ok();
    assert_eq!(feed.news(), [format!("-{moved}")]);
    alice.delete(&format!("/drive/v3/files/{top}")).ok();
    let mut news = feed.news();
    news.sort();
    let mut expected = [&top, &sub, &gone].map(|id| format!("-{id}"));
    expected.sort();
    assert_eq!(news, expected);
}

#[test]
fn the_trash_of_others_is_removal() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let file = alice.file("a", "root", "");
    alice.share(&file, BOB, "reader");
    let (mut own, mut other) = (Feed::start(&alice), Feed::start(&bob));
    alice.patch(&format!("/drive/v3/files/{file}"), &json!({"trashed": true})).ok();
    assert_eq!(own.news(), ["a"]);
    assert_eq!(other.news(), [format!("-{file}")]);
}

#[test]
fn a_change_has_these_fields_of_its_own_accord() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let feed = Feed::start(&alice);
    let folder = alice.folder("f", "root");
    let list = alice.get(&format!("/drive/v3/changes?pageToken={}", feed.token)).ok().json();
    assert_eq!(list["kind"], "drive#changeList");
    let change = &list["changes"][0];
    assert_eq!(change["file"]["id"], folder.as_str());
    for (field, expected) in [
        ("kind", json!("drive#change")),
        ("type", json!("file")),
        ("changeType", json!("file")),
        ("removed", json!(false)),
        ("fileId", json!(folder)),
    ] {
        assert_eq!(change[field], expected, "{field}");
    }
    assert!(change["time"].is_string());
}

#[test]
fn tokens_do_not_expire_but_may_be_refused() {
    let drive = DriveEmulator::start().unwrap();
    let alice = Client::user(&drive, ALICE);
    let mut feed = Feed::start(&alice);
    alice.file("a", "root", "");
    drive.advance(std::time::Duration::from_secs(365 * 24 * 3600));
    let alice = Client::user(&drive, ALICE);
    feed.who = &alice;
    let old = feed.token.clone();
    assert_eq!(feed.news(), ["a"]);
    drive.refuse_change_tokens();
    let newest = feed.token.clone();
    for token in [old.as_str(), &newest, "", "made-up", "99999", "-1"] {
        let answer = alice.get(&format!("/drive/v3/changes?pageToken={token}"));
        assert_eq!(answer.reason(), (400, "invalid".to_owned()), "{token}");
        assert_eq!(answer.json()["error"]["errors"][0]["location"], "pageToken");
    }
    assert_eq!(alice.get("/drive/v3/changes").reason(), (400, "required".to_owned()));
    assert!(Feed::start(&alice).news().is_empty());
}

#[test]
fn a_blind_feed_tells_of_a_shared_folder_and_not_of_what_lies_in_it() {
    let drive = DriveEmulator::start().unwrap();
    drive.set_faults(FaultPlan { blind_changes: true, ..FaultPlan::default() });
    let (alice, bob) = (Client::user(&drive, ALICE), Client::user(&drive, BOB));
    let (mut of_alice, mut of_bob) = (Feed::start(&alice), Feed::start(&bob));
    let folder = alice.folder("shared", "root");
    alice.share(&folder, BOB, "writer");
    let hidden = alice.file("hidden", &folder, "");
    bob.file("own", &folder, "");
    alice.delete(&format!("/drive/v3/files/{hidden}")).ok();
    assert_eq!(of_bob.news(), ["shared", "own"]);
    assert!(of_alice.news().contains(&"own".to_owned()), "it lies in a folder of her own");
}
