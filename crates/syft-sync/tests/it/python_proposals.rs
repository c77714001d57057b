//! Proposals of a Python client in an owner's inbox, against what the Python owner does
//! with them (`fixtures/README.md`). Where that must not be copied, the case has the
//! threat that it stands for, and this node's verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::common::python::{self, expected_events, files, fixture};
use crate::common::{Member, email, events_in, in_space, inbox, outbox};
use serde_json::{Value, json};
use syft_core::{Email, RejectCode};
use syft_transport::MemoryStore;

const OWNER: &str = "do@org.example";
const SENDER: &str = "ds@uni.example";
const INBOX: &str = "app_data/job/inbox/ds@uni.example";

fn case(name: &str) -> Value {
    let vectors = fixture("sync_proposals.json");
    let cases = vectors["cases"].as_array().unwrap();
    cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
}

/// An owner with the permission files of the vectors, and a sender who is connected.
struct World {
    store: MemoryStore,
    owner: Member,
    sent: u32,
}

/// What came of a message.
#[derive(Debug, PartialEq)]
enum Fate {
    Accepted,
    PutAway(RejectCode),
    /// Left where it is, and counted.
    Ignored,
}

impl World {
    async fn new() -> World {
        let store = MemoryStore::new();
        let owner = Member::join(email(OWNER), Arc::new(store.user(email(OWNER))), 1).await;
        python::connect(&store, &owner, &email(SENDER)).await;
        let world = World { store, owner, sent: 0 };
        world.allow("inbox", "write");
        world.allow("review", "read");
        world.owner.sync().await;
        world
    }

    fn allow(&self, folder: &str, right: &str) {
        let rules = format!("rules:\n- access:\n    {right}:\n    - {SENDER}\n  pattern: '**'\n");
        self.write(&format!("app_data/job/{folder}/{SENDER}/syft.pub.yaml"), &rules);
    }

    fn write(&self, path: &str, text: &str) {
        self.owner.write(&format!("{OWNER}/{path}"), text);
    }

    /// Puts a message into the inbox and syncs.
    async fn receive(&mut self, message: &Value) -> Fate {
        self.sent += 1;
        let (name, bytes) = python::proposal(self.sent, OWNER, message);
        let space = inbox(email(OWNER), email(SENDER));
        self.store.plant(&space, &name, bytes, Some(email(SENDER)));
        let report = self.owner.sync().await;
        let of = report.peers.iter().find(|peer| peer.email.as_str() == SENDER).unwrap();
        assert_eq!(of.problem, None);
        if in_space(&self.store, &space).iter().any(|object| object.name.as_str() == name) {
            assert_eq!(of.received + of.quarantined, 0);
            assert!(of.ignored > 0);
            return Fate::Ignored;
        }
        let put_away = self.owner.manager.quarantine().list().unwrap();
        match put_away.iter().find(|item| item.name == name) {
            Some(item) => Fate::PutAway(item.code),
            None => Fate::Accepted,
        }
    }

    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.owner.tree(OWNER)
    }

    /// The events of each message in somebody's outbox.
    fn outbox(&self, reader: &Email) -> Vec<BTreeMap<String, Value>> {
        let messages = events_in(&self.store, &outbox(email(OWNER), reader.clone()));
        messages.iter().map(python::events).collect()
    }
}

/// What a case comes to here.
struct Outcome {
    fates: Vec<Fate>,
    changed: BTreeMap<String, Vec<u8>>,
    outbox: Vec<BTreeMap<String, Value>>,
}

/// Plays a case; whatever it does, an honest message that comes next is accepted.
async fn play(case: &Value) -> Outcome {
    let mut world = World::new().await;
    let before = world.files();
    let mut fates = Vec::new();
    for message in case["messages"].as_array().unwrap() {
        fates.push(world.receive(message).await);
    }
    let after = world.files();
    assert!(before.keys().all(|path| after.contains_key(path)), "{}", case["name"]);
    let is_new = |path: &String, bytes: &Vec<u8>| before.get(path) != Some(bytes);
    let changed = after.into_iter().filter(|(path, bytes)| is_new(path, bytes)).collect();
    let outbox = world.outbox(&email(SENDER));
    let path = format!("{INBOX}/v1/honest/run.sh");
    let honest = json!({
        "sender": SENDER,
        "changes": [{ "path_in_datasite": path, "content": "echo\n" }],
    });
    assert_eq!(world.receive(&honest).await, Fate::Accepted, "{}: the next one", case["name"]);
    Outcome { fates, changed, outbox }
}

fn expected_outbox(case: &Value) -> Vec<BTreeMap<String, Value>> {
    case["outbox_events"].as_array().unwrap().iter().map(expected_events).collect()
}

/// The cases in which this node does just what the Python owner does.
const ALIKE: [&str; 6] = [
    "accepted",
    "update with right old_hash",
    // The echo tells what stands there in the end, and not what stood there between.
    "same file twice in one message",
    "messy path is normalised",
    "unrelated file name is ignored",
    "empty and binary content",
];

/// Those in which it must not, and the tests below that say why.
const OTHERWISE: [&str; 11] = [
    "filters",
    "conflict blocks the inbox",
    "old_hash for an unknown file",
    "deletion proposal",
    "spoofed sender",
    "absolute path",
    "bad file name",
    "integer timestamp in name",
    "garbage bytes",
    "wrong new_hash is believed",
    "foreign datasite_email is kept",
];

#[test]
fn every_case_is_judged() {
    let vectors = fixture("sync_proposals.json");
    let cases = vectors["cases"].as_array().unwrap().iter();
    let named: BTreeSet<&str> = cases.map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!(named, ALIKE.into_iter().chain(OTHERWISE).collect());
}

#[tokio::test]
async fn what_a_python_owner_accepts_is_accepted_alike() {
    for name in ALIKE {
        let case = case(name);
        let outcome = play(&case).await;
        for (fate, python) in outcome.fates.iter().zip(case["after_each_sync"].as_array().unwrap())
        {
            assert_eq!(python["sync_ok"], true, "{name}");
            let is_left = python["left_in_inbox"] == 1;
            let expected = if is_left { Fate::Ignored } else { Fate::Accepted };
            assert_eq!(*fate, expected, "{name}");
        }
        assert_eq!(outcome.changed, files(&case["files_changed"]), "{name}");
        assert_eq!(outcome.outbox, expected_outbox(&case), "{name}");
    }
}

/// The Python owner drops the change whose path leads upwards and takes the rest of the
/// message; here such a path makes the whole message one of an attacker. Without it the
/// two do the same.
#[tokio::test]
async fn p1_a_message_with_a_path_that_leads_upwards_is_put_away() {
    let mut case = case("filters");
    let outcome = play(&case).await;
    assert_eq!(outcome.fates, [Fate::PutAway(RejectCode::BadPath)]);
    assert!(outcome.changed.is_empty() && outcome.outbox.is_empty());
    let changes = case["messages"][0]["changes"].as_array_mut().unwrap();
    let upwards = changes.pop().unwrap();
    assert!(upwards["path_in_datasite"].as_str().unwrap().contains("/../"));
    let outcome = play(&case).await;
    assert_eq!(outcome.fates, [Fate::Accepted]);
    assert_eq!(outcome.changed, files(&case["files_changed"]));
    assert_eq!(outcome.outbox, expected_outbox(&case));
}

/// The Python owner stops at each of these for good: it is put away instead.
async fn is_put_away(name: &str, code: RejectCode) {
    let case = case(name);
    let outcome = play(&case).await;
    assert_eq!(outcome.fates, [Fate::PutAway(code)], "{name}");
    assert!(outcome.changed.is_empty() && outcome.outbox.is_empty(), "{name}");
}

#[tokio::test]
async fn p2_an_absolute_path_is_put_away() {
    is_put_away("absolute path", RejectCode::BadPath).await;
}

#[tokio::test]
async fn i10_garbage_is_put_away() {
    is_put_away("garbage bytes", RejectCode::BadContainer).await;
}

/// The Python owner believes the body, and lets the sender write as the owner.
#[tokio::test]
async fn s1_a_message_that_says_it_is_from_the_owner_is_put_away() {
    is_put_away("spoofed sender", RejectCode::SenderMismatch).await;
}

/// The Python owner passes the other datasite on to its readers.
#[tokio::test]
async fn s6_a_message_for_another_datasite_is_put_away() {
    is_put_away("foreign datasite_email is kept", RejectCode::DatasiteMismatch).await;
}

/// The Python owner believes the hash, and logs an edit that nobody made.
#[tokio::test]
async fn i1_a_hash_that_is_not_of_the_content_is_put_away() {
    is_put_away("wrong new_hash is believed", RejectCode::HashMismatch).await;
}

#[tokio::test]
async fn i2_a_change_to_a_file_that_is_not_there_is_put_away() {
    is_put_away("old_hash for an unknown file", RejectCode::HashMismatch).await;
    let mut world = World::new().await;
    let message = json!({
        "sender": SENDER,
        "changes": [{
            "path_in_datasite": format!("{INBOX}/a"),
            "content": "1",
            "old_hash": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        }],
    });
    assert_eq!(world.receive(&message).await, Fate::PutAway(RejectCode::Conflict));
}

/// The Python owner takes nothing more of anybody once there is a conflict. Here what
/// stands in the place of the change is sent once more, and all else goes on.
#[tokio::test]
async fn i2_a_conflict_blocks_nothing_else() {
    let outcome = play(&case("conflict blocks the inbox")).await;
    let conflict = Fate::PutAway(RejectCode::Conflict);
    assert_eq!(outcome.fates, [Fate::Accepted, conflict, Fate::Accepted]);
    let expected = json!({ (format!("{INBOX}/a")): "1", (format!("{INBOX}/b")): "3" });
    assert_eq!(outcome.changed, files(&expected));
    let contents: Vec<Vec<&str>> = outcome
        .outbox
        .iter()
        .map(|message| message.values().map(|event| event["content"].as_str().unwrap()).collect())
        .collect();
    assert_eq!(contents, [["1"], ["1"], ["3"]]);
}

/// The Python owner forgets that it is a deletion, and stops.
#[tokio::test]
async fn i6_a_deletion_that_is_proposed_is_one() {
    let case = case("deletion proposal");
    let outcome = play(&case).await;
    assert_eq!(outcome.fates, [Fate::Accepted, Fate::Accepted]);
    assert!(outcome.changed.is_empty());
    let mut expected = expected_outbox(&case);
    let path = format!("{INBOX}/a");
    expected.push(expected_events(&json!([{
        "path": path,
        "datasite": OWNER,
        "content": null,
        "old_hash": expected[0][&path]["new_hash"],
        "new_hash": null,
        "is_deleted": true,
    }])));
    assert_eq!(outcome.outbox, expected);
}

/// The Python owner spells the name anew, looks for that, and stops.
#[tokio::test]
async fn i9_a_name_that_is_not_spelled_as_one_is_left_and_counted() {
    for name in ["bad file name", "integer timestamp in name"] {
        let outcome = play(&case(name)).await;
        assert_eq!(outcome.fates, [Fate::Ignored], "{name}");
        assert!(outcome.changed.is_empty() && outcome.outbox.is_empty(), "{name}");
    }
}

/// The Python owner sends what one peer proposed to that peer alone.
#[tokio::test]
async fn what_one_python_peer_proposed_goes_to_all_who_may_read_it() {
    let mut world = World::new().await;
    let reader = email("second@x.example");
    python::connect(&world.store, &world.owner, &reader).await;
    let rules = format!(
        "rules:\n- access:\n    write:\n    - {SENDER}\n    read:\n    - {reader}\n  pattern: '**'\n"
    );
    world.write(&format!("{INBOX}/syft.pub.yaml"), &rules);
    let case = case("accepted");
    assert_eq!(world.receive(&case["messages"][0]).await, Fate::Accepted);
    assert_eq!(world.outbox(&email(SENDER)), expected_outbox(&case));
    assert_eq!(world.outbox(&reader), expected_outbox(&case));
    // And to one who comes later.
    let late = email("third@y.example");
    let rules =
        rules.replace(&format!("    - {reader}\n"), &format!("    - {reader}\n    - {late}\n"));
    world.write(&format!("{INBOX}/syft.pub.yaml"), &rules);
    python::connect(&world.store, &world.owner, &late).await;
    world.owner.sync().await;
    assert_eq!(world.outbox(&late), expected_outbox(&case));
}
