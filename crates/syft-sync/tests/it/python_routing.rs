//! What an owner's edits bring into the event log and to each Python peer, against what
//! the Python owner sends (`fixtures/README.md`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::common::python::{self, expected_events, fixture};
use crate::common::{Member, email, events_in, log_of, outbox};
use serde_json::{Value, json};
use syft_core::Email;
use syft_transport::{MemoryStore, Space};

const OWNER: &str = "do@org.example";

/// What the messages of a channel said, one after the other.
type Said = Vec<BTreeMap<String, Value>>;

/// An owner as the vectors have one: nothing may be read that no case allows.
struct World {
    store: MemoryStore,
    owner: Member,
    peers: Vec<Email>,
    seen: BTreeMap<String, usize>,
}

impl World {
    async fn new(case: &Value) -> World {
        let store = MemoryStore::new();
        let owner = Member::join(email(OWNER), Arc::new(store.user(email(OWNER))), 1).await;
        let listed = case["peers"].as_array().unwrap().iter();
        let peers: Vec<Email> = listed.map(|peer| email(peer.as_str().unwrap())).collect();
        for peer in &peers {
            python::connect(&store, &owner, peer).await;
        }
        for rules in ["syft.pub.yaml", "public/syft.pub.yaml"] {
            owner.remove(&format!("{OWNER}/{rules}"));
        }
        owner.sync().await;
        let mut world = World { store, owner, peers, seen: BTreeMap::new() };
        world.new_in(&log_of(email(OWNER)));
        world
    }

    /// The owner's edits of one step, and a sync.
    async fn step(&self, step: &Value) {
        for (path, bytes) in python::files(&step["write"]) {
            let path = self.owner.path(&format!("{OWNER}/{path}"));
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        for path in step["delete"].as_array().unwrap() {
            self.owner.remove(&format!("{OWNER}/{}", path.as_str().unwrap()));
        }
        self.owner.sync().await;
    }

    /// What came into a channel since it was asked for last.
    fn new_in(&mut self, space: &Space) -> Said {
        let messages = events_in(&self.store, space);
        let seen = self.seen.insert(space.to_string(), messages.len()).unwrap_or(0);
        messages.iter().skip(seen).map(python::events).collect()
    }

    fn new_for(&mut self, peer: &Email) -> Said {
        self.new_in(&outbox(email(OWNER), peer.clone()))
    }
}

fn said(messages: Option<&Value>) -> Said {
    let messages = messages.and_then(Value::as_array).into_iter().flatten();
    messages.map(expected_events).collect()
}

fn case(name: &str) -> Value {
    let vectors = fixture("sync_routing.json");
    let cases = vectors["cases"].as_array().unwrap();
    cases.iter().find(|case| case["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
}

/// Plays a case; `otherwise` gives what this node sends a peer where that is not what
/// the Python owner sends: by the number of the step.
async fn play(case: &Value, otherwise: &BTreeMap<usize, Said>) {
    let name = &case["name"];
    let mut world = World::new(case).await;
    for (number, step) in case["steps"].as_array().unwrap().iter().enumerate() {
        assert_eq!(step["sync_ok"], true, "{name}");
        world.step(step).await;
        let logged = world.new_in(&log_of(email(OWNER)));
        assert_eq!(logged, said(step.get("event_log")), "{name}, step {number}: the log");
        for peer in world.peers.clone() {
            let expected = match otherwise.get(&number) {
                Some(otherwise) => otherwise.clone(),
                None => said(step["outbox"].get(peer.as_str())),
            };
            assert_eq!(world.new_for(&peer), expected, "{name}, step {number}: {peer}");
        }
    }
}

const ALIKE: [&str; 4] = ["no permission, no outbox", "public read", "two peers", "binary"];
const OTHERWISE: [&str; 2] = ["grant later resends", "never synced paths"];

#[test]
fn every_case_is_judged() {
    let vectors = fixture("sync_routing.json");
    let cases = vectors["cases"].as_array().unwrap().iter();
    let named: BTreeSet<&str> = cases.map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!(named, ALIKE.into_iter().chain(OTHERWISE).collect());
}

#[tokio::test]
async fn edits_reach_python_peers_as_a_python_owner_sends_them() {
    for name in ALIKE {
        play(&case(name), &BTreeMap::new()).await;
    }
}

/// The Python owner leaves what it sent with whom it revokes; here the reader is told to
/// forget it.
#[tokio::test]
async fn what_is_granted_later_is_sent_and_what_is_revoked_is_taken_back() {
    let case = case("grant later resends");
    let revoked = &case["steps"][3];
    assert_eq!(revoked["outbox"], json!({}));
    let granted = [&case["steps"][1], &case["steps"][2]];
    let mut taken_back = BTreeMap::new();
    for message in granted.iter().flat_map(|step| said(step["outbox"].get("ds@uni.example"))) {
        for (path, mut event) in message {
            event["old_hash"] = event["new_hash"].take();
            event["content"] = Value::Null;
            event["is_deleted"] = json!(true);
            taken_back.insert(path, event);
        }
    }
    assert_eq!(taken_back.len(), 2);
    play(&case, &BTreeMap::from([(3, vec![taken_back])])).await;
}

/// The folder of the Python client's datasets is an ordinary one in this node's own
/// layout: what it is there the tests of the other layout say.
#[tokio::test]
async fn what_never_travels_at_a_python_owner_never_travels() {
    let mut case = case("never synced paths");
    let written = case["steps"][0]["write"].as_object_mut().unwrap();
    assert!(written.remove("public/syft_datasets/d/x").is_some());
    play(&case, &BTreeMap::new()).await;
}
